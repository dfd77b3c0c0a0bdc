#include "orgsim/core/query.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "orgsim/core/ids.h"
#include "orgsim/core/org_state.h"
#include "orgsim/core/query_plan.h"
#include "orgsim/core/record_json.h"
#include "orgsim/core/time_text.h"

namespace orgsim {

using nlohmann::ordered_json;

namespace {

constexpr std::uint64_t kMaxOffset = 2000;
constexpr std::uint64_t kNoLimit = 0xFFFFFFFF;

/// Fields that are not in the packed row.
bool is_virtual(const FieldDef& field) {
  return field.type == FieldType::id || field.name == "SystemModstamp" || field.name == "IsDeleted";
}

}  // namespace

struct QueryCursor::State {
  /// Columns read through the same relationships share the parent's row.
  struct ParentGroup {
    std::vector<std::string> relationships;
    std::vector<std::size_t> columns;
    std::optional<RowView> row;
  };

  void bind_columns();
  void read_row();

  Snapshot snapshot;
  const ObjectDef* object = nullptr;
  bool count = false;
  std::uint64_t total = 0;
  std::vector<QueryColumn> columns;
  std::vector<BoundPath> paths;
  std::vector<std::uint32_t> slots;
  std::uint64_t position = 0;

  RowView row;
  std::vector<CellView> cells;
  std::vector<IdBuffer> ids;  // the text of ids in cells
  std::vector<std::vector<std::size_t>> columns_of_field;
  std::vector<std::size_t> virtual_columns;
  std::vector<std::size_t> boolean_columns;
  std::vector<ParentGroup> parents;
};

void QueryCursor::State::bind_columns() {
  cells.resize(paths.size());
  ids.resize(paths.size());
  columns_of_field.resize(object->fields.size());
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const BoundPath& path = paths[i];
    columns.push_back({path.text, path.parents, path.field, path.object->name});
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
    if (group == parents.end()) group = parents.insert(parents.end(), {path.parents, {}, std::nullopt});
    group->columns.push_back(i);
  }
}

void QueryCursor::State::read_row() {
  row = snapshot.row(*object, slots[position]);
  std::ranges::fill(cells, CellView{});
  for (const std::size_t column : boolean_columns) cells[column] = paths[column].field->default_boolean();
  RowReader reader(row.image.packed());
  while (reader.next() && reader.index() < columns_of_field.size()) {
    for (const std::size_t column : columns_of_field[reader.index()]) cells[column] = reader.cell(ids[column]);
  }
  for (const std::size_t column : virtual_columns) cells[column] = row.cell(*paths[column].field, ids[column]);
  for (ParentGroup& group : parents) {
    group.row = snapshot.follow(row, group.relationships);
    if (!group.row) continue;
    for (const std::size_t column : group.columns) {
      // A polymorphic reference may lead to another object than the one the path was bound to.
      const FieldDef* field = group.row->object == paths[column].object
                                  ? paths[column].field
                                  : group.row->object->field(paths[column].field->name);
      if (field != nullptr && !is_compound(field->type)) cells[column] = group.row->cell(*field, ids[column]);
    }
  }
}

QueryCursor::QueryCursor(std::unique_ptr<State> state) : state_(std::move(state)) {}
QueryCursor::QueryCursor(QueryCursor&&) noexcept = default;
QueryCursor& QueryCursor::operator=(QueryCursor&&) noexcept = default;
QueryCursor::~QueryCursor() = default;

const ObjectDef& QueryCursor::object() const { return *state_->object; }
const std::vector<QueryColumn>& QueryCursor::columns() const { return state_->columns; }
bool QueryCursor::is_count() const { return state_->count; }
std::uint64_t QueryCursor::total_size() const { return state_->total; }
std::uint64_t QueryCursor::position() const { return state_->position; }
bool QueryCursor::done() const { return state_->position >= state_->slots.size(); }
void QueryCursor::seek(std::uint64_t position) {
  state_->position = std::min<std::uint64_t>(position, state_->slots.size());
}
const std::vector<CellView>& QueryCursor::cells() const { return state_->cells; }

bool QueryCursor::next() {
  if (done()) return false;
  state_->read_row();
  ++state_->position;
  return true;
}

