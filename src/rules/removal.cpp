#include "rules/removal.h"

#include <algorithm>

#include "rules/canonical.h"
#include "rules/merge.h"

namespace duet::rules {
namespace {

struct LocalChanges {
  bool any = false;
  TimeInterval changed_at;
};

/// What the app wrote and the org has not confirmed: pending, in flight and unknown fields.
LocalChanges unconfirmed(const Lane& lane) {
  LocalChanges local;
  auto add = [&](const TimeInterval& changed_at) {
    if (!local.any || changed_at.from > local.changed_at.from) local.changed_at = changed_at;
    local.any = true;
  };
  for (const auto& [name, pending] : lane.pending) add(pending.changed_at);
  for (const Attempt& attempt : lane.attempts) {
    // That the record could be deleted proves its create.
    if (attempt.state == AttemptState::accepted || attempt.kind == AttemptKind::create) continue;
    for (const auto& [name, sent] : attempt.fields) add(sent.changed_at);
  }
  return local;
}

void journal_row(const Turn& turn, JournalReason reason, Side lost_side, std::string_view rule, const Remote& remote) {
  JournalEntry entry;
  entry.reason = reason;
  entry.lost_side = lost_side;
  entry.rule = rule;
  (lost_side == Side::salesforce ? entry.lost_actor : entry.actor) = remote.actor;
  entry.lost_at = lost_side == Side::salesforce ? remote.changed_at.from : turn.context.database_now;
  entry.whole_row = true;
  turn.change.journal.push_back(entry);
  // Where the delete lost, the app's values go out again with the new record.
  if (lost_side == Side::salesforce) return;
  entry.whole_row = false;
  const Lane& lane = turn.lane();
  auto lose = [&](const std::string& name, const Value& base, const Value& value) {
    entry.field = name;
    entry.base = base;
    entry.lost = value;
    entry.kept = Absent{};
    turn.change.journal.push_back(entry);
  };
  for (const auto& [name, pending] : lane.pending) lose(name, pending.base, row_value(turn, name));
  for (const Attempt& attempt : lane.attempts) {
    for (const auto& [name, sent] : attempt.fields) lose(name, sent.base, sent.value);
  }
}

/// The record went before the stream told what the org made of our writes.
void journal_unsettled(const Turn& turn, const Remote& remote) {
  for (const Attempt& attempt : turn.lane().attempts) {
    for (const auto& [name, sent] : attempt.fields) {
      JournalEntry entry;
      entry.reason = JournalReason::deleted;
      entry.field = name;
      entry.base = sent.base;
      entry.lost = sent.value;
      entry.rule = "delete";
      entry.actor = remote.actor;
      entry.lost_at = turn.context.database_now;
      entry.attempt = attempt.token;
      turn.change.journal.push_back(std::move(entry));
    }
  }
}

void ignore_log(const Turn& turn) {
  Lane& lane = turn.lane();
  for (const PendingLog& log : lane.log) turn.change.log.push_back({log.log_id, LogState::ignored, {}});
  for (const Attempt& attempt : lane.attempts) {
    if (attempt.state == AttemptState::accepted) continue;
    for (const PendingLog& log : attempt.log) turn.change.log.push_back({log.log_id, LogState::ignored, {}});
  }
}

void clear_lane(const Turn& turn) {
  Lane& lane = turn.lane();
  const std::int64_t revision = lane.revision;
  std::string sfid = lane.sfid;
  std::string external_id = lane.external_id;
  const auto row_id = lane.row_id;
  lane = Lane{};
  lane.revision = revision;
  lane.sfid = std::move(sfid);
  lane.external_id = std::move(external_id);
  lane.row_id = row_id;
  lane.tombstone = Tombstone{turn.context.now + turn.context.tombstone_ms};
  touch(turn);
}

/// The record lives on as a new one: its changes go out as a create on the same external id.
void create_anew(const Turn& turn) {
  Lane& lane = turn.lane();
  std::vector<PendingLog> log;
  for (Attempt& attempt : lane.attempts) {
    for (auto& [name, sent] : attempt.fields) lane.pending.try_emplace(name, PendingField{Absent{}, sent.changed_at});
    if (attempt.state != AttemptState::accepted) log.insert(log.end(), attempt.log.begin(), attempt.log.end());
  }
  log.insert(log.end(), lane.log.begin(), lane.log.end());
  for (auto& [name, pending] : lane.pending) pending.base = Absent{};
  lane.log = std::move(log);
  lane.attempts.clear();
  lane.held.clear();
  lane.dirty.reset();
  lane.former_sfid = lane.sfid;
  lane.sfid.clear();
  lane.pending_create = true;
  // Somebody may have used the key for another record since.
  lane.key_checked = false;
  turn.record.row->sfid.clear();
  turn.change.set_sfid = "";
  if (turn.change.row_action == RowAction::keep) turn.change.row_action = RowAction::update;
  touch(turn);
}

}  // namespace

void journal_held(const Turn& turn, JournalReason reason) {
  for (const auto& [name, held] : turn.lane().held) {
    for (const HeldValue& value : held) {
      if (value.own) continue;
      JournalEntry entry;
      entry.reason = reason;
      entry.field = name;
      entry.lost = value.value;
      entry.lost_side = Side::salesforce;
      entry.rule = "delete";
      entry.lost_actor = value.actor;
      entry.lost_at = value.changed_at.from;
      turn.change.journal.push_back(std::move(entry));
    }
  }
}

void journal_removal(const Turn& turn, const PendingDelete& removal, JournalReason reason, std::string_view rule) {
  JournalEntry entry;
  entry.reason = reason;
  entry.lost_side = Side::postgres;
  entry.rule = rule;
  entry.lost_at = removal.changed_at.from;
  turn.change.journal.push_back(std::move(entry));
}

void on_remote_delete(const Turn& turn, const Remote& remote, bool own) {
  Lane& lane = turn.lane();
  const bool ours = own || lane.pending_delete ||
                    std::ranges::any_of(lane.attempts, [](const Attempt& a) { return a.kind == AttemptKind::remove; });
  if (ours) {
    journal_held(turn, JournalReason::late_conflict);
    if (lane.pending_delete) turn.change.log.push_back({lane.pending_delete->log_id, LogState::ignored, {}});
    for (const PendingLog& log : lane.log) turn.change.log.push_back({log.log_id, LogState::ignored, {}});
    for (const Attempt& attempt : lane.attempts) {
      if (attempt.state == AttemptState::accepted) continue;
      const LogState state = attempt.kind == AttemptKind::remove ? LogState::success : LogState::ignored;
      for (const PendingLog& log : attempt.log) turn.change.log.push_back({log.log_id, state, {}});
    }
    clear_lane(turn);
    return;
  }
  if (!turn.record.row) {
    ignore_log(turn);
    clear_lane(turn);
    return;
  }

  const LocalChanges local = unconfirmed(lane);
  if (!local.any) {
    journal_held(turn, JournalReason::deleted);
    journal_unsettled(turn, remote);
  }
  if (local.any) {
    const ConflictPolicy policy = turn.mapping().delete_conflict;
    // `newest`: the delete loses unless it is strictly later.
    const TimeMs local_to = local.changed_at.to + turn.context.offset_ms + turn.context.uncertainty_ms;
    const bool local_wins =
        policy == ConflictPolicy::postgres || (policy == ConflictPolicy::newest && remote.changed_at.from <= local_to);
    if (local_wins && !turn.mapping().upsert_field.empty()) {
      journal_held(turn, JournalReason::delete_conflict);
      journal_row(turn, JournalReason::delete_conflict, Side::salesforce, name_of(policy), remote);
      create_anew(turn);
      return;
    }
    journal_row(turn, JournalReason::delete_conflict, Side::postgres, name_of(policy), remote);
    journal_held(turn, JournalReason::delete_conflict);
    Issue issue;
    issue.kind = "conflict";
    issue.state = "decided";
    issue.rule = name_of(policy);
    issue.message = "The record was deleted in Salesforce while the table had unsent changes; the delete won.";
    turn.change.issues.push_back(std::move(issue));
  }
  ignore_log(turn);
  turn.change.row_action = RowAction::remove;
  turn.record.row.reset();
  clear_lane(turn);
}

FieldValues moved_since(const Turn& turn, const PendingDelete& removal, const FieldValues& remote_fields) {
  FieldValues moved;
  for (const auto& [name, value] : remote_fields) {
    const MappedField* field = turn.mapping().find(name);
    if (!field || !field->schema.updateable || equal(field->schema, value, value_of(removal.old_values, name)))
      continue;
    moved.emplace(name, value);
  }
  return moved;
}

bool delete_gives_way(const Turn& turn, const FieldValues& moved, const Remote& remote) {
  if (moved.empty()) return false;
  Lane& lane = turn.lane();
  const ConflictPolicy policy = turn.mapping().delete_conflict;
  const PendingDelete& removal = *lane.pending_delete;
  const TimeMs delete_from = removal.changed_at.from + turn.context.offset_ms - turn.context.uncertainty_ms;
  const bool delete_wins =
      policy == ConflictPolicy::postgres || (policy == ConflictPolicy::newest && delete_from > remote.changed_at.to);
  if (delete_wins) {
    for (const auto& [name, value] : moved) {
      const MappedField* field = turn.mapping().find(name);
      if (!field) continue;
      journal_conflict(turn, JournalReason::delete_conflict, *field, value_of(removal.old_values, name), value,
                       Absent{}, Side::postgres, name_of(policy), remote);
    }
    return false;
  }
  journal_removal(turn, removal, JournalReason::delete_conflict, name_of(policy));
  turn.change.log.push_back({removal.log_id, LogState::ignored, {}});
  Row row;
  row.id = lane.row_id.value_or(0);
  row.sfid = lane.sfid;
  row.values = removal.old_values;
  row.last_op = "SYNCED";
  turn.change.row_action = RowAction::insert;
  if (lane.row_id) turn.change.insert_id = lane.row_id;
  turn.change.set = row.values;
  turn.change.set_sfid = row.sfid;
  turn.record.row = std::move(row);
  lane.pending_delete.reset();
  touch(turn);
  return true;
}

void delete_after_create(const Turn& turn) {
  Lane& lane = turn.lane();
  if (lane.pending_delete) return;
  PendingDelete removal;
  removal.changed_at = {turn.context.database_now, turn.context.database_now};
  if (!lane.attempts.empty()) {
    for (const auto& [name, sent] : lane.attempts.back().fields) removal.old_values.emplace(name, sent.value);
  }
  lane.pending_delete = std::move(removal);
  turn.change.lane_changed = true;
}

}  // namespace duet::rules
