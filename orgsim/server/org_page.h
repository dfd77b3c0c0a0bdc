#pragma once

#include <string_view>

namespace orgsim {

/// The page at /orgsim/: page/index.html, compiled in.
[[nodiscard]] std::string_view org_page();

}  // namespace orgsim
