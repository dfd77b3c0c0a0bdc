#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/row_view.h"
#include "orgsim/core/soql_ast.h"

namespace orgsim {

/// A literal made ready for comparing with one field: text folded, ids canonical, dates in the field's unit.
struct FilterOperand {
  Value value;
  /// A moment compares as the range [value, upper]: a date against a date-time field is its whole day.
  std::optional<std::int64_t> upper;
};

/// A WHERE condition bound to the schema.
struct Filter {
  SoqlCondition::Kind kind = SoqlCondition::Kind::compare;
  std::vector<Filter> children;
  BoundPath path;
  SoqlOperator op = SoqlOperator::equal;
  std::vector<FilterOperand> operands;

  [[nodiscard]] bool matches(const Snapshot& snapshot, const RowView& row) const;
};

/// Binds and checks a condition: unknown fields, fields that cannot be filtered, literals of the wrong type, bad ids.
/// `today` is the org's date in days, for TODAY and its kin.
[[nodiscard]] Outcome<Filter> bind_filter(const Schema& schema, const ObjectDef& object, const SoqlCondition& condition,
                                          std::string_view soql, std::int64_t today);

/// SQL LIKE on folded text: % any run, _ one character, backslash escapes.
[[nodiscard]] bool like_matches(std::string_view text, std::string_view pattern);

}  // namespace orgsim
