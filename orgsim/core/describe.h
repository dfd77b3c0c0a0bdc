#pragma once

#include <nlohmann/json_fwd.hpp>

#include "orgsim/core/schema.h"

namespace orgsim {

/// `GET /sobjects`: {"encoding","maxBatchSize","sobjects":[…]}. `version` is the path's, like "62.0" (spec §2.2).
[[nodiscard]] nlohmann::json describe_global(const Schema& schema, std::string_view version);

/// One entry of describe_global: also the "objectDescribe" of `GET /sobjects/{T}`.
[[nodiscard]] nlohmann::json describe_basic(const ObjectDef& object, std::string_view version);

/// `GET /sobjects/{T}/describe` with every field attribute of spec §2.2.
[[nodiscard]] nlohmann::json describe_object(const ObjectDef& object, std::string_view version);

}  // namespace orgsim
