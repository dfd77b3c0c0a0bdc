#include "rules/merge.h"

#include <algorithm>

#include "rules/canonical.h"

namespace duet::rules {

Side decide(ConflictPolicy policy, const TimeInterval& local, const TimeInterval& remote, const Context& context) {
  if (policy == ConflictPolicy::salesforce) return Side::salesforce;
  if (policy == ConflictPolicy::postgres) return Side::postgres;
  const TimeMs local_from = local.from + context.offset_ms - context.uncertainty_ms;
  return local_from > remote.to ? Side::postgres : Side::salesforce;
}

const Value& row_value(const Turn& turn, std::string_view field) {
  static const FieldValues none;
  return value_of(turn.record.row ? turn.record.row->values : none, field);
}

void set_row(const Turn& turn, std::string_view field, const Value& value) {
  if (!turn.record.row || is_absent(value)) return;
  Value& current = turn.record.row->values[std::string(field)];
  if (current == value) return;
  current = value;
  turn.change.set[std::string(field)] = value;
  if (turn.change.row_action == RowAction::keep) turn.change.row_action = RowAction::update;
}

TimeMs row_stamp(const Record& record) {
  if (!record.row) return 0;
  const auto* stamp = std::get_if<DateTime>(&value_of(record.row->values, "SystemModstamp"));
  return stamp ? stamp->ms : 0;
}

void raise_row_stamp(const Turn& turn, TimeMs stamp) {
  if (stamp > row_stamp(turn.record)) set_row(turn, "SystemModstamp", DateTime{stamp});
}

bool has_attempt(const Lane& lane, std::string_view field) {
  return std::ranges::any_of(lane.attempts, [&](const Attempt& attempt) { return attempt.fields.contains(field); });
}

void touch(const Turn& turn) {
  ++turn.lane().revision;
  turn.change.lane_changed = true;
}

void mark_dirty(const Turn& turn, std::string_view reason) {
  if (!turn.lane().dirty) turn.lane().dirty = Dirty{std::string(reason), turn.context.now, 0};
  touch(turn);
}

void mark_synced_if_at_rest(const Turn& turn) {
  const Lane& lane = turn.lane();
  if (!turn.record.row || !lane.attempts.empty() || !lane.pending.empty() || lane.pending_create || lane.pending_delete)
    return;
  if (turn.record.row->last_op == "SYNCED" || turn.record.row->last_op == "FAILED") return;
  turn.record.row->last_op = "SYNCED";
  turn.change.last_op = "SYNCED";
  if (turn.change.row_action == RowAction::keep) turn.change.row_action = RowAction::update;
}

void drop_pending(const Turn& turn, std::string_view field) {
  Lane& lane = turn.lane();
  auto found = lane.pending.find(field);
  if (found == lane.pending.end()) return;
  lane.pending.erase(found);
  turn.change.lane_changed = true;
  for (PendingLog& log : lane.log) std::erase(log.fields, field);
  std::erase_if(lane.log, [&](const PendingLog& log) {
    if (!log.fields.empty()) return false;
    turn.change.log.push_back({log.log_id, LogState::ignored, {}});
    return true;
  });
}

void journal_conflict(const Turn& turn, JournalReason reason, const MappedField& field, const Value& base,
                      const Value& salesforce, const Value& postgres, Side winner, std::string_view rule,
                      const Remote& remote) {
  const bool remote_wins = winner == Side::salesforce;
  JournalEntry entry;
  entry.reason = reason;
  entry.field = field.schema.name;
  entry.base = base;
  entry.lost = remote_wins ? postgres : salesforce;
  entry.kept = remote_wins ? salesforce : postgres;
  entry.lost_side = remote_wins ? Side::postgres : Side::salesforce;
  entry.rule = rule;
  entry.actor = remote_wins ? remote.actor : "";
  entry.lost_actor = remote_wins ? "" : remote.actor;
  entry.lost_at = remote_wins ? turn.context.database_now : remote.changed_at.from;
  entry.kept_at = remote_wins ? remote.changed_at.from : 0;
  turn.change.journal.push_back(std::move(entry));

  if (reason != JournalReason::conflict && reason != JournalReason::late_conflict) return;
  Issue issue;
  issue.kind = "conflict";
  issue.state = "decided";
  issue.message = "Both sides changed " + field.schema.name + "; " + std::string(name_of(winner)) + " won.";
  issue.rule = rule;
  issue.salesforce_actor = remote.actor;
  issue.salesforce_at = remote.changed_at.from;
  issue.fields.push_back({field.schema.name, base, salesforce, postgres, std::string(name_of(winner))});
  turn.change.issues.push_back(std::move(issue));
}

void merge_field(const Turn& turn, const MappedField& field, const Value& value, const Remote& remote) {
  if (is_absent(value)) return;
  const std::string& name = field.schema.name;
  Lane& lane = turn.lane();
  auto pending = lane.pending.find(name);
  if (pending == lane.pending.end()) {
    if (!equal(field.schema, row_value(turn, name), value)) set_row(turn, name, value);
    return;
  }
  const Value local = row_value(turn, name);
  if (equal(field.schema, value, local)) {
    drop_pending(turn, name);
    return;
  }
  if (equal(field.schema, value, pending->second.base)) return;

  const ConflictPolicy policy = turn.mapping().policy_for(name);
  const Side winner = decide(policy, pending->second.changed_at, remote.changed_at, turn.context);
  journal_conflict(turn, JournalReason::conflict, field, pending->second.base, value, local, winner, name_of(policy),
                   remote);
  if (winner == Side::salesforce) {
    drop_pending(turn, name);
    set_row(turn, name, value);
  } else {
    pending->second.base = value;
    turn.change.lane_changed = true;
  }
}

}  // namespace duet::rules
