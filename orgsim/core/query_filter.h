#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
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

/// Ids or folded texts to look up at once.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
using KeySet = std::unordered_set<std::string, TextHash, std::equal_to<>>;

/// A WHERE or HAVING condition bound to the schema.
struct Filter {
  SoqlCondition::Kind kind = SoqlCondition::Kind::compare;
  std::vector<Filter> children;
  BoundPath path;
  SoqlOperator op = SoqlOperator::equal;
  std::vector<FilterOperand> operands;
  /// The values of an IN list of ids or texts, and of a semi-join, which has no operands.
  std::shared_ptr<const KeySet> keys;
  bool is_semi_join = false;

  [[nodiscard]] bool matches(const Snapshot& snapshot, const RowView& row) const;
  /// HAVING: the values of one group, by BoundPath::column.
  [[nodiscard]] bool matches(const std::vector<Value>& group) const;
};

/// What conditions are bound with.
struct QueryContext {
  const Snapshot& snapshot;
  const ObjectDef& object;
  std::string_view soql;
  std::int64_t today = 0;  ///< the org's date in days, for TODAY and its kin
  bool include_deleted = false;
  const Schema* schema = nullptr;  ///< what the user sees
  /// HAVING binds its paths to columns of the groups; nothing: to fields of the object.
  std::function<Outcome<BoundPath>(const SoqlPath&)> bind = {};

  [[nodiscard]] const Schema& seen() const { return schema != nullptr ? *schema : snapshot.org->schema; }
};

/// Binds and checks a condition: unknown fields, fields that cannot be filtered, literals of the wrong type, bad ids. A
/// semi-join is run here and now.
[[nodiscard]] Outcome<Filter> bind_filter(const QueryContext& context, const SoqlCondition& condition);

/// The ids that the inner query of a semi-join selects (semi_join.cpp).
[[nodiscard]] Outcome<std::shared_ptr<const KeySet>> run_semi_join(const QueryContext& context, const SoqlQuery& inner);

/// SQL LIKE on folded text: % any run, _ one character, backslash escapes.
[[nodiscard]] bool like_matches(std::string_view text, std::string_view pattern);

}  // namespace orgsim
