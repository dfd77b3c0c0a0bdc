#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/schema.h"
#include "model/value.h"

namespace duet::codec {

/// A value as PostgreSQL reads it for a column of its type (ISO dates, UTC, shortest doubles). Nothing for Absent and
/// Null.
std::optional<std::string> to_postgres(const Value& value);

/// The value that a column's text stands for. Text that the type cannot hold (`infinity`, years past 9999, an adopted
/// column of another type) comes back as text, so that it is neither lost nor taken for null.
Value from_postgres(FieldType type, std::string_view text);

}  // namespace duet::codec
