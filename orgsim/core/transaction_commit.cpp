#include <algorithm>
#include <set>

#include "orgsim/core/event_builder.h"
#include "orgsim/core/platform_event.h"
#include "orgsim/core/transaction_state.h"

namespace orgsim {

namespace {

std::string old_cells(const ObjectDef& object, const PendingRow& row) {
  RowWriter writer;
  for (const FieldDef& field : object.fields) {
    const Value& before = row.before[field.index];
    if (before == row.after[field.index]) continue;
    if (is_null(before)) {
      writer.put_null(field.index);
    } else {
      writer.put(field, to_view(before));
    }
  }
  return writer.bytes();
}

std::string change_origin(const Writer& writer, const Settings& settings) {
  if (writer.api.empty()) return {};
  std::string origin = "com/salesforce/api/" + writer.api + "/" + writer.version;
  if (!writer.client.empty() && settings.carries_token(writer.transport)) origin += ";client=" + writer.client;
  return origin;
}

/// What the transaction did to the row as a whole, or nothing (inserted and deleted again, or back where it was).
std::optional<ChangeType> net_change(const PendingRow& row) {
  if (row.inserted) return row.state == RowState::live ? std::optional(ChangeType::create) : std::nullopt;
  if (row.state != row.before_state) return row.state == RowState::live ? ChangeType::undelete : ChangeType::remove;
  if (row.after == row.before) return std::nullopt;
  return ChangeType::update;
}

RecordChange record_change(const ObjectDef& object, std::string id, ChangeType type, const PendingRow& row) {
  RecordChange change{.object = &object, .id = std::move(id), .type = type, .changed = {}};
  if (type != ChangeType::update) return change;
  for (const FieldDef& field : object.fields) {
    if (row.before[field.index] != row.after[field.index]) change.changed.push_back(&field);
  }
  return change;
}

}  // namespace

CommitResult Transaction::State::commit() {
  CommitResult result;
  const bool changes = std::ranges::any_of(order, [this](RowKey key) { return net_change(rows.at(key)).has_value(); });
  if (!changes) {
    close();
    return result;
  }
  const std::uint32_t commit = org.new_commit(writer);
  const CommitInfo& info = org.commits[commit];
  result = {
      .changed = true, .commit_number = info.number, .commit_ms = info.ms, .transaction_key = info.transaction_key};
  EventBuilder events(
      org, std::make_shared<EventTransaction>(EventTransaction{
               info.transaction_key, change_origin(writer, org.settings), writer.user_id, info.number, info.ms}));
  std::vector<RecordChange> watched;
  std::set<Setup> setup;
  for (const RowKey key : order) {
    PendingRow& row = rows.at(key);
    const auto type = net_change(row);
    if (!type) continue;
    const ObjectDef& object = org.schema.object_at(object_of(key));
    Table& table = org.table(object);
    if (object.platform_event) {
      events.add_platform_event(object, row.after);
      continue;
    }
    if (object.setup != Setup::none) setup.insert(object.setup);
    const std::string packed = pack(object, row.after);
    if (*type == ChangeType::create) {
      table.insert(slot_of(key), packed, row.stamp, commit);
    } else {
      table.change(slot_of(key), {.type = *type,
                                  .state = row.state,
                                  .stamp = row.stamp,
                                  .commit = commit,
                                  .packed = packed,
                                  .old_cells = old_cells(object, row)});
    }
    if (row.silent) continue;
    events.add(key, *type, row.before, row.after);
    if (org.watcher.wants && org.watcher.wants(object)) {
      watched.push_back(record_change(object, org.id_of(key), *type, row));
    }
  }
  events.publish();
  close();
  for (const Setup what : setup) org.setup_changed(what);
  if (!watched.empty()) org.watcher.tell(watched);
  return result;
}

}  // namespace orgsim
