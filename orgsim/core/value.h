#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace orgsim {

/// One field's value in the org's stored form. What each field type holds (spec/salesforce-api.md §2.2):
///   boolean → bool; int, long → int64_t; double, currency, percent → double;
///   date → int64_t days since 1970-01-01; datetime → int64_t ms since the epoch, whole seconds;
///   time → int64_t ms since midnight; id, reference → 18-character id; all other types → UTF-8 string.
/// Null is std::monostate; the empty string is never stored, it is null. Compound fields (address, location, person
/// name) hold no value of their own: their parts do.
using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string>;

/// A borrowed Value: strings point into memory that the giver names (a cursor's row, a packed row).
using CellView = std::variant<std::monostate, bool, std::int64_t, double, std::string_view>;

[[nodiscard]] inline bool is_null(const Value& value) { return value.index() == 0; }
[[nodiscard]] inline bool is_null(const CellView& cell) { return cell.index() == 0; }

[[nodiscard]] Value to_value(const CellView& cell);
[[nodiscard]] CellView to_view(const Value& value);

/// True for well-formed UTF-8 (no overlong forms, no surrogates).
[[nodiscard]] bool is_utf8(std::string_view text);

/// Simple case folding of UTF-8 text (ASCII, Latin-1, Latin Extended-A, Greek, Cyrillic): how SOQL compares strings and
/// how case-insensitive unique fields are indexed. Invalid UTF-8 bytes are kept as they are.
[[nodiscard]] std::string fold_case(std::string_view text);

}  // namespace orgsim
