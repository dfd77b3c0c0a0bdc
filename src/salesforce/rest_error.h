#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace duet::salesforce {

/// An error by Salesforce's own code, not by the HTTP status (spec/salesforce-api.md §5). `status` is the HTTP status
/// where the code came with one, else 0. The message is the org's: it may echo field values, and belongs into issues,
/// never into logs.
Error error_of_code(std::string_view code, std::string_view message, int status = 0);

/// An error from an answer that is no success: a JSON list or object of errors, an HTML page, or nothing at all.
Error error_of_answer(int status, std::string_view body);

}  // namespace duet::salesforce
