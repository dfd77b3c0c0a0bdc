#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace duet::codec {

/// Bytes as lower-case hexadecimal digits.
std::string to_hex(std::string_view bytes);
/// Nothing when the text is no even number of hexadecimal digits.
std::optional<std::string> from_hex(std::string_view text);

}  // namespace duet::codec
