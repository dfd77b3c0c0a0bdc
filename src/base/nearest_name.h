#pragma once

#include <span>
#include <string>
#include <string_view>

namespace duet {

/// The candidate that a person most likely meant, by edit distance without regard to case; empty when none is close.
/// Names longer than 128 bytes are not compared.
std::string nearest_name(std::string_view name, std::span<const std::string> candidates);

/// ` – did you mean X?`, or nothing.
std::string suggestion(std::string_view name, std::span<const std::string> candidates);

}  // namespace duet
