// Queries that count, sum or group: what they select, HAVING and ORDER BY.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "orgsim/core/query_build.h"
#include "orgsim/core/query_groups.h"

namespace orgsim {

namespace {

bool has_aggregate(const SoqlQuery& query) {
  return std::ranges::any_of(query.select, [](const auto& item) { return is_aggregate(item.path.function); });
}

bool same(const BoundPath& a, const BoundPath& b) { return a.function == b.function && a.text == b.text; }

/// Binds the expressions of one grouped query to places among a group's values.
class GroupBinder {
 public:
  GroupBinder(const Schema& schema, const ObjectDef& object, std::string_view soql)
      : schema_(schema), object_(object), soql_(soql) {}

  Outcome<void> add_key(const SoqlPath& path) {
    auto bound = bind(path);
    if (!bound) return std::unexpected(bound.error());
    if (is_aggregate(bound->function) || (!bound->field->groupable && bound->function == SoqlFunction::none)) {
      return fail(codes::kMalformedQuery,
                  soql_error_message(soql_, path.at,
                                     fmt::format("field '{}' can not be grouped in a query call", bound->field->name)));
    }
    bound->column = spec.keys.size();
    spec.keys.push_back(*std::move(bound));
    return {};
  }

  /// The place of a key or of an aggregate, which is added when it is new. All keys must have been added.
  Outcome<BoundPath> place(const SoqlPath& path) {
    auto bound = bind(path);
    if (!bound) return bound;
    std::vector<BoundPath>& known = is_aggregate(bound->function) ? spec.aggregates : spec.keys;
    const auto found = std::ranges::find_if(known, [&](const BoundPath& other) { return same(other, *bound); });
    if (found != known.end()) return *found;
    if (bound->function == SoqlFunction::grouping && !is_subtotal_field(*bound)) {
      return fail(codes::kMalformedQuery,
                  soql_error_message(soql_, path.at, "GROUPING takes a field of GROUP BY ROLLUP or CUBE"));
    }
    if (!is_aggregate(bound->function)) {
      return fail(
          codes::kMalformedQuery,
          soql_error_message(soql_, path.at, fmt::format("Field must be grouped or aggregated: {}", bound->text)));
    }
    bound->column = spec.width();
    spec.aggregates.push_back(*bound);
    return bound;
  }

  GroupSpec spec;
  SoqlGrouping grouping = SoqlGrouping::plain;

 private:
  [[nodiscard]] bool is_subtotal_field(const BoundPath& path) const {
    return grouping != SoqlGrouping::plain &&
           std::ranges::any_of(spec.keys, [&](const BoundPath& key) { return key.text == path.text; });
  }

  Outcome<BoundPath> bind(const SoqlPath& path) const {
    // COUNT() counts what every record has.
    const SoqlPath named{path.text.empty() ? std::string("Id") : path.text, path.at, path.function, path.place};
    return bind_expression(schema_, object_, named, soql_);
  }

