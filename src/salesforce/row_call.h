#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/mapping.h"
#include "ports/org.h"
#include "salesforce/rest_client.h"

namespace duet::salesforce {

/// The call that writes one record by itself (spec/salesforce-api.md §2.3), with its condition where there is one.
/// `data_path` ends with "/". `bad_data` when a value cannot be written.
Result<RestCall> row_call(const Mapping& mapping, AttemptKind kind, const ports::SendRecord& record,
                          const std::string& data_path);

/// The body of one composite request of at most ports::kCompositeRows such calls, each its own transaction (§2.5).
std::string composite_rows_body(std::span<const RestCall> calls);

/// One outcome for each of the calls, from the answer to a composite request that was answered with 200.
std::vector<ports::SendOutcome> read_composite_rows(std::string_view body, std::span<const RestCall> calls);

}  // namespace duet::salesforce
