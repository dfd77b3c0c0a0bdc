#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "ports/org.h"
#include "salesforce/rest_client.h"

namespace duet::salesforce {

/// Creates a Bulk 2.0 query job (spec/salesforce-api.md §3.2) and starts to read its result ahead in a thread of its
/// own: at most 16 MiB wait for the reader. A page whose connection breaks is asked for again and goes on where it
/// broke. The job is deleted when the reader has reached its end or is destroyed.
Result<std::unique_ptr<ports::BulkReader>> start_bulk_query(RestClient& client, const std::string& soql);

}  // namespace duet::salesforce
