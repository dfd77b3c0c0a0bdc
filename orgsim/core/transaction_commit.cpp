#include <algorithm>
#include <map>

#include "orgsim/core/transaction_state.h"

namespace orgsim {

namespace {

/// A committed change of one record, ready for the event builder.
struct Done {
  RowKey key = 0;
  ChangeType type = ChangeType::update;
  std::size_t weight = 1;  ///< changes counted against the overflow limit: fields of an update, else 1 (§4.7)
  std::string cells;
};

std::string event_cells(const ObjectDef& object, const PendingRow& row, ChangeType type) {
  RowWriter writer;
  if (type == ChangeType::remove) return {};
  for (const FieldDef& field : object.fields) {
    if (excluded_from_events(field)) continue;
    const Value& value = row.after[field.index];
    // An update always shows LastModifiedDate, even when it stayed within the second (§4.5).
    if (type == ChangeType::update && value == row.before[field.index] && field.name != "LastModifiedDate") continue;
    if (!is_null(value)) {
      writer.put(field, to_view(value));
    } else if (type == ChangeType::update) {
      writer.put_null(field.index);
    }
  }
  return writer.bytes();
}

std::size_t count_cells(const std::string& cells) {
  std::size_t count = 0;
  RowReader reader(cells);
  while (reader.next()) ++count;
  return count;
}

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

/// Turns the committed changes into events: one per record in order, equal ones merged when the setting says so, and
/// one overflow event per entity for what exceeds the limit.
class EventBuilder {
 public:
  EventBuilder(Org::Impl& org, std::shared_ptr<const EventTransaction> transaction)
      : org_(org), transaction_(std::move(transaction)) {}

  void add(Done done) {
    const ObjectDef& object = org_.schema.object_at(object_of(done.key));
    if (!object.cdc_selected) return;
    weight_ += done.weight;
    if (weight_ > static_cast<std::size_t>(org_.settings.overflow_limit)) {
      overflown_.try_emplace(object.index, events_.size());
      return;
    }
    if (org_.settings.merge_equal_changes) {
      for (LoggedEvent& event : events_) {
        if (event.object != object.index || event.type != done.type || event.cells != done.cells) continue;
        event.slots.push_back(slot_of(done.key));
        return;
      }
    }
    LoggedEvent event = make(object, done.type);
    event.slots.push_back(slot_of(done.key));
    event.cells = std::move(done.cells);
    events_.push_back(std::move(event));
  }

  void publish() {
    for (const auto& [object, at] : overflown_)
      events_.push_back(make(org_.schema.object_at(object), ChangeType::gap_overflow));
    std::int32_t sequence = 0;
    for (LoggedEvent& event : events_) {
      event.sequence_number = event.type == ChangeType::gap_overflow ? 1 : ++sequence;
      org_.publish(std::move(event));
    }
  }

 private:
  LoggedEvent make(const ObjectDef& object, ChangeType type) {
    LoggedEvent event;
    event.transaction = transaction_;
    event.schema = org_.current_schema(object);
    event.object = object.index;
    event.type = type;
    event.uuid_high = org_.random.next();
    event.uuid_low = org_.random.next();
    return event;
  }

  Org::Impl& org_;
  std::shared_ptr<const EventTransaction> transaction_;
  std::vector<LoggedEvent> events_;
  std::map<std::uint16_t, std::size_t> overflown_;
  std::size_t weight_ = 0;
};

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
  for (const RowKey key : order) {
    PendingRow& row = rows.at(key);
    const auto type = net_change(row);
    if (!type) continue;
    const ObjectDef& object = org.schema.object_at(object_of(key));
    Table& table = org.table(object);
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
    Done done{.key = key, .type = *type, .weight = 1, .cells = event_cells(object, row, *type)};
    if (*type == ChangeType::update) done.weight = count_cells(done.cells);
    events.add(std::move(done));
    if (org.watcher.wants && org.watcher.wants(object)) {
      watched.push_back(record_change(object, org.id_of(key), *type, row));
    }
  }
  events.publish();
  close();
  if (!watched.empty()) org.watcher.tell(watched);
  return result;
}

}  // namespace orgsim
