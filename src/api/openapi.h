#pragma once

#include <string_view>

namespace duet {

/// The OpenAPI document of the API, `openapi.json` beside this file, compiled in.
std::string_view openapi_text();

}  // namespace duet
