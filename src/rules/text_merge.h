#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace duet::rules {

/// Three-way merge by lines (diff3): what one side changed, and what both changed alike, is in. Nothing when both
/// changed the same lines, or lines beside each other, in different ways. Lines end with LF. Time and memory are
/// bounded: texts that differ in more than 500 lines count as changed as a whole.
std::optional<std::string> merge_text(std::string_view base, std::string_view ours, std::string_view theirs);

}  // namespace duet::rules
