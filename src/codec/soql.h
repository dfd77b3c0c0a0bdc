#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/schema.h"
#include "model/value.h"

namespace duet::codec {

/// Whether the name can be a Salesforce API name. Nothing else is ever pasted into a query or a path.
bool is_api_name(std::string_view name);

/// A text literal: quoted, with `\` and `'` and control characters escaped.
std::string soql_text(std::string_view text);
/// A date-time literal, unquoted: `2026-01-31T10:00:00.000Z`.
std::string soql_datetime(TimeMs time);
/// A key as a literal of the field's type: a number unquoted, everything else as text. `bad_data` when a number field's
/// key is no number.
Result<std::string> soql_key(std::string_view key, FieldType type);

/// A value of a field as a literal: texts quoted, numbers, dates and booleans as they stand. `bad_data` for one that no
/// condition can name.
Result<std::string> soql_value(const Value& value, FieldType type);

/// Percent-encoding of everything but the unreserved characters of RFC 3986.
std::string url_encode(std::string_view text);

/// `SELECT <fields> FROM <object>` with `tail` (WHERE, ORDER BY, LIMIT, made of literals above) appended. `config` when
/// a name is no API name.
Result<std::string> soql_select(std::span<const std::string> fields, std::string_view object, std::string_view tail);

/// Splits literals into the fewest lists, in order, whose URL-encoded length with separators stays within `budget`
/// bytes each. A literal that is longer on its own gets a list of its own.
std::vector<std::vector<std::string>> split_by_length(std::span<const std::string> literals, std::size_t budget);

}  // namespace duet::codec
