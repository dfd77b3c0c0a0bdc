#include "engine/apply.h"

#include <algorithm>

#include "engine/match_rows.h"
#include "rules/canonical.h"
#include "rules/event.h"
#include "rules/merge.h"

namespace duet::engine {

Result<void> Applier::apply(ports::StoreTransaction& transaction, std::span<const ChangeEvent> events) {
  stale_.clear();
  // Mappings in one fixed order, so that two transactions never wait for each other's rows crosswise.
  for (const Mapping& mapping : connection_.mappings) {
    const bool concerned =
        std::ranges::any_of(events, [&](const ChangeEvent& event) { return event.object == mapping.object; });
    if (concerned) DUET_TRY(apply_to(transaction, mapping, events));
  }
  return stale_.write(transaction, timing_.now());
}

namespace {

/// What an event of a record that the table does not know may be the answer to: asked for only where no external id
/// tells.
Result<std::vector<ports::CreateIntent>> unanswered_creates(ports::StoreTransaction& transaction,
                                                            const Mapping& mapping, std::span<const ChangeEvent> events,
                                                            const std::string& our_user) {
  constexpr std::size_t kMostCreates = 10'000;
  const bool wanted =
      mapping.upsert_field.empty() && mapping.access == Access::read_write &&
      std::ranges::any_of(events, [&](const ChangeEvent& event) {
        return event.object == mapping.object && event.kind == EventKind::create && event.commit_user == our_user;
      });
  if (!wanted) return std::vector<ports::CreateIntent>{};
  return transaction.find_creates(mapping, kMostCreates);
}

}  // namespace

Result<void> Applier::apply_to(ports::StoreTransaction& transaction, const Mapping& mapping,
                               std::span<const ChangeEvent> events) {
  const rules::Context context = timing_.context(mapping);
  RecordBatch batch(mapping);
  std::vector<Meeting> meetings;
  std::vector<ports::CreateIntent> intents =
      DUET_TRY(unanswered_creates(transaction, mapping, events, context.our_user));
  UnsentRows unsent(mapping);
  for (const ChangeEvent& event : events) {
    const bool theirs = event.object == mapping.object && event.kind == EventKind::create &&
                        event.commit_user != context.our_user && event.record_ids.size() == 1;
    if (theirs) unsent.want(event.record_ids.front(), event.fields);
  }
  DUET_TRY(unsent.find(transaction));
  for (const ChangeEvent& event : events) {
    if (event.object != mapping.object) continue;
    if (event.wildcard || event.kind == EventKind::gap_overflow) {
      DUET_TRY(transaction.mark_range_dirty(mapping, event.committed_at, std::string(duet::name_of(event.kind))));
      continue;
    }
    const std::string key = rules::key_text(value_of(event.fields, mapping.upsert_field));
    for (const std::string& sfid : event.record_ids) {
      RecordRef ref{std::nullopt, sfid, key};
      const auto intent = std::ranges::find_if(intents, [&](const ports::CreateIntent& each) {
        return event.commit_user == context.our_user && rules::tells_of_create(mapping, each.attempt, event);
      });
      if (intent != intents.end()) {
        ref.row_id = intent->ref.row_id;
        intents.erase(intent);
      } else {
        ref.row_id = unsent.row_of(sfid);
      }
      meetings.push_back({&event, batch.add(ref), sfid});
    }
  }
  if (meetings.empty()) return {};
  DUET_TRY(batch.lock(transaction));

  for (Meeting& meeting : meetings) {
    const ChangeEvent& event = *meeting.event;
    ++counters_.events_received;
    meeting.duplicate = versions_.is_duplicate(event.event_id, meeting.sfid);
    if (meeting.duplicate) {
      ++counters_.events_duplicate;
      continue;
    }
    RecordBatch::Entry& entry = batch.at(meeting.index);
    // The create was answered while we waited for its lock, and it is another record's.
    if (entry.record.ref.row_id && entry.record.row && !entry.record.row->sfid.empty() &&
        entry.record.row->sfid != meeting.sfid)
      return fail(ErrorKind::row_locked, "a create was answered while its event was applied");
    if (unsent.row_of(meeting.sfid) && entry.record.row && entry.record.row->sfid.empty() &&
        !entry.record.lane.attempts.empty())
      return fail(ErrorKind::row_locked, "a row was sent while it was matched with a record");
    const TimeMs version = rules::row_stamp(entry.record);
    const bool follows = versions_.follows(meeting.sfid, event.stamp);
    meeting.old = event.stamp < version;
    if (meeting.old) ++counters_.events_old;
    const bool was_dirty = entry.record.lane.dirty.has_value();
    rules::on_event(batch.turn(meeting.index, context), event, meeting.sfid, {follows});
    if (!was_dirty && entry.record.lane.dirty) ++counters_.records_dirty;
    // Only an event that gave the row its version makes the next of its second newer.
    const bool made_version = rules::row_stamp(entry.record) == event.stamp && (event.stamp > version || follows);
    versions_.note(meeting.sfid, made_version ? event.stamp : 0, event.event_id);
    ++counters_.records_applied;
  }
  for (const RecordBatch::Entry& entry : batch.entries()) {
    count(counters_, entry.change);
    if (entry.record.lane.held.size() > entry.before.lane.held.size()) ++counters_.values_held;
  }

  DUET_TRY(batch.write(transaction, [&](RecordBatch::Entry& entry, std::size_t index, const Error& error) {
    ++counters_.records_dirty;
    const rules::Turn turn{entry.record, entry.change, context};
    for (const Meeting& meeting : meetings) {
      if (batch.entry_index(meeting.index) != index || meeting.duplicate) continue;
      if (entry.record.lane.sfid.empty()) entry.record.lane.sfid = meeting.sfid;
      rules::hold_event(turn, *meeting.event, duet::name_of(error.kind));
    }
  }));
  for (const Meeting& meeting : meetings) {
    // What an old event tells, a newer read or event has marked.
    if (!meeting.duplicate && (!meeting.old || meeting.event->kind == EventKind::remove))
      stale_.note_event(mapping, *meeting.event, meeting.sfid, batch.at(meeting.index));
  }
  return {};
}

}  // namespace duet::engine
