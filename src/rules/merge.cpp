#include "rules/merge.h"

#include <algorithm>
#include <set>

#include "rules/canonical.h"
#include "rules/combine.h"
#include "rules/hold.h"

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

bool has_attempt(const Turn& turn, const MappedField& field) {
  const std::vector<const MappedField*> unit = unit_of(turn.mapping(), field);
  return std::ranges::any_of(turn.lane().attempts, [&](const Attempt& attempt) {
    return std::ranges::any_of(unit, [&](const MappedField* f) { return attempt.fields.contains(f->schema.name); });
  });
}

const Value& org_value(const Turn& turn, const MappedField& field) {
  const Lane& lane = turn.lane();
  if (const auto frozen = lane.frozen.find(field.schema.name); frozen != lane.frozen.end()) return frozen->second.org;
  if (const auto pending = lane.pending.find(field.schema.name); pending != lane.pending.end())
    return pending->second.base;
  return row_value(turn, field.schema.name);
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
  if (!turn.record.row || !lane.attempts.empty() || !lane.pending.empty() || lane.pending_create ||
      lane.pending_delete || !lane.frozen.empty())
    return;
  if (turn.record.row->last_op == "SYNCED" || turn.record.row->last_op == "FAILED") return;
  turn.record.row->last_op = "SYNCED";
  turn.change.last_op = "SYNCED";
  if (turn.change.row_action == RowAction::keep) turn.change.row_action = RowAction::update;
}

void drop_pending(const Turn& turn, std::string_view field, std::string_view message) {
  Lane& lane = turn.lane();
  auto found = lane.pending.find(field);
  if (found == lane.pending.end()) return;
  lane.pending.erase(found);
  turn.change.lane_changed = true;
  for (PendingLog& log : lane.log) std::erase(log.fields, field);
  std::erase_if(lane.log, [&](const PendingLog& log) {
    if (!log.fields.empty()) return false;
    turn.change.log.push_back({log.log_id, LogState::ignored, std::string(message)});
    return true;
  });
}

namespace {

/// When the app wrote its value, as far as the lane still knows it; database clock, 0 when it does not.
TimeMs local_time(const Lane& lane, const std::string& field) {
  if (auto pending = lane.pending.find(field); pending != lane.pending.end()) return pending->second.changed_at.from;
  for (auto attempt = lane.attempts.rbegin(); attempt != lane.attempts.rend(); ++attempt) {
    if (auto sent = attempt->fields.find(field); sent != attempt->fields.end()) return sent->second.changed_at.from;
  }
  return 0;
}

/// One issue for a group.
void tell_decided(const Turn& turn, const MappedField& field, const Value& base, const Value& salesforce,
                  const Value& postgres, Side winner, std::string_view rule, const Remote& remote) {
  const std::string& name = field.schema.name;
  const FieldGroup* group = turn.mapping().group_of(name);
  IssueField told{name, base, salesforce, postgres, std::string(name_of(winner))};
  if (group && !turn.change.issues.empty()) {
    Issue& last = turn.change.issues.back();
    const bool same = last.state == "decided" && last.rule == rule && !last.fields.empty() &&
                      turn.mapping().group_of(last.fields.back().name) == group &&
                      last.fields.back().chosen == told.chosen &&
                      std::ranges::find(last.fields, name, &IssueField::name) == last.fields.end();
    if (same) {
      last.fields.push_back(std::move(told));
      return;
    }
  }
  Issue issue;
  issue.kind = "conflict";
  issue.state = "decided";
  issue.message = "Both sides changed " + (group ? group->name : name) + "; " + std::string(name_of(winner)) + " won.";
  issue.rule = rule;
  issue.salesforce_actor = remote.actor;
  issue.salesforce_at = remote.changed_at.from;
  issue.postgres_at = local_time(turn.lane(), name);
  issue.fields.push_back(std::move(told));
  turn.change.issues.push_back(std::move(issue));
}

}  // namespace

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
  const TimeMs local_at = local_time(turn.lane(), field.schema.name);
  entry.lost_at = remote_wins ? local_at : remote.changed_at.from;
  entry.kept_at = remote_wins ? remote.changed_at.from : local_at;
  turn.change.journal.push_back(std::move(entry));

  if (reason != JournalReason::conflict && reason != JournalReason::late_conflict) return;
  tell_decided(turn, field, base, salesforce, postgres, winner, rule, remote);
}

