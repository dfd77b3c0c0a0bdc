#pragma once

#include <string>
#include <string_view>

namespace orgsim {

/// The change from one text to the other as a unified diff of one hunk with three lines of context: how a change event
/// shows a large text field that changed a little (spec §4.5, diffFields).
[[nodiscard]] std::string unified_diff(std::string_view before, std::string_view after);

}  // namespace orgsim
