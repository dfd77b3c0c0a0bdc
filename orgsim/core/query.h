#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/error.h"
#include "orgsim/core/schema.h"
#include "orgsim/core/value.h"

namespace orgsim {

class Org;

/// One selected column, in the order of the SELECT list. A grouped query has the alias or expr0, expr1 … as path, and a
/// field that tells the type.
struct QueryColumn {
  std::string path;                  ///< in declared letter case: "Name", "Account.Owner.Name"
  std::vector<std::string> parents;  ///< relationship names on the way: {"Account","Owner"}
  const FieldDef* field = nullptr;   ///< the field at the end, or what a function makes of it
  std::string object;                ///< the object that has it
  std::string function = {};         ///< as written: "COUNT(Id)", or empty
};

/// The columns of a sub-query in the SELECT list.
struct ChildColumns {
  std::string relationship;  ///< in declared letter case
  const std::vector<QueryColumn>* columns = nullptr;
};

struct QueryOptions {
  bool include_deleted = false;  ///< queryAll
  bool allow_all_rows = true;    ///< REST refuses ALL ROWS
  bool allow_offset = true;      ///< Bulk refuses OFFSET
  std::string user_id = {};      ///< whose permissions and currency count; empty: everything is seen
};

/// A running query. The result is a snapshot of the moment it was opened, whatever commits later; memory is four bytes
/// per matching row, those of sub-queries included. Rows are decoded page by page. Must not outlive its Org.
class QueryCursor {
 public:
  struct State;

  explicit QueryCursor(std::unique_ptr<State> state);
  QueryCursor(QueryCursor&&) noexcept;
  QueryCursor& operator=(QueryCursor&&) noexcept;
  ~QueryCursor();

  [[nodiscard]] const ObjectDef& object() const;
  [[nodiscard]] const std::vector<QueryColumn>& columns() const;
  /// SELECT COUNT(): total_size is the answer and there are no rows.
  [[nodiscard]] bool is_count() const;
  /// Grouped or aggregated: rows are no records.
  [[nodiscard]] bool is_aggregate() const;
  /// Whether rows hold more than columns() tells: sub-queries or TYPEOF. Only record_json shows these.
  [[nodiscard]] bool is_nested() const;
  /// The sub-queries, valid as long as the cursor.
  [[nodiscard]] std::vector<ChildColumns> child_columns() const;
  [[nodiscard]] std::uint64_t total_size() const;
  [[nodiscard]] std::uint64_t position() const;
  [[nodiscard]] bool done() const;
  /// Moves to an absolute row, for locators like "…-2000". Past the end means done.
  void seek(std::uint64_t position);

  /// Decodes the next row into cells(), one per column; compound columns are null there (use record_json). False at the
  /// end. The cells stay valid until the next call.
  bool next();
  [[nodiscard]] const std::vector<CellView>& cells() const;
  /// What to show of the records of a sub-query, of which there is at least one; it may be kept as a query of its own.
  using ShowChildren = std::function<nlohmann::ordered_json(QueryCursor children)>;
  /// The row that next() stands on, as REST shows it: attributes, nested parents (null when there is none), compounds.
  /// Sub-queries are shown by `show`, or whole.
  [[nodiscard]] nlohmann::ordered_json record_json(std::string_view version, const ShowChildren& show = {}) const;

 private:
  std::unique_ptr<State> state_;
};

/// A value as REST JSON shows it: dates and date-times as text, null as null.
[[nodiscard]] nlohmann::json rest_value(FieldType type, const CellView& cell);
[[nodiscard]] nlohmann::json rest_value(const FieldDef& field, const CellView& cell);

}  // namespace orgsim