void journal_merge(const Turn& turn, ConflictPolicy policy, const MappedField& field, const Value& base,
                   const Value& salesforce, const Value& postgres, const Value& merged, const Remote& remote) {
  if (policy != ConflictPolicy::max && policy != ConflictPolicy::min) return;
  const bool remote_wins = equal(field.schema, merged, salesforce);
  if (remote_wins && equal(field.schema, merged, postgres)) return;
  journal_conflict(turn, JournalReason::merge, field, base, salesforce, postgres,
                   remote_wins ? Side::salesforce : Side::postgres, name_of(policy), remote);
}

const Value& last_sent(const Lane& lane, const MappedField& field, const Value& org) {
  for (auto attempt = lane.attempts.rbegin(); attempt != lane.attempts.rend(); ++attempt) {
    if (auto sent = attempt->fields.find(field.schema.name); sent != attempt->fields.end()) return sent->second.value;
  }
  return org;
}

void write_forward(const Turn& turn, const MappedField& field, const Value& value, const Value& base) {
  if (!turn.record.row) return;
  set_row(turn, field.schema.name, value);
  const TimeInterval now{turn.context.database_now, turn.context.database_now};
  turn.lane().pending[field.schema.name] = PendingField{base, now};
  turn.change.lane_changed = true;
  if (turn.change.forward.empty()) turn.change.forward.push_back({LogAction::update, {}});
  std::vector<std::string>& fields = turn.change.forward.front().fields;
  if (std::ranges::find(fields, field.schema.name) == fields.end()) fields.push_back(field.schema.name);
  turn.record.row->last_op = "PENDING";
  turn.change.last_op = "PENDING";
  if (turn.change.row_action == RowAction::keep) turn.change.row_action = RowAction::update;
}

std::vector<const MappedField*> unit_of(const Mapping& mapping, const MappedField& field) {
  const FieldGroup* group = mapping.group_of(field.schema.name);
  if (!group) return {&field};
  std::vector<const MappedField*> members;
  for (const std::string& name : group->fields) {
    if (const MappedField* member = mapping.find(name)) members.push_back(member);
  }
  return members;
}

