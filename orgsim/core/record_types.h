#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "orgsim/core/schema.h"

namespace orgsim {

inline constexpr std::string_view kMasterRecordType = "012000000000000AAA";

/// "recordTypes" of an object definition (schema_edit.h); ids are given when the rows are written. At most one default.
/// INVALID_TYPE for anything else.
struct RecordTypeInput {
  RecordTypeDef type;
  std::string description;
};
[[nodiscard]] Outcome<std::vector<RecordTypeInput>> read_record_types(const nlohmann::json& list);

/// describe's recordTypeInfos without their URLs, the master among them, in the order of the org's (spec §2.2).
[[nodiscard]] nlohmann::json record_type_infos(const ObjectDef& object);

}  // namespace orgsim
