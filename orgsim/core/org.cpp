#include "orgsim/core/org.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "orgsim/core/field_value.h"
#include "orgsim/core/formula_fields.h"
#include "orgsim/core/ids.h"
#include "orgsim/core/org_state.h"
#include "orgsim/core/record_json.h"
#include "orgsim/core/transaction_state.h"

namespace orgsim {

using nlohmann::json;
using nlohmann::ordered_json;

namespace {

const Value kNull;

}  // namespace

const Value& Record::at(const FieldDef& field) const {
  return field.index < values.size() ? values[field.index] : kNull;
}

const Value& Record::get(std::string_view name) const {
  const FieldDef* field = object != nullptr ? object->field(name) : nullptr;
  return field != nullptr ? at(*field) : kNull;
}

Org::Org(const OrgOptions& options) : impl_(std::make_unique<Impl>(options)) {}
Org::~Org() = default;

void Org::set_time(std::int64_t ms) {
  impl_->injected_ms = ms;
  impl_->empty_old_bins();
}
void Org::advance(std::int64_t ms) { set_time(impl_->injected_ms + ms); }
std::int64_t Org::now() const { return impl_->now(); }

const std::string& Org::organization_id() const { return impl_->organization_id; }
const std::string& Org::integration_user_id() const { return impl_->integration_user_id; }
const std::string& Org::other_user_id() const { return impl_->other_user_id; }
Settings& Org::settings() { return impl_->settings; }
const Settings& Org::settings() const { return impl_->settings; }
const Schema& Org::schema() const { return impl_->schema; }

Outcome<json> Org::apply_objects(const json& definitions) {
  json list = definitions;
  if (definitions.is_object())
    list = definitions.contains("objects") ? definitions["objects"] : json::array({definitions});
  if (!list.is_array())
    return fail(codes::kJsonParser, "expected an object definition, a list of them or {\"objects\":[…]}");
  // Tried on a copy first: a list with one wrong definition changes nothing.
  Schema trial = impl_->schema;
  for (const json& definition : list) {
    if (const auto tried = trial.apply(definition); !tried) return std::unexpected(tried.error());
  }
  json answer = json::array();
  for (const json& definition : list) {
    const auto before = impl_->field_shapes(definition);
    const auto object = impl_->schema.apply(definition);
    if (!object) return std::unexpected(object.error());
    impl_->make_tables();
    impl_->fit_values(**object, before);
    impl_->table(**object).drop_indexes();
    if (definition.contains("recordTypes")) impl_->put_record_types(**object, definition["recordTypes"]);
    if (impl_->multi_currency) impl_->refresh_currencies();
    json names = json::array();
    for (const FieldDef& field : (*object)->fields) {
      if (!field.removed) names.push_back(field.name);
    }
    answer.push_back({{"name", (*object)->name}, {"keyPrefix", (*object)->key_prefix}, {"fields", std::move(names)}});
  }
  impl_->widen_open_rows();
  return answer;
}

Outcome<void> Org::select_for_events(std::string_view object, bool selected) {
  return impl_->schema.select_for_events(object, selected);
}

Transaction Org::begin(Writer writer) {
  return Transaction(std::make_unique<Transaction::State>(*impl_, std::move(writer)));
}

std::uint64_t Org::add_rule(Rule rule) {
  impl_->rules.emplace_back(impl_->next_rule_id, std::move(rule));
  return impl_->next_rule_id++;
}

void Org::remove_rule(std::uint64_t id) {
  std::erase_if(impl_->rules, [id](const auto& rule) { return rule.first == id; });
}

void Org::clear_rules() { impl_->rules.clear(); }

Automation& Org::automation() { return impl_->automation; }

std::shared_ptr<const Schema> Org::schema_for(std::string_view user_id) const { return impl_->view(user_id)->schema; }

bool Org::is_administrator(std::string_view user_id) const { return impl_->view(user_id)->access.all_data; }

std::string Org::currency_of(std::string_view user_id) const { return impl_->currency_of(user_id); }

Outcome<Record> Org::find(std::string_view object_name, std::string_view id, bool include_deleted,
                          std::string_view user_id) const {
  const auto object = impl_->object(object_name);
  if (!object) return std::unexpected(object.error());
  std::shared_ptr<const UserView> view = user_id.empty() ? nullptr : impl_->view(user_id);
  if (view != nullptr && view->is_whole) view = nullptr;
  const ObjectDef* seen = view != nullptr ? view->schema->object(object_name) : *object;
  if (seen == nullptr) return fail(codes::kNotFound, "The requested resource does not exist");
  const auto canonical = canonical_id(id);
  if (!canonical) {
    return fail(codes::kNotFound, "Provided external ID field does not exist or is not accessible: " + std::string(id));
  }
  const auto slot = impl_->slot_of_id(**object, *canonical);
  const Table& table = impl_->table(**object);
  const RowState state = slot ? table.state(*slot) : RowState::absent;
  if (state == RowState::absent || state == RowState::purged) {
    return fail(codes::kNotFound, "The requested resource does not exist");
  }
  if (view != nullptr && !impl_->record_access(*view, **object, user_id, impl_->owner_of(**object, *slot)).read) {
    return fail(codes::kNotFound, "The requested resource does not exist");
  }
  if (state == RowState::deleted && !include_deleted) return fail(codes::kEntityIsDeleted, "entity is deleted");
  Record record{seen, *canonical, state == RowState::deleted,
                impl_->full_values(**object, *slot, state, table.stamp(*slot), table.packed(*slot)),
                view != nullptr ? view->schema : nullptr};
  fill_formulas(impl_->all_commits(), **object, record.values);
  return record;
}

Outcome<std::vector<std::string>> Org::find_by_field(std::string_view object_name, std::string_view field_name,
                                                     const Value& value, std::string_view user_id) const {
  const auto object = impl_->object(object_name);
  if (!object) return std::unexpected(object.error());
  const auto seen = user_id.empty() ? nullptr : impl_->view(user_id);
  const ObjectDef* shown = seen != nullptr ? seen->schema->object(object_name) : *object;
  const FieldDef* field = shown != nullptr ? shown->field(field_name) : nullptr;
  if (field == nullptr) {
    return fail(codes::kNotFound,
                "Provided external ID field does not exist or is not accessible: " + std::string(field_name));
  }
  const auto wanted = stored_value(*field, value);
  if (!wanted) return std::unexpected(wanted.error());
  std::vector<std::uint32_t> slots;
  const Table& table = impl_->table(**object);
  if (field->type == FieldType::id) {
    const auto* id = std::get_if<std::string>(&*wanted);
    const auto slot = id != nullptr ? impl_->slot_of_id(**object, *id) : std::nullopt;
    if (slot && table.state(*slot) == RowState::live) slots.push_back(*slot);
  } else if (!is_null(*wanted) && (field->id_lookup || field->unique || field->external_id)) {
    table.find(*field, to_view(*wanted), [&](std::uint32_t slot) {
      if (table.state(slot) == RowState::live) slots.push_back(slot);
      return true;
    });
    std::ranges::sort(slots);
  } else if (!is_null(*wanted)) {
    // A field that is no lookup key gets no index only because somebody searched it once.
    const std::string key = Table::index_key(*field, to_view(*wanted));
    for (std::uint32_t slot = 0; slot < table.size(); ++slot) {
      IdBuffer id;
      if (table.state(slot) != RowState::live) continue;
      const CellView cell = find_cell(table.packed(slot), field->index, id);
      if (!is_null(cell) && Table::index_key(*field, cell) == key) slots.push_back(slot);
    }
  }
  std::vector<std::string> ids;
  for (const std::uint32_t slot : slots) ids.push_back(impl_->id_of(row_key((*object)->index, slot)));
  return ids;
}

bool Org::may_subscribe(std::string_view user_id, std::string_view object_name) const {
  const auto view = impl_->view(user_id);
  const ObjectDef* object = view->schema->object(object_name);
  if (object == nullptr) return false;
  const ObjectAccess to = view->access.to(*object);
  return object->platform_event || to.view_all || to.modify_all;
}

void Org::hide_fields(ChangeEvent& event, std::string_view user_id) const {
  const auto view = impl_->view(user_id);
  if (view->is_whole) return;
  const ObjectDef* object = view->schema->object(event.entity);
  const auto hidden = [object](const std::string& name) { return object == nullptr || object->field(name) == nullptr; };
  std::erase_if(event.fields, [&](const EventField& field) { return hidden(field.name); });
  for (auto* names : {&event.changed_fields, &event.nulled_fields, &event.diff_fields}) std::erase_if(*names, hidden);
}

void Org::hide_events(std::vector<ChangeEvent>& events, std::string_view user_id) const {
  if (impl_->view(user_id)->is_whole) return;
  std::erase_if(events, [&](const ChangeEvent& event) { return !may_subscribe(user_id, event.entity); });
  for (ChangeEvent& event : events) hide_fields(event, user_id);
}

Outcome<ordered_json> Org::record_json(const Record& record, std::string_view version,
                                       const std::vector<std::string>& names) const {
  std::vector<const FieldDef*> fields;
  for (const std::string& name : names) {
    const FieldDef* field = record.object->field(name);
    if (field == nullptr)
      return fail(codes::kInvalidField, "No such column '" + name + "' on sobject of type " + record.object->name);
    fields.push_back(field);
  }
  if (names.empty()) {
    for (const FieldDef& field : record.object->fields) {
      if (!field.removed) fields.push_back(&field);
    }
  }
  ordered_json out;
  out["attributes"] = record_attributes(*record.object, record.id, version);
  for (const FieldDef* field : fields) {
    if (field->type == FieldType::base64 && !is_null(record.at(*field))) {
      out[field->name] = blob_url(*record.object, record.id, *field, version);
      continue;
    }
    out[field->name] =
        is_compound(field->type)
            ? compound_value(*record.object, *field, [&](const FieldDef& part) { return to_view(record.at(part)); })
            : ordered_json(rest_value(*field, to_view(record.at(*field))));
  }
  return out;
}

Outcome<void> Org::for_each_record(std::string_view object_name,
                                   const std::function<void(const ordered_json&)>& visit) const {
  const auto object = impl_->object(object_name);
  if (!object) return std::unexpected(object.error());
  const Snapshot snapshot = impl_->all_commits();
  const Table& table = impl_->table(**object);
  for (std::uint32_t slot = 0; slot < table.size(); ++slot) {
    const RowState state = table.state(slot);
    if (state != RowState::live && state != RowState::deleted) continue;
    auto values = impl_->full_values(**object, slot, state, table.stamp(slot), table.packed(slot));
    fill_formulas(snapshot, **object, values);
    ordered_json out;
    for (const FieldDef& field : (*object)->fields) {
      if (!field.removed && !is_compound(field.type)) out[field.name] = rest_value(field, to_view(values[field.index]));
    }
    visit(out);
  }
  return {};
}

std::int64_t Org::data_storage_mb() const { return static_cast<std::int64_t>(impl_->stored_records() / 512); }

std::uint64_t Org::record_count(std::string_view object_name, bool include_deleted) const {
  const ObjectDef* object = impl_->schema.object(object_name);
  if (object == nullptr) return 0;
  const Table& table = impl_->table(*object);
  return table.live_count() + (include_deleted ? table.deleted_count() : 0);
}

std::uint64_t Org::memory_bytes(std::string_view object_name) const {
  const ObjectDef* object = impl_->schema.object(object_name);
  return object == nullptr ? 0 : impl_->table(*object).bytes();
}

}  // namespace orgsim
