#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/error.h"
#include "orgsim/core/soql_date.h"
#include "orgsim/core/soql_function.h"
#include "orgsim/core/value.h"

namespace orgsim {

struct SoqlQuery;

/// The place and unit of DISTANCE(field, GEOLOCATION(latitude, longitude), unit).
struct SoqlPlace {
  double latitude = 0;
  double longitude = 0;
  bool in_miles = false;
};

/// A field path as written, perhaps inside a function, with its place in the text for error messages. COUNT() has no
/// text.
struct SoqlPath {
  std::string text;
  std::size_t at = 0;
  SoqlFunction function = SoqlFunction::none;
  SoqlPlace place = {};
};

/// Subtotals of a grouped query.
enum class SoqlGrouping : std::uint8_t { plain, rollup, cube };

enum class SoqlLiteralKind : std::uint8_t { null, boolean, number, string, date, datetime, date_range };

/// date → days; datetime → ms; date_range → TODAY, LAST_N_DAYS:n …
struct SoqlLiteral {
  SoqlLiteralKind kind = SoqlLiteralKind::null;
  Value value;
  SoqlDateRange range;
  std::size_t at = 0;
  std::string currency = {};  ///< of USD5000, a number
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
  std::shared_ptr<SoqlQuery> subquery;  ///< IN (SELECT …) instead of values
};

struct SoqlOrder {
  SoqlPath path;
  bool descending = false;
  std::optional<bool> nulls_first;
};

/// TYPEOF path WHEN Object THEN fields … ELSE fields END.
struct SoqlTypeof {
  struct Branch {
    SoqlPath object;
    std::vector<SoqlPath> fields;
  };
  SoqlPath path;
  std::vector<Branch> branches;
  std::vector<SoqlPath> otherwise;
};

enum class SoqlFieldSet : std::uint8_t { all, standard, custom };

/// One item of a SELECT list.
struct SoqlSelectItem {
  SoqlPath path;
  std::string alias;
  std::optional<SoqlFieldSet> fields;   ///< FIELDS(…)
  std::shared_ptr<SoqlQuery> subquery;  ///< (SELECT … FROM Children)
  std::shared_ptr<SoqlTypeof> type_of;
};

struct SoqlQuery {
  bool count = false;  ///< SELECT COUNT()
  std::vector<SoqlSelectItem> select;
  SoqlPath object;
  std::optional<SoqlCondition> where;
  std::vector<SoqlPath> group;
  SoqlGrouping grouping = SoqlGrouping::plain;
  std::optional<SoqlCondition> having;
  std::vector<SoqlOrder> order;
  std::optional<std::uint64_t> limit;
  std::optional<std::uint64_t> offset;
  bool all_rows = false;
  std::size_t all_rows_at = 0;
};

/// Parses SOQL (spec §6.5): fields, parent fields, FIELDS(), functions, TYPEOF and sub-queries; FROM with aliases;
/// WHERE with AND, OR, NOT, parentheses, every comparison and semi-joins; GROUP BY, HAVING, ORDER BY, LIMIT, OFFSET,
/// ALL ROWS. USING SCOPE, FOR VIEW and FOR REFERENCE are read over. MALFORMED_QUERY with the place of the first
/// unexpected token.
[[nodiscard]] Outcome<SoqlQuery> parse_soql(std::string_view text);

/// The error text of the real org: the line with a caret, "ERROR at Row:1:Column:n", and the message.
[[nodiscard]] std::string soql_error_message(std::string_view text, std::size_t at, std::string_view message);

}  // namespace orgsim
