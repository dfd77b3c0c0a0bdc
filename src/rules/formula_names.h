#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace duet::rules {

/// What a formula of the org reads, as far as its text tells.
struct FormulaNames {
  /// Each field by the way to it: `{"Name"}`, `{"Account", "Owner:User", "Alias"}`, `{"$User", "Id"}`. Once each.
  std::vector<std::vector<std::string>> paths;
  /// The value changes although no record does: TODAY(), NOW(), TIMENOW().
  bool follows_the_clock = false;
};

/// Never fails: what is no formula names what looks like a field in it. Texts, comments, numbers and functions are
/// skipped.
FormulaNames formula_names(std::string_view formula);

}  // namespace duet::rules
