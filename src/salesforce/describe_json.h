#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/schema.h"
#include "ports/org.h"

namespace duet::salesforce {

/// Answers of `GET /sobjects` and `GET /sobjects/{T}/describe` (spec/salesforce-api.md §2.2). `bad_data` when they are
/// none.
Result<std::vector<ports::ObjectSummary>> read_object_list(std::string_view body);
Result<ObjectSchema> read_describe(std::string_view body);

}  // namespace duet::salesforce
