#include "orgsim/core/query.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "orgsim/core/ids.h"
#include "orgsim/core/query_state.h"
#include "orgsim/core/record_json.h"

namespace orgsim {

using nlohmann::ordered_json;

namespace {

/// Fields that are not in the packed row.
bool is_virtual(const FieldDef& field) {
  return field.expression != nullptr || field.type == FieldType::id || field.name == "SystemModstamp" ||
         field.name == "IsDeleted";
}

/// A sub-query's records without pages.
ordered_json whole(QueryCursor children, std::string_view version) {
  ordered_json records = ordered_json::array();
  while (children.next()) records.push_back(children.record_json(version));
  ordered_json out;
  out["totalSize"] = children.total_size();
  out["done"] = true;
  out["records"] = std::move(records);
  return out;
}

}  // namespace

void QueryPlan::bind_columns() {
  columns_of_field.resize(object->fields.size());
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const BoundPath& path = paths[i];
    columns.push_back({path.alias.empty() ? path.text : path.alias,
                       path.alias.empty() ? path.parents : std::vector<std::string>{}, &path.result(), object->name,
                       call_text(path)});
    if (path.function != SoqlFunction::none) function_columns.push_back(i);
    if (path.parents.empty()) {
      if (is_virtual(*path.field)) {
        virtual_columns.push_back(i);
      } else {
        columns_of_field[path.field->index].push_back(i);
        if (path.field->type == FieldType::boolean) boolean_columns.push_back(i);
      }
      continue;
    }
    auto group = std::ranges::find(parents, path.parents, &ParentGroup::relationships);
    if (group == parents.end()) group = parents.insert(parents.end(), {path.parents, {}});
    group->columns.push_back(i);
  }
}

QueryCursor::State::State(const Snapshot& shared_snapshot, std::shared_ptr<const QueryPlan> shared_plan,
                          std::shared_ptr<const Schema> shared_schema)
    : snapshot(shared_snapshot),
      schema(std::move(shared_schema)),
      plan(std::move(shared_plan)),
      cells(plan->columns.size()),
      ids(plan->columns.size()),
      parent_rows(plan->parents.size()) {}

void QueryCursor::State::read_row() {
  if (plan->is_aggregate) {
    std::ranges::transform((*groups)[position], cells.begin(), [](const Value& value) { return to_view(value); });
    return;
  }
  const std::vector<BoundPath>& paths = plan->paths;
  row = snapshot.row(*plan->object, slots[position]);
  std::ranges::fill(cells, CellView{});
  for (const std::size_t column : plan->boolean_columns) cells[column] = paths[column].field->default_boolean();
  RowReader reader(row.image.packed());
  while (reader.next() && reader.index() < plan->columns_of_field.size()) {
    for (const std::size_t column : plan->columns_of_field[reader.index()]) cells[column] = reader.cell(ids[column]);
  }
  for (const std::size_t column : plan->virtual_columns) cells[column] = row.cell(*paths[column].field, ids[column]);
  for (std::size_t i = 0; i < plan->parents.size(); ++i) {
    const QueryPlan::ParentGroup& group = plan->parents[i];
    std::optional<RowView>& parent = parent_rows[i];
    parent = snapshot.follow(row, group.relationships);
    if (!parent) continue;
    for (const std::size_t column : group.columns) {
      // A polymorphic reference may lead to another object than the one the path was bound to.
      const FieldDef* field = parent->object->index == paths[column].object->index
                                  ? paths[column].field
                                  : parent->object->field(paths[column].field->name);
      if (field == nullptr || is_compound(field->type)) continue;
      cells[column] = apply_function(snapshot, paths[column], *field, *parent, parent->cell(*field, ids[column]));
    }
  }
  for (const std::size_t column : plan->function_columns) {
    if (!paths[column].parents.empty()) continue;
    cells[column] = apply_function(snapshot, paths[column], *paths[column].field, row, cells[column]);
  }
}

ordered_json QueryCursor::State::attributes(const RowView& of, std::string_view version) const {
  IdBuffer id;
  write_id(of.object->key_prefix.data(), of.slot, id.data());
  ordered_json out;
  out["attributes"] = record_attributes(*of.object, std::string_view(id.data(), id.size()), version);
  return out;
}

ordered_json QueryCursor::State::column_json(std::size_t column, const RowView& of, std::string_view version) const {
  const BoundPath& path = plan->paths[column];
  IdBuffer id;
  if (path.field->type == FieldType::base64 && !is_null(cells[column]) && !version.empty()) {
    write_id(of.object->key_prefix.data(), of.slot, id.data());
    return blob_url(*of.object, std::string_view(id.data(), id.size()), *path.field, version);
  }
  if (!is_compound(path.field->type)) return rest_value(path.result(), cells[column]);
  return compound_value(*of.object, *path.field, [&](const FieldDef& part) { return of.cell(part, id); });
}

