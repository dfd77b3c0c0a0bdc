#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "orgsim/core/query.h"
#include "orgsim/core/row_view.h"

namespace orgsim {

struct QueryPlan;

/// The rows of a sub-query, by the slot of their parent, in the sub-query's order.
struct ChildRows {
  std::string name;  ///< the relationship in declared case
  std::shared_ptr<const QueryPlan> plan;
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> slots;
};

/// TYPEOF bound to the schema: which fields to show of which object.
struct TypeofPlan {
  std::vector<std::string> relationship;
  std::vector<std::pair<const ObjectDef*, std::vector<BoundPath>>> branches;
  std::vector<std::string> otherwise;  ///< field names, of whatever object it is
};

/// What the cursors of one query share: its columns, and how rows are read into them.
struct QueryPlan {
  /// One item of the SELECT list, in order: a column, or a place among `children` or `type_ofs`.
  struct Item {
    enum class Kind : std::uint8_t { column, children, type_of };
    Kind kind = Kind::column;
    std::size_t place = 0;
  };
  /// Columns read through the same relationships share the parent's row.
  struct ParentGroup {
    std::vector<std::string> relationships;
    std::vector<std::size_t> columns;
  };

  /// Call once `object`, `paths` and `items` are there.
  void bind_columns();

  const ObjectDef* object = nullptr;
  std::vector<Item> items;
  std::vector<QueryColumn> columns;
  std::vector<BoundPath> paths;  ///< of the columns
  std::vector<ChildRows> children;
  std::vector<TypeofPlan> type_ofs;
  bool is_aggregate = false;

  std::vector<std::vector<std::size_t>> columns_of_field;
  std::vector<std::size_t> virtual_columns;
  std::vector<std::size_t> boolean_columns;
  std::vector<std::size_t> function_columns;
  std::vector<ParentGroup> parents;
};

struct QueryCursor::State {
  State(const Snapshot& shared_snapshot, std::shared_ptr<const QueryPlan> shared_plan,
        std::shared_ptr<const Schema> shared_schema = {});

  void read_row();
  [[nodiscard]] std::size_t rows() const { return plan->is_aggregate ? groups->size() : slots.size(); }
  [[nodiscard]] nlohmann::ordered_json attributes(const RowView& row, std::string_view version) const;
  [[nodiscard]] nlohmann::ordered_json type_of_json(const TypeofPlan& type_of, std::string_view version) const;
  [[nodiscard]] nlohmann::ordered_json column_json(std::size_t column, const RowView& row,
                                                   std::string_view version) const;
  void put_column(std::size_t column, std::string_view version, nlohmann::ordered_json& out) const;

  Snapshot snapshot;
  std::shared_ptr<const Schema> schema = {};  ///< keeps the plan's objects, when they are a user's
  std::shared_ptr<const QueryPlan> plan;
  bool count = false;
  std::uint64_t total = 0;
  std::vector<std::uint32_t> slots;
  /// The rows of a grouped query: one value per column.
  std::shared_ptr<const std::vector<std::vector<Value>>> groups;
  std::uint64_t position = 0;

  RowView row;
  std::vector<CellView> cells;
  std::vector<IdBuffer> ids;                        ///< the text of ids in cells
  std::vector<std::optional<RowView>> parent_rows;  ///< by ParentGroup
};

}  // namespace orgsim
