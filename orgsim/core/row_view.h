#pragma once

#include <forward_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/org_state.h"
#include "orgsim/core/soql_ast.h"

namespace orgsim {

/// A record as a query sees it: an image of the row at the query's snapshot.
struct RowView {
  const ObjectDef* object = nullptr;
  std::uint32_t slot = 0;
  RowImage image;
  const Org::Impl* org = nullptr;
  std::uint32_t commits = 0;
  /// The texts of formula fields that were read, which cells point into.
  mutable std::forward_list<std::string> texts = {};

  /// Any field but compounds; Id, IsDeleted and SystemModstamp come from slot, state and stamp, formula fields are
  /// computed. Ids use the buffer.
  [[nodiscard]] CellView cell(const FieldDef& field, IdBuffer& id) const;
};

/// The snapshot that a query reads: the org and how many commits it sees.
struct Snapshot {
  const Org::Impl* org = nullptr;
  std::uint32_t commits = 0;
  /// The currency that convertCurrency() makes of amounts: the user's. Empty: none.
  std::string currency = {};

  [[nodiscard]] RowView row(const ObjectDef& object, std::uint32_t slot) const;
  /// The record with this id, also one in the recycle bin; nothing when it is not there or gone for good.
  [[nodiscard]] std::optional<RowView> row_of_id(std::string_view id) const;
  /// The record at the end of the relationships ("Account", "Owner"), or nothing when a reference is null on the way.
  [[nodiscard]] std::optional<RowView> follow(const RowView& from, const std::vector<std::string>& relationships) const;
};

/// A field path that the schema knows: relationship names in declared case, then a field. Through a polymorphic
/// reference the field is looked up again in the object that a row really points to.
struct BoundPath {
  std::vector<std::string> parents;
  const ObjectDef* object = nullptr;  ///< the object that has the field (the first candidate when polymorphic)
  const FieldDef* field = nullptr;
  std::string text;  ///< the whole path in declared case
  SoqlFunction function = SoqlFunction::none;
  /// What convertCurrency() converts to, when it is not the user's currency: a literal's (USD5000).
  std::string currency = {};
  SoqlPlace place = {};    ///< of DISTANCE
  std::string alias = {};  ///< the name that the query gives the value
  /// Of a grouped query: the place among a group's values.
  std::size_t column = 0;

  /// What the value is like once the function has been applied.
  [[nodiscard]] const FieldDef& result() const { return result_field(function, *field); }
  /// The value in this row; `parent` keeps the parent's image alive for the returned view.
  [[nodiscard]] CellView read(const Snapshot& snapshot, const RowView& row, std::optional<RowView>& parent,
                              IdBuffer& id) const;
};

/// What the path's function makes of a value of this row.
[[nodiscard]] CellView apply_function(const Snapshot& snapshot, const BoundPath& path, const FieldDef& field,
                                      const RowView& row, const CellView& cell);
/// An amount of this row in another currency; anything else as it is.
[[nodiscard]] CellView convert_amount(const RowView& row, const CellView& cell, std::string_view to);

/// "COUNT(Id)" of a path inside a function, else nothing.
[[nodiscard]] std::string call_text(const BoundPath& path);

/// Binds a dotted path. INVALID_FIELD for an unknown field or relationship, worded as §2.6, `at` into `soql`.
[[nodiscard]] Outcome<BoundPath> bind_path(const Schema& schema, const ObjectDef& object, std::string_view path,
                                           std::string_view soql, std::size_t at);

/// The same with the function, which must be none or one that takes this field; MALFORMED_QUERY for the others.
[[nodiscard]] Outcome<BoundPath> bind_expression(const Schema& schema, const ObjectDef& object, const SoqlPath& path,
                                                 std::string_view soql);

}  // namespace orgsim
