#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/value.h"

namespace duet::codec {

/// Appends a cell of a Bulk API upload (spec/salesforce-api.md §3.1): nothing for Absent, which leaves the field alone;
/// `#N/A` for Null, which clears it; else the value's text, quoted where RFC 4180 asks for it. `bad_data` for text that
/// is not UTF-8 and numbers that are not finite.
Result<void> append_csv_value(std::string& out, const Value& value);

/// Appends text as one cell, quoted.
void append_csv_text(std::string& out, std::string_view text);

}  // namespace duet::codec
