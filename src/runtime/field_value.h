#pragma once

#include <string>

#include "base/result.h"
#include "model/schema.h"
#include "model/value.h"

namespace duet::runtime {

struct IssueDecision;

/// A value that a person typed for a field: JSON, or for numbers, booleans and times also text. `bad_data` when the
/// field cannot hold it.
Result<Value> value_for_field(const FieldSchema& field, const std::string& json);

/// The decision for the audit log, a JSON object.
std::string detail_of(const IssueDecision& decision);

}  // namespace duet::runtime