void QueryCursor::State::put_column(std::size_t column, std::string_view version, ordered_json& out) const {
  const BoundPath& path = plan->paths[column];
  if (path.parents.empty() || !path.alias.empty()) {
    out[path.alias.empty() ? path.field->name : path.alias] = column_json(column, row, version);
    return;
  }
  ordered_json* place = &out;
  std::vector<std::string> reached;
  std::optional<RowView> parent;
  for (const std::string& relationship : path.parents) {
    reached.push_back(relationship);
    parent = snapshot.follow(row, reached);
    ordered_json& next = (*place)[relationship];
    if (next.is_null() && parent) next = attributes(*parent, version);
    place = &next;
    if (!parent) return;
  }
  (*place)[path.field->name] = column_json(column, *parent, version);
}

ordered_json QueryCursor::State::type_of_json(const TypeofPlan& type_of, std::string_view version) const {
  const std::optional<RowView> target = snapshot.follow(row, type_of.relationship);
  if (!target) return nullptr;
  ordered_json out = attributes(*target, version);
  IdBuffer id;
  const auto put = [&](const FieldDef& field) { out[field.name] = rest_value(field, target->cell(field, id)); };
  for (const auto& [object, paths] : type_of.branches) {
    if (object->index != target->object->index) continue;
    for (const BoundPath& path : paths) {
      std::optional<RowView> parent;
      out[path.text] = rest_value(path.result(), path.read(snapshot, *target, parent, id));
    }
    return out;
  }
  for (const std::string& name : type_of.otherwise) {
    const FieldDef* field = target->object->field(name);
    if (field != nullptr && !is_compound(field->type)) put(*field);
  }
  return out;
}

QueryCursor::QueryCursor(std::unique_ptr<State> state) : state_(std::move(state)) {}
QueryCursor::QueryCursor(QueryCursor&&) noexcept = default;
QueryCursor& QueryCursor::operator=(QueryCursor&&) noexcept = default;
QueryCursor::~QueryCursor() = default;

const ObjectDef& QueryCursor::object() const { return *state_->plan->object; }
const std::vector<QueryColumn>& QueryCursor::columns() const { return state_->plan->columns; }
bool QueryCursor::is_count() const { return state_->count; }
bool QueryCursor::is_aggregate() const { return state_->plan->is_aggregate; }
bool QueryCursor::is_nested() const { return !state_->plan->children.empty() || !state_->plan->type_ofs.empty(); }
std::vector<ChildColumns> QueryCursor::child_columns() const {
  std::vector<ChildColumns> out;
  for (const ChildRows& children : state_->plan->children) out.push_back({children.name, &children.plan->columns});
  return out;
}
std::uint64_t QueryCursor::total_size() const { return state_->total; }
std::uint64_t QueryCursor::position() const { return state_->position; }
bool QueryCursor::done() const { return state_->position >= state_->rows(); }
void QueryCursor::seek(std::uint64_t position) { state_->position = std::min<std::uint64_t>(position, state_->rows()); }
const std::vector<CellView>& QueryCursor::cells() const { return state_->cells; }

bool QueryCursor::next() {
  if (done()) return false;
  state_->read_row();
  ++state_->position;
  return true;
}

ordered_json QueryCursor::record_json(std::string_view version, const ShowChildren& show) const {
  const State& state = *state_;
  const QueryPlan& plan = *state.plan;
  ordered_json out;
  if (plan.is_aggregate) {
    out["attributes"] = {{"type", "AggregateResult"}};
    for (std::size_t i = 0; i < plan.columns.size(); ++i) {
      out[plan.columns[i].path] = rest_value(*plan.columns[i].field, state.cells[i]);
    }
    return out;
  }
  out = state.attributes(state.row, version);
  for (const QueryPlan::Item& item : plan.items) {
    if (item.kind == QueryPlan::Item::Kind::column) {
      state.put_column(item.place, version, out);
    } else if (item.kind == QueryPlan::Item::Kind::type_of) {
      const TypeofPlan& type_of = plan.type_ofs[item.place];
      out[type_of.relationship.back()] = state.type_of_json(type_of, version);
    } else {
      const ChildRows& children = plan.children[item.place];
      const auto found = children.slots.find(state.row.slot);
      ordered_json& place = out[children.name] = nullptr;
      if (found == children.slots.end()) continue;
      auto inner = std::make_unique<State>(state.snapshot, children.plan, state.schema);
      inner->slots = found->second;
      inner->total = inner->slots.size();
      QueryCursor cursor(std::move(inner));
      place = show ? show(std::move(cursor)) : whole(std::move(cursor), version);
    }
  }
  return out;
}

}  // namespace orgsim
