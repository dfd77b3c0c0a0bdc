#include "orgsim/core/transaction_state.h"

#include <fmt/format.h>

#include <algorithm>

namespace orgsim {

namespace {

std::string key_text(const ObjectDef& object, const FieldDef& field, const Value& value) {
  return fmt::format("{}/{}/{}", object.index, field.index, Table::index_key(field, to_view(value)));
}

}  // namespace

Transaction::State::State(Org::Impl& owner, Writer who) : org(owner), writer(std::move(who)) {
  if (writer.user_id.empty()) writer.user_id = org.integration_user_id;
  view = org.view(writer.user_id);
  org.open.insert(this);
}

Transaction::State::~State() { close(); }

void Transaction::State::close() {
  if (!open) return;
  open = false;
  for (const RowKey key : locked) org.locks.erase(key);
  for (const std::string& key : unique_keys) {
    auto [at, end] = org.unique_keys.equal_range(key);
    while (at != end) at = at->second == this ? org.unique_keys.erase(at) : std::next(at);
  }
  org.open.erase(this);
}

RowState Transaction::State::state_of(RowKey key) const {
  const auto found = rows.find(key);
  return found != rows.end() ? found->second.state : org.tables[object_of(key)].state(slot_of(key));
}

Value Transaction::State::current(RowKey key, const FieldDef& field) const {
  const auto found = rows.find(key);
  if (found != rows.end()) return found->second.after[field.index];
  const Table& table = org.tables[object_of(key)];
  if (table.state(slot_of(key)) == RowState::absent) return {};
  IdBuffer id;
  return to_value(find_cell(table.packed(slot_of(key)), field.index, id));
}

std::vector<std::uint32_t> Transaction::State::find(const ObjectDef& object, const FieldDef& field,
                                                    const Value& value) const {
  std::vector<std::uint32_t> found;
  const Table& table = org.table(object);
  table.find(field, to_view(value), [&](std::uint32_t slot) {
    if (table.state(slot) == RowState::live && !rows.contains(row_key(object.index, slot))) found.push_back(slot);
    return true;
  });
  const std::string wanted = Table::index_key(field, to_view(value));
  const auto matches = [&](const PendingRow& row) {
    return row.state == RowState::live && !is_null(row.after[field.index]) &&
           Table::index_key(field, to_view(row.after[field.index])) == wanted;
  };
  if (field.id_lookup || field.unique) {
    const auto [at, end] = keys.equal_range(key_text(object, field, value));
    for (auto entry = at; entry != end; ++entry) {
      const auto row = rows.find(entry->second);
      if (row != rows.end() && matches(row->second)) found.push_back(slot_of(entry->second));
    }
  }
  // Rows touched for other fields keep their value; they are not in `keys`.
  if (!(field.id_lookup || field.unique)) {
    for (const auto& [key, row] : rows) {
      if (object_of(key) == object.index && matches(row)) found.push_back(slot_of(key));
    }
  }
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

Outcome<void> Transaction::State::lock(RowKey key) {
  const auto [at, fresh] = org.locks.emplace(key, this);
  if (fresh) {
    locked.push_back(key);
    return {};
  }
  if (at->second == this) return {};
  return fail(codes::kUnableToLockRow,
              "unable to obtain exclusive access to this record or 1 records: " + org.id_of(key));
}

PendingRow& Transaction::State::touch(RowKey key) {
  if (const auto found = rows.find(key); found != rows.end()) {
    undo.push_back({key, found->second});
    return found->second;
  }
  undo.push_back({key, std::nullopt});
  order.push_back(key);
  PendingRow& row = rows[key];
  const ObjectDef& object = org.schema.object_at(object_of(key));
  const Table& table = org.table(object);
  row.before_state = table.state(slot_of(key));
  if (row.before_state == RowState::absent) {
    row.inserted = true;
    row.after.resize(object.fields.size());
    return row;
  }
  row.state = row.before_state;
  row.stamp = table.stamp(slot_of(key));
  unpack(table.packed(slot_of(key)), object, row.before);
  row.after = row.before;
  // The overlay hides the committed row from find(), so its keys are noted here.
  for (const FieldDef& field : object.fields) {
    if ((field.id_lookup || field.unique) && !is_null(row.after[field.index])) {
      note_key(object, field, row.after[field.index], key);
    }
  }
  return row;
}

void Transaction::State::roll_back_to(std::size_t savepoint) {
  while (undo.size() > savepoint) {
    Undo& last = undo.back();
    if (last.before) {
      rows[last.key] = std::move(*last.before);
    } else {
      rows.erase(last.key);
      order.pop_back();
    }
    undo.pop_back();
  }
}

void Transaction::State::note_key(const ObjectDef& object, const FieldDef& field, const Value& value, RowKey key) {
  keys.emplace(key_text(object, field, value), key);
}

void Transaction::State::stamp(PendingRow& row, const ObjectDef& object) {
  row.stamp = org.now_second();
  if (const FieldDef* date = object.field("LastModifiedDate")) {
    row.after[date->index] = static_cast<std::int64_t>(row.stamp) * 1000;
  }
  if (const FieldDef* user = object.field("LastModifiedById")) row.after[user->index] = writer.user_id;
}

}  // namespace orgsim