namespace {

/// Both values become one: the row has it, and what the org lacks of it goes out.
bool merge_values(const Turn& turn, const MappedField& field, ConflictPolicy policy, PendingField& pending,
                  const Value& value, const Remote& remote) {
  const std::string& name = field.schema.name;
  const Value local = row_value(turn, name);
  const auto merged = combine(policy, field.schema, pending.base, local, value);
  if (!merged) return false;
  journal_merge(turn, policy, field, pending.base, value, local, *merged, remote);
  if (!equal(field.schema, *merged, local)) set_row(turn, name, *merged);
  if (equal(field.schema, *merged, value)) {
    drop_pending(turn, name);
  } else {
    pending.base = value;
    turn.change.lane_changed = true;
  }
  return true;
}

/// What a member of a group is on both sides.
struct Member {
  const MappedField* field = nullptr;
  Value base;    ///< what the org was known to hold
  Value remote;  ///< what the source says that it holds
  Value local;
  bool pending = false;
};

std::vector<Member> members_of(const Turn& turn, const std::vector<const MappedField*>& unit,
                               const FieldValues& values) {
  std::vector<Member> members;
  for (const MappedField* field : unit) {
    const std::string& name = field->schema.name;
    Member member{field, row_value(turn, name), {}, row_value(turn, name), false};
    if (auto pending = turn.lane().pending.find(name); pending != turn.lane().pending.end()) {
      member.base = pending->second.base;
      member.pending = true;
    }
    const Value& spoken = value_of(values, name);
    member.remote = is_absent(spoken) ? member.base : spoken;
    members.push_back(std::move(member));
  }
  return members;
}

void decide_group(const Turn& turn, const std::vector<Member>& members, const Remote& remote) {
  Lane& lane = turn.lane();
  const ConflictPolicy policy = turn.mapping().policy_for(members.front().field->schema.name);
  TimeInterval local_at;
  for (const Member& member : members) {
    auto pending = lane.pending.find(member.field->schema.name);
    if (pending != lane.pending.end() && pending->second.changed_at.from >= local_at.from)
      local_at = pending->second.changed_at;
  }
  if (policy == ConflictPolicy::hold) {
    for (const Member& member : members)
      freeze(turn, *member.field,
             {member.base, member.remote, member.remote, remote.changed_at, remote.actor, local_at});
    return tell_held(turn);
  }
  const Side winner = decide(policy, local_at, remote.changed_at, turn.context);
  for (const Member& member : members) {
    const MappedField& field = *member.field;
    const bool differs = !equal(field.schema, member.remote, member.local);
    const Value& lost = winner == Side::salesforce ? member.local : member.remote;
    if (differs && !equal(field.schema, lost, member.base)) {
      journal_conflict(turn, JournalReason::conflict, field, member.base, member.remote, member.local, winner,
                       name_of(policy), remote);
    }
    if (winner == Side::salesforce && is_absent(member.remote)) mark_dirty(turn, "what the org holds is not known");
    if (winner == Side::salesforce || !differs) {
      drop_pending(turn, field.schema.name);
      if (differs) set_row(turn, field.schema.name, member.remote);
    } else if (member.pending) {
      lane.pending.find(field.schema.name)->second.base = member.remote;
      turn.change.lane_changed = true;
    } else {
      // The app did not touch this one, but it goes with the others.
      write_forward(turn, field, member.local, member.remote);
    }
  }
}

void merge_group(const Turn& turn, const std::vector<const MappedField*>& unit, const FieldValues& values,
                 const Remote& remote) {
  const bool frozen =
      std::ranges::any_of(unit, [&](const MappedField* f) { return is_frozen(turn.lane(), f->schema.name); });
  const std::vector<Member> members = members_of(turn, unit, values);
  const bool local_moved = std::ranges::any_of(
      members, [](const Member& m) { return m.pending && !equal(m.field->schema, m.local, m.base); });
  if (frozen) {
    for (const MappedField* field : unit) note_frozen(turn, *field, value_of(values, field->schema.name), remote);
    return reconsider(turn, *unit.front());
  }
  if (!local_moved) {
    for (const Member& member : members)
      merge_field(turn, *member.field, value_of(values, member.field->schema.name), remote);
    return;
  }
  const bool remote_moved =
      std::ranges::any_of(members, [](const Member& m) { return !equal(m.field->schema, m.remote, m.base); });
  if (!remote_moved) return;
  const bool agree =
      std::ranges::all_of(members, [](const Member& m) { return equal(m.field->schema, m.remote, m.local); });
  if (agree) {
    for (const Member& member : members) drop_pending(turn, member.field->schema.name);
    return;
  }
  decide_group(turn, members, remote);
}

}  // namespace

void merge_fields(const Turn& turn, const FieldValues& values, const Remote& remote) {
  std::set<const FieldGroup*> merged;
  for (const auto& [name, value] : values) {
    const MappedField* field = turn.mapping().find(name);
    if (!field) continue;
    const FieldGroup* group = turn.mapping().group_of(field->schema.name);
    if (!group) {
      merge_field(turn, *field, value, remote);
    } else if (merged.insert(group).second) {
      merge_group(turn, unit_of(turn.mapping(), *field), values, remote);
    }
  }
}

void merge_field(const Turn& turn, const MappedField& field, const Value& value, const Remote& remote) {
  if (is_absent(value)) return;
  const std::string& name = field.schema.name;
  Lane& lane = turn.lane();
  if (is_frozen(lane, name)) return meet_frozen(turn, field, value, remote);
  auto pending = lane.pending.find(name);
  if (pending == lane.pending.end()) {
    if (!equal(field.schema, row_value(turn, name), value)) set_row(turn, name, value);
    return;
  }
  const bool moved = !equal(field.schema, row_value(turn, name), pending->second.base);
  if (!moved && !equal(field.schema, value, pending->second.base)) {
    // The app took its change back, or the field only goes along with its group: nothing is lost.
    drop_pending(turn, name);
    return set_row(turn, name, value);
  }
  ConflictPolicy policy = turn.mapping().policy_for(name);
  if (is_merge_function(policy)) {
    if (equal(field.schema, value, pending->second.base)) return;
    if (merge_values(turn, field, policy, pending->second, value, remote)) return;
    policy = turn.mapping().conflict;
  }
  const Value local = row_value(turn, name);
  if (equal(field.schema, value, local)) {
    drop_pending(turn, name);
    return;
  }
  if (equal(field.schema, value, pending->second.base)) return;
  if (policy == ConflictPolicy::hold) {
    freeze(turn, field,
           {pending->second.base, value, value, remote.changed_at, remote.actor, pending->second.changed_at});
    return tell_held(turn);
  }

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
