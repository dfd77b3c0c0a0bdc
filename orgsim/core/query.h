#pragma once

#include <cstdint>
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

/// One selected column, in the order of the SELECT list.
struct QueryColumn {
  std::string path;                  ///< in declared letter case: "Name", "Account.Owner.Name"
  std::vector<std::string> parents;  ///< relationship names on the way: {"Account","Owner"}
  const FieldDef* field = nullptr;   ///< the field at the end
  std::string object;                ///< the object that has it
};

struct QueryOptions {
  bool include_deleted = false;  ///< queryAll
};

/// A running query. The result is a snapshot of the moment it was opened, whatever commits later; memory is four bytes
/// per matching row. Rows are decoded page by page. Must not outlive its Org.
class QueryCursor {
 public:
  QueryCursor(QueryCursor&&) noexcept;
  QueryCursor& operator=(QueryCursor&&) noexcept;
  ~QueryCursor();

  [[nodiscard]] const ObjectDef& object() const;
  [[nodiscard]] const std::vector<QueryColumn>& columns() const;
  /// SELECT COUNT(): total_size is the answer and there are no rows.
  [[nodiscard]] bool is_count() const;
  [[nodiscard]] std::uint64_t total_size() const;
  [[nodiscard]] std::uint64_t position() const;
  [[nodiscard]] bool done() const;
  /// Moves to an absolute row, for locators like "…-2000". Past the end means done.
  void seek(std::uint64_t position);

  /// Decodes the next row into cells(), one per column; compound columns are null there (use record_json). False at the
  /// end. The cells stay valid until the next call.
  bool next();
  [[nodiscard]] const std::vector<CellView>& cells() const;
  /// The row that next() stands on, as REST shows it: attributes, nested parents (null when there is none), compounds.
  [[nodiscard]] nlohmann::ordered_json record_json(std::string_view version) const;

  struct State;

 private:
  friend class Org;
  explicit QueryCursor(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// A value as REST JSON shows it: dates and date-times as text, null as null.
[[nodiscard]] nlohmann::json rest_value(FieldType type, const CellView& cell);
[[nodiscard]] nlohmann::json rest_value(const FieldDef& field, const CellView& cell);

}  // namespace orgsim
