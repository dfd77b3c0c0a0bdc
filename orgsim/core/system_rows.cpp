// Rows that the org writes itself: its setup, without a caller and without checks.
#include <nlohmann/json.hpp>

#include "orgsim/core/field_value.h"
#include "orgsim/core/org_state.h"
#include "orgsim/core/transaction_state.h"

namespace orgsim {

std::string Org::Impl::put_row(const ObjectDef& object, std::optional<std::uint32_t> slot,
                               const std::vector<std::pair<const char*, Value>>& fields) {
  Transaction::State transaction(
      *this,
      {.user_id = integration_user_id, .client = {}, .api = {}, .version = {}, .transport = Transport::internal});
  const RowKey key = row_key(object.index, slot ? *slot : table(object).allocate());
  PendingRow& row = transaction.touch(key);
  const auto set = [&](const char* name, Value value) {
    if (const FieldDef* field = object.field(name)) row.after[field->index] = std::move(value);
  };
  if (row.inserted) {
    for (const FieldDef& field : object.fields) {
      if (field.type == FieldType::boolean && field.name != "IsDeleted")
        row.after[field.index] = field.default_boolean();
    }
    set("CreatedById", integration_user_id);
    set("CreatedDate", static_cast<std::int64_t>(now_second()) * 1000);
  }
  for (const auto& [name, value] : fields) set(name, value);
  transaction.stamp(row, object);
  transaction.commit();
  return id_of(key);
}

void Org::Impl::widen_open_rows() {
  for (Transaction::State* transaction : open) {
    for (auto& [key, row] : transaction->rows) {
      const std::size_t width = schema.object_at(object_of(key)).fields.size();
      row.after.resize(width);
      if (!row.inserted) row.before.resize(width);
    }
  }
}

Org::Impl::FieldShapes Org::Impl::field_shapes(const nlohmann::json& definition) const {
  FieldShapes shapes;
  if (!definition.contains("name") || !definition["name"].is_string() || !definition.contains("fields")) return shapes;
  const ObjectDef* object = schema.object(definition["name"].get<std::string>());
  if (object == nullptr) return shapes;
  for (const nlohmann::json& item : definition["fields"]) {
    if (!item.contains("name") || !item["name"].is_string()) continue;
    if (const FieldDef* field = object->field(item["name"].get<std::string>())) {
      shapes[field->index] = {field->type, field->length};
    }
  }
  return shapes;
}

void Org::Impl::fit_values(const ObjectDef& object, const FieldShapes& before) {
  std::vector<const FieldDef*> lossy;
  for (const auto& [index, shape] : before) {
    const FieldDef& field = object.fields[index];
    const bool is_shorter = is_text(field.type) && field.length < shape.second;
    const bool other_kind = field.type != shape.first && field.type != FieldType::textarea;
    if (!field.removed && (is_shorter || other_kind)) lossy.push_back(&field);
  }
  if (lossy.empty()) return;
  const std::uint32_t commit = new_commit(
      {.user_id = integration_user_id, .client = {}, .api = {}, .version = {}, .transport = Transport::internal});
  Table& rows = table(object);
  for (std::uint32_t slot = 0; slot < rows.size(); ++slot) {
    const RowState state = rows.state(slot);
    if (state != RowState::live && state != RowState::deleted) continue;
    std::vector<Value> values;
    unpack(rows.packed(slot), object, values);
    RowWriter old;
    const std::vector<Value> was = values;
    for (const FieldDef* field : lossy) {
      auto* text = std::get_if<std::string>(&values[field->index]);
      if (text == nullptr || utf16_length(*text) <= static_cast<std::size_t>(field->length)) continue;
      while (utf16_length(*text) > static_cast<std::size_t>(field->length)) {
        do text->pop_back();
        while (!is_utf8(*text));
      }
      old.put(*field, to_view(was[field->index]));
    }
    if (old.bytes().empty()) continue;
    rows.change(slot, {.type = ChangeType::update,
                       .state = state,
                       .stamp = rows.stamp(slot),
                       .commit = commit,
                       .packed = pack(object, values),
                       .old_cells = old.bytes()});
  }
  if (!has_events(object)) return;
  LoggedEvent event;
  const CommitInfo& info = commits[commit];
  event.transaction = std::make_shared<EventTransaction>(
      EventTransaction{info.transaction_key, {}, integration_user_id, info.number, info.ms});
  event.schema = current_schema(object);
  event.object = object.index;
  event.selected = object.cdc_selected;
  event.type = ChangeType::gap_update;
  event.wildcard = true;
  event.uuid_high = random.next();
  event.uuid_low = random.next();
  publish(std::move(event));
}

void Org::Impl::setup_changed(Setup what) {
  if (what == Setup::access) ++access_generation;
  if (what == Setup::record_types) refresh_record_types();
  if (what == Setup::currencies) refresh_currencies();
}

}  // namespace orgsim
