#include "orgsim/core/query_build.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "orgsim/core/ascii.h"
#include "orgsim/core/time_text.h"

namespace orgsim {

namespace {

constexpr std::uint64_t kMaxOffset = 2000;
constexpr std::uint64_t kNoLimit = 0xFFFFFFFF;
constexpr std::uint64_t kFieldSetLimit = 200;

/// "Account.Contacts" in a sub-query of Account is "Contacts".
std::string_view last_name(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

bool is_shown(SoqlFunction function) {
  return function == SoqlFunction::format || function == SoqlFunction::format_converted;
}

void cut(std::vector<std::uint32_t>& rows, const SoqlQuery& query) {
  const auto offset = std::min<std::uint64_t>(query.offset.value_or(0), rows.size());
  rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(offset));
  if (query.limit && rows.size() > *query.limit) rows.resize(*query.limit);
}

}  // namespace

QueryBuilder::QueryBuilder(const Org::Impl& org, std::string_view soql, const QueryOptions& options, std::int64_t today)
    : org_(org),
      soql_(soql),
      options_(options),
      today_(today),
      snapshot_{&org, org.visible_commits(), org.multi_currency ? org.currency_of(options.user_id) : std::string()},
      view_(options.user_id.empty() ? nullptr : org.view(options.user_id)),
      schema_(view_ != nullptr ? *view_->schema : org.schema) {}

std::function<bool(const RowView&)> QueryBuilder::sharing(const ObjectDef& object) const {
  if (view_ == nullptr || view_->access.all_data || object.sharing != Sharing::none) return {};
  return [this, &object](const RowView& row) {
    return org_.record_access(*view_, object, options_.user_id, org_.owner_of(object, row.slot)).read;
  };
}

std::unexpected<Error> QueryBuilder::wrong(std::string_view code, std::size_t at, std::string_view message) const {
  return fail(code, soql_error_message(soql_, at, message));
}

QueryContext QueryBuilder::context(const ObjectDef& object) const {
  return {.snapshot = snapshot_,
          .object = object,
          .soql = soql_,
          .today = today_,
          .include_deleted = options_.include_deleted,
          .schema = &schema_};
}

Outcome<const ObjectDef*> QueryBuilder::find_object(const SoqlPath& name) const {
  const ObjectDef* object = schema_.object(name.text);
  if (object != nullptr && object->queryable) return object;
  return wrong(codes::kInvalidType, name.at,
               fmt::format("sObject type '{}' is not supported. If you are attempting to use a custom object, be sure "
                           "to append the '__c' after the entity name. Please reference your WSDL or the describe call "
                           "for the appropriate names.",
                           name.text));
}

Outcome<std::unique_ptr<QueryCursor::State>> QueryBuilder::build(const SoqlQuery& query) const {
  const auto object = find_object(query.object);
  if (!object) return std::unexpected(object.error());
  if (query.all_rows && !options_.allow_all_rows) {
    return wrong(codes::kMalformedQuery, query.all_rows_at, "ALL ROWS not allowed in this context");
  }
  if (is_grouped(query)) return grouped(**object, query);
  auto plan = this->plan(**object, query);
  if (!plan) return std::unexpected(plan.error());
  auto rows = select(**object, query, true);
  if (!rows) return std::unexpected(rows.error());
  if (auto added = add_children(**plan, query, *rows); !added) return std::unexpected(added.error());
  auto state = std::make_unique<QueryCursor::State>(snapshot_, *std::move(plan), seen_schema());
  state->total = rows->size();
  state->count = query.count;
  if (!query.count) state->slots = *std::move(rows);
  return state;
}

Outcome<std::shared_ptr<QueryPlan>> QueryBuilder::plan(const ObjectDef& object, const SoqlQuery& query) const {
  auto plan = std::make_shared<QueryPlan>();
  plan->object = &object;
  for (const SoqlSelectItem& item : query.select) {
    if (auto added = add_item(*plan, item, query); !added) return std::unexpected(added.error());
  }
  plan->bind_columns();
  return plan;
}

Outcome<void> QueryBuilder::add_item(QueryPlan& plan, const SoqlSelectItem& item, const SoqlQuery& query) const {
  if (!item.alias.empty() && item.path.function == SoqlFunction::none) {
    return wrong(codes::kMalformedQuery, item.path.at, "only aggregate expressions use field aliasing");
  }
  if (item.fields) return add_field_set(plan, item, query);
  if (item.type_of) {
    auto bound = type_of(*plan.object, *item.type_of);
    if (!bound) return std::unexpected(bound.error());
    plan.items.push_back({QueryPlan::Item::Kind::type_of, plan.type_ofs.size()});
    plan.type_ofs.push_back(*std::move(bound));
    return {};
  }
  if (!item.subquery) return add_column(plan, item.path, item.alias);
  // The rows follow once those of the parents are known.
  plan.items.push_back({QueryPlan::Item::Kind::children, plan.children.size()});
  plan.children.emplace_back();
  return {};
}

Outcome<void> QueryBuilder::add_column(QueryPlan& plan, const SoqlPath& path, const std::string& alias) const {
  auto bound = bind_expression(schema_, *plan.object, path, soql_);
  if (!bound) return std::unexpected(bound.error());
  if (bound->function == SoqlFunction::distance) {
    return wrong(codes::kMalformedQuery, path.at, "DISTANCE is for WHERE and ORDER BY");
  }
  bound->alias = alias;
  const auto name = [](const BoundPath& one) { return one.alias.empty() ? one.text : one.alias; };
  const bool repeated =
      std::ranges::any_of(plan.paths, [&](const BoundPath& other) { return same_name(name(other), name(*bound)); });
  if (repeated) return wrong(codes::kInvalidField, path.at, fmt::format("duplicate field selected: {}", bound->text));
  plan.items.push_back({QueryPlan::Item::Kind::column, plan.paths.size()});
  plan.paths.push_back(*std::move(bound));
  return {};
}

Outcome<void> QueryBuilder::add_field_set(QueryPlan& plan, const SoqlSelectItem& item, const SoqlQuery& query) const {
  if (*item.fields != SoqlFieldSet::standard && (!query.limit || *query.limit > kFieldSetLimit)) {
    return fail(codes::kMalformedQuery,
                fmt::format("The SOQL FIELDS function must have a LIMIT of at most {}", kFieldSetLimit));
  }
  for (const FieldDef& field : plan.object->fields) {
    const bool left_out = field.custom ? *item.fields == SoqlFieldSet::standard : *item.fields == SoqlFieldSet::custom;
    if (field.removed || field.hidden || left_out) continue;
    if (auto added = add_column(plan, {field.name, item.path.at, SoqlFunction::none, {}}, {}); !added) return added;
  }
  return {};
}

Outcome<TypeofPlan> QueryBuilder::type_of(const ObjectDef& object, const SoqlTypeof& item) const {
  const FieldDef* reference = object.relationship(item.path.text);
  if (reference == nullptr || reference->reference_to.size() < 2) {
    return wrong(
        codes::kInvalidField, item.path.at,
        fmt::format("The relationship '{}' is not polymorphic: it cannot be used in a TYPEOF clause", item.path.text));
  }
  TypeofPlan out;
  out.relationship = {reference->relationship_name};
  for (const SoqlTypeof::Branch& branch : item.branches) {
    const auto target = find_object(branch.object);
    if (!target) return std::unexpected(target.error());
    auto& [target_object, paths] = out.branches.emplace_back(*target, std::vector<BoundPath>{});
    for (const SoqlPath& path : branch.fields) {
      auto bound = bind_path(schema_, *target_object, path.text, soql_, path.at);
      if (!bound) return std::unexpected(bound.error());
      if (is_compound(bound->field->type)) {
        return wrong(codes::kInvalidField, path.at, "compound fields are not supported in a TYPEOF clause");
      }
      paths.push_back(*std::move(bound));
    }
  }
  for (const SoqlPath& path : item.otherwise) out.otherwise.push_back(path.text);
  return out;
}

Outcome<QueryBuilder::Slots> QueryBuilder::select(const ObjectDef& object, const SoqlQuery& query, bool cut_rows,
                                                  std::function<bool(const RowView&)> also) const {
  std::optional<Filter> filter;
  if (query.where) {
    auto bound = bind_filter(context(object), *query.where);
    if (!bound) return std::unexpected(bound.error());
    filter = *std::move(bound);
  }
  RowSelection selection;
  selection.filter = filter ? &*filter : nullptr;
  selection.also = std::move(also);
  if (auto shared = sharing(object)) {
    selection.also = [shared = std::move(shared), also = std::move(selection.also)](const RowView& row) {
      return shared(row) && (!also || also(row));
    };
  }
  selection.include_deleted = options_.include_deleted || query.all_rows;
  if (query.offset && !options_.allow_offset) {
    return fail("API_ERROR", "Implementation restriction: OFFSET is not supported");
  }
  if (query.offset.value_or(0) > kMaxOffset) {
    return fail(codes::kNumberOutsideRange, fmt::format("Maximum SOQL offset allowed is {}", kMaxOffset));
  }
  if (cut_rows) {
    selection.limit = std::min(query.limit.value_or(kNoLimit), kNoLimit);
    selection.offset = query.offset.value_or(0);
  }
  if (is_grouped(query)) return select_rows(snapshot_, object, selection);
  for (const SoqlOrder& item : query.order) {
    auto bound = bind_expression(schema_, object, item.path, soql_);
    if (!bound) return std::unexpected(bound.error());
    if (is_shown(bound->function) || (!bound->field->sortable && bound->function != SoqlFunction::distance)) {
      return wrong(codes::kMalformedQuery, item.path.at,
                   fmt::format("field '{}' can not be sorted in a query call", bound->field->name));
    }
    selection.order.push_back({*std::move(bound), item.descending, item.nulls_first.value_or(!item.descending)});
  }
  return select_rows(snapshot_, object, selection);
}

Outcome<void> QueryBuilder::add_children(QueryPlan& plan, const SoqlQuery& query, const Slots& rows) const {
  std::size_t place = 0;
  for (const SoqlSelectItem& item : query.select) {
    if (!item.subquery) continue;
    auto found = children(plan, item, rows);
    if (!found) return std::unexpected(found.error());
    const bool repeated =
        std::ranges::any_of(plan.children, [&](const auto& other) { return other.name == found->name; });
    if (repeated) {
      return wrong(codes::kMalformedQuery, item.path.at, fmt::format("duplicate alias: {}", found->name));
    }
    plan.children[place++] = *std::move(found);
  }
  return {};
}

Outcome<ChildRows> QueryBuilder::children(const QueryPlan& parent, const SoqlSelectItem& item,
                                          const Slots& parents) const {
  const SoqlQuery& query = *item.subquery;
  const std::string_view name = last_name(query.object.text);
  const auto relation = std::ranges::find_if(parent.object->children, [name](const ChildRelationship& one) {
    return !one.relationship_name.empty() && same_name(one.relationship_name, name);
  });
  const ObjectDef* object =
      relation == parent.object->children.end() ? nullptr : schema_.object(relation->child_object);
  const FieldDef* reference = object == nullptr ? nullptr : object->field(relation->field);
  if (reference == nullptr || !object->queryable) {
    return wrong(codes::kInvalidType, query.object.at,
                 fmt::format("Didn't understand relationship '{}' in FROM part of query call. If you are attempting to "
                             "use a custom relationship, be sure to append the '__r' after the custom relationship "
                             "name. Please reference your WSDL or the describe call for the appropriate names.",
                             name));
  }
  if (is_grouped(query) || query.count) {
    return wrong(codes::kMalformedQuery, query.object.at, "Only root queries support aggregate expressions");
  }
  auto plan = this->plan(*object, query);
  if (!plan) return std::unexpected(plan.error());
  const auto parent_of = [&](const RowView& row) -> std::optional<std::uint32_t> {
    IdBuffer id;
    const CellView cell = row.cell(*reference, id);
    const auto* text = std::get_if<std::string_view>(&cell);
    return text == nullptr ? std::nullopt : org_.slot_of_id(*parent.object, *text);
  };
  const std::unordered_set<std::uint32_t> wanted(parents.begin(), parents.end());
  auto rows = select(*object, query, false, [&](const RowView& row) {
    const auto slot = parent_of(row);
    return slot && wanted.contains(*slot);
  });
  if (!rows) return std::unexpected(rows.error());
  ChildRows out{.name = relation->relationship_name, .plan = {}, .slots = {}};
  for (const std::uint32_t slot : *rows) out.slots[*parent_of(snapshot_.row(*object, slot))].push_back(slot);
  for (auto& [slot, of_parent] : out.slots) cut(of_parent, query);
  std::erase_if(out.slots, [](const auto& one) { return one.second.empty(); });
  if (auto added = add_children(**plan, query, *rows); !added) return std::unexpected(added.error());
  out.plan = *std::move(plan);
  return out;
}

Outcome<QueryCursor> Org::query(std::string_view soql, const QueryOptions& options) const {
  auto parsed = parse_soql(soql);
  if (!parsed) return std::unexpected(parsed.error());
  auto state = QueryBuilder(*impl_, soql, options, floor_days(now())).build(*parsed);
  if (!state) return std::unexpected(state.error());
  return QueryCursor(*std::move(state));
}

}  // namespace orgsim
