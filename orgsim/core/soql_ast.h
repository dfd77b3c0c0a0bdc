#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/error.h"
#include "orgsim/core/value.h"

namespace orgsim {

/// A field path as written, with its place in the text for error messages.
struct SoqlPath {
  std::string text;
  std::size_t at = 0;
};

enum class SoqlLiteralKind : std::uint8_t { null, boolean, number, string, date, datetime, date_range };

/// date → days; datetime → ms; date_range (TODAY, LAST_N_DAYS:n …) → first and last day relative to today.
struct SoqlLiteral {
  SoqlLiteralKind kind = SoqlLiteralKind::null;
  Value value;
  std::int64_t first_day = 0;
  std::int64_t last_day = 0;
  std::size_t at = 0;
};

enum class SoqlOperator : std::uint8_t {
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  like,
  in,
  not_in,
  includes,
  excludes
};

struct SoqlCondition {
  enum class Kind : std::uint8_t { all, any, negation, compare };
  Kind kind = Kind::compare;
  std::vector<SoqlCondition> children;  // all, any, negation
  SoqlPath path;                        // compare
  SoqlOperator op = SoqlOperator::equal;
  std::vector<SoqlLiteral> values;
};

struct SoqlOrder {
  SoqlPath path;
  bool descending = false;
  std::optional<bool> nulls_first;
};

struct SoqlQuery {
  bool count = false;  ///< SELECT COUNT()
  std::vector<SoqlPath> select;
  SoqlPath object;
  std::optional<SoqlCondition> where;
  std::vector<SoqlOrder> order;
  std::optional<std::uint64_t> limit;
  std::optional<std::uint64_t> offset;
  bool all_rows = false;
};

/// Parses the SOQL subset of spec §6.5: SELECT fields and parent fields or COUNT(), FROM, WHERE with AND, OR, NOT,
/// parentheses and every comparison, ORDER BY, LIMIT, OFFSET, ALL ROWS; FOR VIEW and FOR REFERENCE are read over.
/// MALFORMED_QUERY with the place of the first unexpected token.
[[nodiscard]] Outcome<SoqlQuery> parse_soql(std::string_view text);

/// The error text of the real org: the line with a caret, "ERROR at Row:1:Column:n", and the message.
[[nodiscard]] std::string soql_error_message(std::string_view text, std::size_t at, std::string_view message);

}  // namespace orgsim