ordered_json QueryCursor::record_json(std::string_view version) const {
  const State& state = *state_;
  IdBuffer id_text;
  const auto start = [&](const RowView& row) {
    write_id(row.object->key_prefix.data(), row.slot, id_text.data());
    ordered_json out;
    out["attributes"] = record_attributes(*row.object, std::string_view(id_text.data(), id_text.size()), version);
    return out;
  };
  const auto value = [&](std::size_t column, const RowView& row) -> ordered_json {
    const FieldDef& field = *state.paths[column].field;
    if (!is_compound(field.type)) return rest_value(field, state.cells[column]);
    return compound_value(*row.object, field, [&](const FieldDef& part) { return row.cell(part, id_text); });
  };
  ordered_json out = start(state.row);
  for (std::size_t column = 0; column < state.paths.size(); ++column) {
    const BoundPath& path = state.paths[column];
    ordered_json* place = &out;
    std::vector<std::string> reached;
    std::optional<RowView> parent;
    for (const std::string& relationship : path.parents) {
      reached.push_back(relationship);
      parent = state.snapshot.follow(state.row, reached);
      ordered_json& next = (*place)[relationship];
      if (next.is_null() && parent) next = start(*parent);
      place = &next;
      if (!parent) break;
    }
    if (path.parents.empty()) {
      out[path.field->name] = value(column, state.row);
    } else if (parent) {
      (*place)[path.field->name] = value(column, *parent);
    }
  }
  return out;
}

Outcome<QueryCursor> Org::query(std::string_view soql, const QueryOptions& options) const {
  auto parsed = parse_soql(soql);
  if (!parsed) return std::unexpected(parsed.error());
  const ObjectDef* object = impl_->schema.object(parsed->object.text);
  if (object == nullptr || !object->queryable) {
    return fail(codes::kInvalidType,
                soql_error_message(
                    soql, parsed->object.at,
                    fmt::format("sObject type '{}' is not supported. If you are attempting to use a custom object, be "
                                "sure to append the '__c' after the entity name. Please reference your WSDL or the "
                                "describe call for the appropriate names.",
                                parsed->object.text)));
  }
  auto state = std::make_unique<QueryCursor::State>();
  state->snapshot = {impl_.get(), static_cast<std::uint32_t>(impl_->commits.size())};
  state->object = object;
  state->count = parsed->count;
  for (const SoqlPath& path : parsed->select) {
    auto bound = bind_path(impl_->schema, *object, path.text, soql, path.at);
    if (!bound) return std::unexpected(bound.error());
    state->paths.push_back(std::move(*bound));
  }
  std::optional<Filter> filter;
  if (parsed->where) {
    const std::int64_t today = now() / kMsPerDay;
    auto bound = bind_filter(impl_->schema, *object, *parsed->where, soql, today);
    if (!bound) return std::unexpected(bound.error());
    filter = std::move(*bound);
  }
  RowSelection selection;
  selection.filter = filter ? &*filter : nullptr;
  selection.include_deleted = options.include_deleted || parsed->all_rows;
  selection.limit = std::min(parsed->limit.value_or(kNoLimit), kNoLimit);
  selection.offset = parsed->offset.value_or(0);
  if (selection.offset > kMaxOffset) {
    return fail(codes::kNumberOutsideRange, fmt::format("Maximum SOQL offset allowed is {}", kMaxOffset));
  }
  for (const SoqlOrder& item : parsed->order) {
    auto bound = bind_path(impl_->schema, *object, item.path.text, soql, item.path.at);
    if (!bound) return std::unexpected(bound.error());
    if (!bound->field->sortable) {
      return fail(codes::kMalformedQuery,
                  soql_error_message(soql, item.path.at,
                                     fmt::format("field '{}' can not be sorted in a query call", bound->field->name)));
    }
    selection.order.push_back({std::move(*bound), item.descending, item.nulls_first.value_or(!item.descending)});
  }
  state->slots = select_rows(state->snapshot, *object, selection);
  state->total = state->slots.size();
  if (state->count) state->slots.clear();
  state->bind_columns();
  return QueryCursor(std::move(state));
}

}  // namespace orgsim
