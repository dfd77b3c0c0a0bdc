#pragma once

#include <string_view>

namespace orgsim {

/// The text of data/standard_objects.json, compiled in.
[[nodiscard]] std::string_view standard_objects_json();

}  // namespace orgsim
