#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/result.h"
#include "model/change.h"
#include "model/value.h"

namespace duet::codec {

// Values in JSON with their type, so that what is read is what was written: null, booleans, integers and texts as JSON
// has them, the others as an object of one member: {"double":"0.1"}, {"date":"2026-01-31"}, {"datetime":"…Z"},
// {"time":"…"} and {"absent":true}. {"null":true} is read as null as well: SQL takes a bare one for its own.

nlohmann::json value_to_json(const Value& value);
/// `bad_data` for anything else.
Result<Value> value_from_json(const nlohmann::json& json);

nlohmann::json fields_to_json(const FieldValues& fields);
Result<FieldValues> fields_from_json(const nlohmann::json& json);

/// Parses a text. `bad_data` when it is no JSON object.
Result<nlohmann::json> parse_json_object(std::string_view text);

/// Compact text; bytes that are not UTF-8 are replaced.
std::string dump_json(const nlohmann::json& json);

}  // namespace duet::codec
