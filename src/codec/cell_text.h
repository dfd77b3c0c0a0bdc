#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/schema.h"
#include "model/value.h"

namespace duet::codec {

// Typed values from their text in a Bulk API result (spec/salesforce-api.md §2.2, §0.11). Nothing means that the text
// is no value of the type; what it is stays out of messages. Dates and times: base/time.h.

std::optional<bool> parse_boolean(std::string_view text);
/// Within a PostgreSQL integer; `7.0` is 7.
std::optional<std::int32_t> parse_integer(std::string_view text);
/// Finite numbers only.
std::optional<double> parse_number(std::string_view text);
/// Whether the text is ASCII without NUL bytes: as many characters as bytes, and nothing that PostgreSQL refuses.
bool is_plain_text(std::string_view text);
/// Number of characters, or nothing when the text is not UTF-8 as PostgreSQL checks it (no overlong forms, no
/// surrogates).
std::optional<std::size_t> count_characters(std::string_view text);
/// Salesforce texts can hold NUL bytes, PostgreSQL's cannot.
void remove_nul_bytes(std::string& text);

/// The value of a cell: Null when it is empty, nothing when it is no value of the type.
std::optional<Value> parse_cell_value(FieldType type, std::string_view text);

}  // namespace duet::codec
