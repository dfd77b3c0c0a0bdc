#include "rules/removal.h"

#include <algorithm>

#include "model/breaker.h"
#include "rules/canonical.h"
#include "rules/capture.h"
#include "rules/hold.h"
#include "rules/merge.h"
#include "rules/resolve.h"
#include "rules/settle.h"

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
  for (const auto& [name, frozen] : lane.frozen) add(frozen.postgres_at);
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
  for (const auto& [name, frozen] : lane.frozen) lose(name, frozen.base, row_value(turn, name));
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
  forget_frozen(turn, "delete");
  if (lane.frozen_delete) {
    turn.change.resolved_issues.emplace_back("conflict");
    // Whoever deleted the record in the org need not have seen what a write of ours covered.
    for (const auto& [name, value] : lane.frozen_delete->moved) {
      JournalEntry entry;
      entry.reason = JournalReason::deleted;
      entry.field = name;
      entry.lost = value;
      entry.lost_side = Side::salesforce;
      entry.rule = "delete";
      entry.lost_actor = lane.frozen_delete->actor;
      entry.lost_at = turn.context.database_now;
      turn.change.journal.push_back(std::move(entry));
    }
  }
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

/// The org deleted the record, the app has changes: the row stays as it is, and nothing goes out.
void hold_remote_delete(const Turn& turn, const Remote& remote) {
  Lane& lane = turn.lane();
  journal_held(turn, JournalReason::deleted);
  lane.held.clear();
  for (auto& [name, frozen] : lane.frozen)
    lane.pending.try_emplace(name, PendingField{frozen.base, frozen.postgres_at});
  forget_frozen(turn, "delete");
  std::vector<PendingLog> log;
  for (Attempt& attempt : lane.attempts) {
    for (auto& [name, sent] : attempt.fields) lane.pending.try_emplace(name, PendingField{sent.base, sent.changed_at});
    if (attempt.state != AttemptState::accepted) log.insert(log.end(), attempt.log.begin(), attempt.log.end());
  }
  lane.log.insert(lane.log.begin(), log.begin(), log.end());
  lane.attempts.clear();
  lane.dirty.reset();
  if (!lane.frozen_delete) lane.frozen_delete = FrozenDelete{false, {}, remote.changed_at, remote.actor};
  lane.parked = kDeleteHeld;
  touch(turn);
  tell_held_delete(turn);
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
  for (auto& [name, frozen] : lane.frozen) lane.pending.try_emplace(name, PendingField{Absent{}, frozen.postgres_at});
  forget_frozen(turn, "delete");
  end_held_delete(turn);
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

void cover_moved(const Turn& turn, const FieldValues& fields) {
  Lane& lane = turn.lane();
  if (!lane.frozen_delete || !lane.frozen_delete->by_app || !lane.pending_delete) return;
  FieldValues& moved = lane.frozen_delete->moved;
  for (const auto& [name, value] : fields) {
    const MappedField* field = turn.mapping().find(name);
    const auto covered = moved.find(name);
    if (!field || covered == moved.end()) continue;
    if (!equal(field->schema, covered->second, value))
      journal_conflict(turn, JournalReason::superseded, *field, value_of(lane.pending_delete->old_values, name),
                       covered->second, value, Side::postgres, name_of(ConflictPolicy::hold),
                       {{}, lane.frozen_delete->actor});
    moved.erase(covered);
  }
  if (moved.empty()) {
    end_held_delete(turn);
  } else {
    tell_held_delete(turn);
  }
}

void end_held_delete(const Turn& turn) {
  Lane& lane = turn.lane();
  if (!lane.frozen_delete) return;
  lane.frozen_delete.reset();
  if (lane.parked == kDeleteHeld) lane.parked.clear();
  turn.change.resolved_issues.emplace_back("conflict");
  touch(turn);
}

void journal_held(const Turn& turn, JournalReason reason) {
  for (const auto& [name, held] : turn.lane().held) {
    for (const HeldValue& value : held) {
      if (value.own) continue;
      JournalEntry entry;
      // What our own writes brought about is nobody's change that ours would have met.
      entry.reason = value.actor == turn.context.our_user ? JournalReason::superseded : reason;
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
  // A record that was merged into another lives on there: made anew, it would be a duplicate. Only a read tells.
  if (local.any && turn.mapping().can_merge && !remote.merged_into)
    return mark_dirty(turn, "deleted, and perhaps merged, while the table had unsent changes");
  const bool merged = remote.merged_into && !remote.merged_into->empty();
  if (local.any && !merged && turn.mapping().delete_conflict == ConflictPolicy::hold)
    return hold_remote_delete(turn, remote);
  if (!local.any) {
    journal_held(turn, JournalReason::deleted);
    journal_unsettled(turn, remote);
  }
  if (local.any) {
    const ConflictPolicy policy = turn.mapping().delete_conflict;
    // `newest`: the delete loses unless it is strictly later.
    const TimeMs local_to = local.changed_at.to + turn.context.offset_ms + turn.context.uncertainty_ms;
    const bool local_wins = !merged && (policy == ConflictPolicy::postgres ||
                                        (policy == ConflictPolicy::newest && remote.changed_at.from <= local_to));
    if (local_wins && !turn.mapping().upsert_field.empty()) {
      journal_held(turn, JournalReason::delete_conflict);
      journal_row(turn, JournalReason::delete_conflict, Side::salesforce, name_of(policy), remote);
      tell_decided_delete(turn, policy, Side::postgres,
                          "The record was deleted in Salesforce while the table had unsent changes; it was made anew.");
      create_anew(turn);
      return;
    }
    journal_row(turn, JournalReason::delete_conflict, Side::postgres, merged ? "merged" : name_of(policy), remote);
    journal_held(turn, JournalReason::delete_conflict);
    tell_decided_delete(
        turn, policy, Side::salesforce,
        merged ? "The record was merged into " + *remote.merged_into +
                     " in Salesforce while the table had unsent changes: they are in the journal."
               : "The record was deleted in Salesforce while the table had unsent changes; the delete won.");
  }
  ignore_log(turn);
  turn.change.row_action = RowAction::remove;
  turn.record.row.reset();
  clear_lane(turn);
}

ActionResult resolve_delete(const Turn& turn, Side side, const Person& person) {
  Lane& lane = turn.lane();
  if (turn.record.busy) return {ActionVerdict::busy, "The application holds the row locked: try again."};
  absorb(turn);
  if (!lane.frozen_delete)
    return {ActionVerdict::stale, "The record's delete waits for a decision no more: look at it again."};
  const FrozenDelete held = *lane.frozen_delete;
  const Remote remote{held.deleted_at, held.actor};
  struct Sign {
    std::vector<JournalEntry>& journal;
    std::size_t from;
    std::string actor;
    ~Sign() {
      for (std::size_t i = from; i < journal.size(); ++i) journal[i].actor = actor;
    }
  } sign{turn.change.journal, turn.change.journal.size(), actor_of(person)};
  if (!held.by_app) {
    if (side == Side::postgres) {
      if (turn.mapping().upsert_field.empty())
        return {ActionVerdict::refused,
                "Without an upsert field the record cannot be made anew: insert the row again."};
      journal_row(turn, JournalReason::delete_conflict, Side::salesforce, name_of(JournalReason::resolved), remote);
      create_anew(turn);
      return {};
    }
    journal_row(turn, JournalReason::delete_conflict, Side::postgres, name_of(JournalReason::resolved), remote);
    ignore_log(turn);
    turn.change.row_action = RowAction::remove;
    turn.record.row.reset();
    clear_lane(turn);
    return {};
  }
  if (!lane.pending_delete) return {ActionVerdict::stale, "The row is not deleted any more."};
  if (side == Side::postgres) {
    for (const auto& [name, value] : held.moved) {
      const MappedField* field = turn.mapping().find(name);
      if (!field) continue;
      journal_conflict(turn, JournalReason::delete_conflict, *field, value_of(lane.pending_delete->old_values, name),
                       value, Absent{}, Side::postgres, name_of(JournalReason::resolved), {{}, held.actor});
    }
    end_held_delete(turn);
    return {};
  }
  journal_removal(turn, *lane.pending_delete, JournalReason::delete_conflict, name_of(JournalReason::resolved));
  restore_deleted_row(turn);
  // Writes of ours that are not settled may have covered it since: their settlement finds out.
  for (const auto& [name, value] : held.moved) {
    const MappedField* field = turn.mapping().find(name);
    if (field && has_attempt(turn, *field)) hold(turn, name, value, {{}, held.actor, false});
  }
  end_held_delete(turn);
  mark_dirty(turn, "restored by a person's decision");
  return {};
}

}  // namespace duet::rules