  const Schema& schema_;
  const ObjectDef& object_;
  std::string_view soql_;
};

struct GroupOrder {
  std::size_t column = 0;
  bool is_text = false;
  bool descending = false;
  bool nulls_first = true;
};

void sort_groups(std::vector<std::vector<Value>>& groups, const std::vector<GroupOrder>& order) {
  const auto key = [](const Value& value, bool is_text) {
    const auto* text = std::get_if<std::string>(&value);
    return text != nullptr && is_text ? Value{fold_case(*text)} : value;
  };
  std::ranges::stable_sort(groups, [&](const auto& a, const auto& b) {
    for (const GroupOrder& item : order) {
      const Value x = key(a[item.column], item.is_text);
      const Value y = key(b[item.column], item.is_text);
      if (is_null(x) != is_null(y)) return is_null(x) == item.nulls_first;
      if (!is_null(x) && x != y) return item.descending ? y < x : x < y;
    }
    return false;
  });
}

using Groups = std::vector<std::vector<Value>>;

/// Appends the subtotals: for ROLLUP those of each beginning of the list of keys, for CUBE those of every choice of
/// them. Keys that do not divide a subtotal are null in it.
Outcome<void> add_subtotals(const GroupSpec& whole, SoqlGrouping grouping, Groups& groups,
                            const std::function<Outcome<Groups>(const GroupSpec&)>& group) {
  const std::size_t count = whole.keys.size();
  const unsigned all = (1U << count) - 1;
  for (unsigned left = all; left-- > 0;) {
    // The keys that stay are bits from the low end; a beginning of the list is 2^n - 1.
    if (grouping == SoqlGrouping::rollup && (left & (left + 1)) != 0) continue;
    GroupSpec spec{.keys = {}, .aggregates = whole.aggregates};
    for (std::size_t key = 0; key < count; ++key) {
      if ((left >> key & 1U) != 0) spec.keys.push_back(whole.keys[key]);
    }
    auto rows = group(spec);
    if (!rows) return std::unexpected(rows.error());
    for (std::vector<Value>& row : *rows) {
      std::vector<Value> wide;
      std::size_t at = 0;
      for (std::size_t key = 0; key < count; ++key) {
        wide.push_back((left >> key & 1U) != 0 ? std::move(row[at++]) : Value{});
      }
      for (const BoundPath& aggregate : whole.aggregates) {
        wide.push_back(std::move(row[at++]));
        if (aggregate.function != SoqlFunction::grouping) continue;
        const auto key = std::ranges::find(whole.keys, aggregate.text, &BoundPath::text) - whole.keys.begin();
        wide.back() = static_cast<std::int64_t>((left >> key & 1U) == 0);
      }
      groups.push_back(std::move(wide));
    }
  }
  return {};
}

}  // namespace

bool is_grouped(const SoqlQuery& query) { return !query.count && (!query.group.empty() || has_aggregate(query)); }

Outcome<std::unique_ptr<QueryCursor::State>> QueryBuilder::grouped(const ObjectDef& object,
                                                                   const SoqlQuery& query) const {
  GroupBinder binder(schema_, object, soql_);
  binder.grouping = query.grouping;
  for (const SoqlPath& path : query.group) {
    if (auto added = binder.add_key(path); !added) return std::unexpected(added.error());
  }
  auto plan = std::make_shared<QueryPlan>();
  plan->object = &object;
  plan->is_aggregate = true;
  std::vector<std::size_t> shown;
  std::size_t unnamed = 0;
  for (const SoqlSelectItem& item : query.select) {
    if (item.subquery || item.type_of || item.fields) {
      return wrong(codes::kMalformedQuery, item.path.at,
                   "Grouped query cannot use child relationships in the SELECT list");
    }
    const auto place = binder.place(item.path);
    if (!place) return std::unexpected(place.error());
    std::string name = item.alias;
    if (name.empty()) {
      name = place->function == SoqlFunction::none ? place->field->name : fmt::format("expr{}", unnamed++);
    }
    const bool repeated = std::ranges::any_of(plan->columns, [&](const auto& other) { return other.path == name; });
    if (repeated) return wrong(codes::kMalformedQuery, item.path.at, fmt::format("duplicate alias: {}", name));
    plan->columns.push_back(
        {.path = name, .parents = {}, .field = &place->result(), .object = object.name, .function = call_text(*place)});
    shown.push_back(place->column);
  }
  std::optional<Filter> having;
  if (query.having) {
    QueryContext within = context(object);
    within.bind = [&binder](const SoqlPath& path) { return binder.place(path); };
    auto bound = bind_filter(within, *query.having);
    if (!bound) return std::unexpected(bound.error());
    having = *std::move(bound);
  }
  std::vector<GroupOrder> order;
  for (const SoqlOrder& item : query.order) {
    const auto place = binder.place(item.path);
    if (!place) return std::unexpected(place.error());
    order.push_back(
        {place->column, is_text(place->result().type), item.descending, item.nulls_first.value_or(!item.descending)});
  }
  const auto rows = select(object, query, false);
  if (!rows) return std::unexpected(rows.error());
  auto groups = group_rows(snapshot_, object, *rows, binder.spec);
  if (!groups) return std::unexpected(groups.error());
  if (query.grouping != SoqlGrouping::plain && !rows->empty()) {
    auto added = add_subtotals(binder.spec, query.grouping, *groups,
                               [&](const GroupSpec& spec) { return group_rows(snapshot_, object, *rows, spec); });
    if (!added) return std::unexpected(added.error());
  }
  if (having) std::erase_if(*groups, [&](const auto& group) { return !having->matches(group); });
  sort_groups(*groups, order);
  const auto offset = std::min<std::uint64_t>(query.offset.value_or(0), groups->size());
  groups->erase(groups->begin(), groups->begin() + static_cast<std::ptrdiff_t>(offset));
  if (query.limit && groups->size() > *query.limit) groups->resize(*query.limit);
  auto out = std::make_shared<std::vector<std::vector<Value>>>();
  for (const std::vector<Value>& group : *groups) {
    std::vector<Value>& row = out->emplace_back();
    for (const std::size_t column : shown) row.push_back(group[column]);
  }
  auto state = std::make_unique<QueryCursor::State>(snapshot_, std::move(plan), seen_schema());
  state->total = out->size();
  state->groups = std::move(out);
  return state;
}

}  // namespace orgsim
