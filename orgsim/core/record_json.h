#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "orgsim/core/schema.h"
#include "orgsim/core/value.h"

namespace orgsim {

/// {"type":…,"url":"/services/data/vNN.0/sobjects/T/Id"}.
[[nodiscard]] nlohmann::ordered_json record_attributes(const ObjectDef& object, std::string_view id,
                                                       std::string_view version);

/// Where the bytes of a base64 field are to be had: what REST shows in place of them (spec §2.2).
[[nodiscard]] std::string blob_url(const ObjectDef& object, std::string_view id, const FieldDef& field,
                                   std::string_view version);

/// An address or location as REST shows it, or null when no part has a value; `part_value` gives the parts.
[[nodiscard]] nlohmann::ordered_json compound_value(const ObjectDef& object, const FieldDef& compound,
                                                    const std::function<CellView(const FieldDef&)>& part_value);

}  // namespace orgsim
