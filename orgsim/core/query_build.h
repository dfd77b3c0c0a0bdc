#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "orgsim/core/query_plan.h"
#include "orgsim/core/query_state.h"
#include "orgsim/core/soql_ast.h"

namespace orgsim {

/// Turns one parsed query into plans and rows; sub-queries, semi-joins and groups included.
class QueryBuilder {
 public:
  QueryBuilder(const Org::Impl& org, std::string_view soql, const QueryOptions& options, std::int64_t today);

  Outcome<std::unique_ptr<QueryCursor::State>> build(const SoqlQuery& query) const;

 private:
  using Slots = std::vector<std::uint32_t>;

  [[nodiscard]] std::unexpected<Error> wrong(std::string_view code, std::size_t at, std::string_view message) const;
  [[nodiscard]] QueryContext context(const ObjectDef& object) const;
  Outcome<const ObjectDef*> find_object(const SoqlPath& name) const;

  // Records (query_build.cpp).
  Outcome<std::shared_ptr<QueryPlan>> plan(const ObjectDef& object, const SoqlQuery& query) const;
  Outcome<void> add_item(QueryPlan& plan, const SoqlSelectItem& item, const SoqlQuery& query) const;
  Outcome<void> add_column(QueryPlan& plan, const SoqlPath& path, const std::string& alias) const;
  Outcome<void> add_field_set(QueryPlan& plan, const SoqlSelectItem& item, const SoqlQuery& query) const;
  Outcome<TypeofPlan> type_of(const ObjectDef& object, const SoqlTypeof& item) const;
  Outcome<Slots> select(const ObjectDef& object, const SoqlQuery& query, bool cut,
                        std::function<bool(const RowView&)> also = {}) const;
  Outcome<void> add_children(QueryPlan& plan, const SoqlQuery& query, const Slots& rows) const;
  Outcome<ChildRows> children(const QueryPlan& parent, const SoqlSelectItem& item, const Slots& parents) const;

  // Groups (query_grouping.cpp).
  Outcome<std::unique_ptr<QueryCursor::State>> grouped(const ObjectDef& object, const SoqlQuery& query) const;

  [[nodiscard]] std::shared_ptr<const Schema> seen_schema() const { return view_ ? view_->schema : nullptr; }
  /// Whether the user may see the record; nothing when all may.
  std::function<bool(const RowView&)> sharing(const ObjectDef& object) const;

  const Org::Impl& org_;
  std::string_view soql_;
  QueryOptions options_;
  std::int64_t today_;
  Snapshot snapshot_;
  std::shared_ptr<const UserView> view_;  ///< null: everything is seen
  const Schema& schema_;
};

/// Whether the query counts, sums or groups.
[[nodiscard]] bool is_grouped(const SoqlQuery& query);

}  // namespace orgsim
