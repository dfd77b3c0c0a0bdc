#include <algorithm>

#include "model/breaker.h"
#include "rules/canonical.h"
#include "rules/hold.h"
#include "rules/merge.h"
#include "rules/removal.h"

namespace duet::rules {

void tell_held_delete(const Turn& turn) {
  const Lane& lane = turn.lane();
  const FrozenDelete& held = *lane.frozen_delete;
  Issue issue;
  issue.kind = "conflict";
  issue.state = "open";
  issue.code = kHeldDeleteCode;
  issue.rule = name_of(ConflictPolicy::hold);
  if (held.by_app) {
    issue.message =
        "The row was deleted in the table while the record was changed in Salesforce; nothing is done until a person "
        "decides.";
    const FieldValues none;
    const FieldValues& old = lane.pending_delete ? lane.pending_delete->old_values : none;
    for (const auto& [name, value] : held.moved)
      issue.fields.push_back({name, value_of(old, name), value, Absent{}, {}});
  } else {
    issue.message =
        "The record was deleted in Salesforce while the table had unsent changes; nothing is done until a person "
        "decides.";
    for (const auto& [name, pending] : lane.pending)
      issue.fields.push_back({name, pending.base, Absent{}, row_value(turn, name), {}});
  }
  std::erase_if(turn.change.issues,
                [](const Issue& other) { return other.kind == "conflict" && other.code == kHeldDeleteCode; });
  turn.change.issues.push_back(std::move(issue));
}

void tell_decided_delete(const Turn& turn, ConflictPolicy policy, Side winner, std::string_view message,
                         const FieldValues& moved) {
  Issue issue;
  issue.kind = "conflict";
  issue.state = "decided";
  issue.rule = name_of(policy);
  issue.message = message;
  const Lane& lane = turn.lane();
  const std::string chosen(name_of(winner));
  if (lane.pending_delete) {
    for (const auto& [name, value] : moved)
      issue.fields.push_back({name, value_of(lane.pending_delete->old_values, name), value, Absent{}, chosen});
  } else {
    auto tell = [&](const std::string& name, const Value& base) {
      if (std::ranges::find(issue.fields, name, &IssueField::name) == issue.fields.end())
        issue.fields.push_back({name, base, Absent{}, row_value(turn, name), chosen});
    };
    for (const auto& [name, pending] : lane.pending) tell(name, pending.base);
    for (const auto& [name, frozen] : lane.frozen) tell(name, frozen.base);
    for (const Attempt& attempt : lane.attempts) {
      for (const auto& [name, sent] : attempt.fields) tell(name, sent.base);
    }
  }
  turn.change.issues.push_back(std::move(issue));
}

std::map<std::string, std::vector<Value>, std::less<>> values_of_ours(const Lane& lane) {
  std::map<std::string, std::vector<Value>, std::less<>> ours;
  auto add = [&](const std::string& name, const Value& value) {
    if (!is_absent(value)) ours[name].push_back(value);
  };
  for (const Attempt& attempt : lane.attempts) {
    for (const auto& [name, sent] : attempt.fields) {
      add(name, sent.base);
      add(name, sent.value);
    }
  }
  for (const auto& [name, pending] : lane.pending) add(name, pending.base);
  return ours;
}

namespace {

/// Whether the values name the parent of this reference by its external id.
bool names_parent_of(const Mapping& mapping, std::string_view reference, const FieldValues& values) {
  return std::ranges::any_of(mapping.fields, [&](const MappedField& field) {
    if (!field.parent || !equals_ignoring_case(field.parent->reference, reference)) return false;
    const Value& key = value_of(values, field.schema.name);
    return !is_absent(key) && !is_null(key);
  });
}

}  // namespace

FieldValues moved_since(const Turn& turn, const PendingDelete& removal, const FieldValues& remote_fields,
                        TimeMs stamp) {
  FieldValues moved;
  const auto* version = std::get_if<DateTime>(&value_of(removal.old_values, "SystemModstamp"));
  if (version && stamp < version->ms) return moved;
  for (const auto& [name, value] : remote_fields) {
    const MappedField* field = turn.mapping().find(name);
    if (!field || !field->schema.updateable || equal(field->schema, value, value_of(removal.old_values, name)))
      continue;
    // The app named the parent by its external id and never saw its Id.
    if (is_null(value_of(removal.old_values, name)) && names_parent_of(turn.mapping(), name, removal.old_values))
      continue;
    const auto ours = removal.ours.find(name);
    if (ours != removal.ours.end() &&
        std::ranges::any_of(ours->second, [&](const Value& each) { return equal(field->schema, value, each); }))
      continue;
    moved.emplace(name, value);
  }
  return moved;
}

void restore_deleted_row(const Turn& turn) {
  Lane& lane = turn.lane();
  const PendingDelete removal = *lane.pending_delete;
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
  if (lane.parked == kHeldByBreaker) lane.parked.clear();
  // What was held for the delete may be older than what brought the row back.
  if (!lane.held.empty()) mark_dirty(turn, "restored after a delete that gave way");
  touch(turn);
}

bool delete_gives_way(const Turn& turn, const FieldValues& moved, const Remote& remote) {
  if (moved.empty()) return false;
  Lane& lane = turn.lane();
  const ConflictPolicy policy = turn.mapping().delete_conflict;
  const PendingDelete& removal = *lane.pending_delete;
  if (policy == ConflictPolicy::hold) {
    if (!lane.frozen_delete) lane.frozen_delete = FrozenDelete{true, {}, removal.changed_at, remote.actor};
    for (const auto& [name, value] : moved) {
      const MappedField* field = turn.mapping().find(name);
      const auto [before, fresh] = lane.frozen_delete->moved.try_emplace(name, value);
      // Whoever wrote the new value saw the one before, unless a write of ours came between.
      if (!fresh && field && has_attempt(turn, *field) && !equal(field->schema, before->second, value))
        journal_conflict(turn, JournalReason::superseded, *field, value_of(removal.old_values, name), before->second,
                         value, Side::postgres, "order unknown", {{}, lane.frozen_delete->actor});
      before->second = value;
    }
    lane.frozen_delete->actor = remote.actor;
    lane.parked = kDeleteHeld;
    touch(turn);
    tell_held_delete(turn);
    return false;
  }
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
    tell_decided_delete(turn, policy, Side::postgres,
                        "The row was deleted in the table while the record was changed in Salesforce; the delete won.",
                        moved);
    return false;
  }
  tell_decided_delete(turn, policy, Side::salesforce,
                      "The row was deleted in the table while the record was changed in Salesforce; the row came back.",
                      moved);
  journal_removal(turn, removal, JournalReason::delete_conflict, name_of(policy));
  restore_deleted_row(turn);
  return true;
}

void delete_after_create(const Turn& turn, const Attempt& create, const FieldValues& told) {
  Lane& lane = turn.lane();
  if (lane.pending_delete) return;
  PendingDelete removal;
  removal.changed_at = {turn.context.database_now, turn.context.database_now};
  for (const MappedField& field : turn.mapping().fields) {
    const std::string& name = field.schema.name;
    const auto sent = create.fields.find(name);
    if (const Value& value = value_of(told, name); !is_absent(value)) {
      removal.old_values.emplace(name, value);
    } else if (sent != create.fields.end()) {
      removal.old_values.emplace(name, sent->second.value);
    } else if (equals_ignoring_case(name, turn.mapping().upsert_field)) {
      removal.old_values.emplace(name, lane.external_id);
    } else if (field.schema.updateable) {
      removal.old_values.emplace(name, Null{});
    }
  }
  for (const auto& [name, sent] : create.fields) removal.ours[name].push_back(sent.value);
  lane.pending_delete = std::move(removal);
  turn.change.lane_changed = true;
}

}  // namespace duet::rules
