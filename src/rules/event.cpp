#include "rules/event.h"

#include <algorithm>
#include <array>

#include "rules/canonical.h"
#include "rules/capture.h"
#include "rules/merge.h"
#include "rules/outcome.h"
#include "rules/parent.h"
#include "rules/removal.h"
#include "rules/settle.h"

namespace duet::rules {
namespace {

constexpr auto kSystemFields =
    std::to_array<std::string_view>({"LastModifiedDate", "LastModifiedById", "SystemModstamp", "CreatedDate",
                                     "CreatedById", "Id", "IsDeleted", "OwnerId"});

/// Fields that every write of the org sets by itself. OwnerId is one only where nobody sent it.
bool set_by_org(std::string_view field) { return std::ranges::find(kSystemFields, field) != kSystemFields.end(); }

bool carries_values_of(const Mapping& mapping, const ChangeEvent& event, const Attempt& attempt) {
  if (attempt.kind == AttemptKind::remove) return event.kind == EventKind::remove;
  if (event.kind == EventKind::remove || event.kind == EventKind::gap) return false;
  if ((attempt.kind == AttemptKind::create) != (event.kind == EventKind::create)) return false;
  if (event.kind == EventKind::create) {
    return std::ranges::all_of(attempt.fields, [&](const auto& sent) {
      const MappedField* field = mapping.find(sent.first);
      if (field && field->parent) return !is_absent(value_of(event.fields, field->parent->reference));
      return field && equal(field->schema, value_of(event.fields, sent.first), sent.second.value);
    });
  }
  return std::ranges::all_of(event.fields, [&](const auto& spoken) {
    auto sent = attempt.fields.find(spoken.first);
    if (sent == attempt.fields.end()) {
      return set_by_org(spoken.first) || !mapping.find(spoken.first) || sent_parent(mapping, attempt, spoken.first);
    }
    const MappedField* field = mapping.find(spoken.first);
    return field && equal(field->schema, spoken.second, sent->second.value);
  });
}

/// Of another's change, `changeOrigin` names the client where that gave itself a name.
std::string actor_of(const Turn& turn, const ChangeEvent& event) {
  if (event.client_token.empty() || event.commit_user == turn.context.our_user) return event.commit_user;
  return event.commit_user + " via " + event.client_token;
}

Remote remote_of(const Turn& turn, const ChangeEvent& event) {
  return {{event.stamp, event.stamp + kMsPerSecond}, actor_of(turn, event), true};
}

bool is_stamp(const MappedField& field) { return field.schema.name == "SystemModstamp"; }

/// Whether the event tells a field something that the row does not have.
bool differs(const Turn& turn, const ChangeEvent& event) {
  return std::ranges::any_of(event.fields, [&](const auto& spoken) {
    const MappedField* field = turn.mapping().find(spoken.first);
    return field && !is_stamp(*field) && !has_attempt(turn, *field) &&
           !equal(field->schema, spoken.second, org_value(turn, *field));
  });
}

void insert_row(const Turn& turn, const ChangeEvent& event, const std::string& sfid) {
  Lane& lane = turn.lane();
  Row row;
  row.sfid = sfid;
  row.last_op = "SYNCED";
  if (lane.row_id && event.kind == EventKind::undelete) {
    turn.change.insert_id = lane.row_id;
    row.id = *lane.row_id;
  }
  for (const MappedField& field : turn.mapping().fields) {
    if (field.schema.type == FieldType::id) continue;
    const Value& value = value_of(event.fields, field.schema.name);
    if (!is_absent(value)) row.values[field.schema.name] = value;
  }
  row.values["SystemModstamp"] = DateTime{event.stamp};
  turn.change.row_action = RowAction::insert;
  turn.change.set = row.values;
  turn.change.set_sfid = sfid;
  turn.record.row = std::move(row);
  if (lane.tombstone) {
    lane.tombstone.reset();
    touch(turn);
  }
}

bool was_sent(const Lane& lane, const MappedField& field, const Value& value) {
  return std::ranges::any_of(lane.attempts, [&](const Attempt& attempt) {
    const auto sent = attempt.fields.find(field.schema.name);
    return sent != attempt.fields.end() && equal(field.schema, sent->second.value, value);
  });
}

/// One record's stamps rise with its commits: an event from before what is held is delivered again.
bool older_than_held(const Lane& lane, std::string_view field, TimeMs stamp) {
  const auto held = lane.held.find(field);
  return held != lane.held.end() && !held->second.empty() && held->second.back().changed_at.from > stamp;
}

/// Fields that attempts wait for are held, unless they are older than the row: a restart makes the stream tell again
/// what is history. The others merge.
void apply_fields(const Turn& turn, const ChangeEvent& event, const Remote& remote, const Attempt* settled,
                  bool others) {
  FieldValues free;
  for (const auto& [name, value] : event.fields) {
    const MappedField* field = turn.mapping().find(name);
    if (!field || is_stamp(*field) || (settled && settled->fields.contains(name))) continue;
    const std::vector<const MappedField*> unit = unit_of(turn.mapping(), *field);
    auto waiting = std::ranges::find_if(turn.lane().attempts, [&](const Attempt& a) {
      return std::ranges::any_of(unit, [&](const MappedField* f) { return a.fields.contains(f->schema.name); });
    });
    if (waiting == turn.lane().attempts.end()) {
      if (others) free.emplace(name, value);
      continue;
    }
    // The version at the claim, where the row cannot be read.
    const TimeMs version = std::max(waiting->row_stamp, row_stamp(turn.record));
    if (event.stamp >= version && !older_than_held(turn.lane(), name, event.stamp)) {
      Remote held = remote;
      held.certain = remote.certain || event.stamp > version;
      // Field by field: automation may have changed one value of our write, so that the event as a whole is not known
      // to be ours, and left the others.
      held.own = (remote.own || event.commit_user == turn.context.our_user) && was_sent(turn.lane(), *field, value);
      hold(turn, name, value, held);
    }
  }
  merge_fields(turn, free, remote);
}

void learn_sfid(const Turn& turn, const std::string& sfid) {
  Lane& lane = turn.lane();
  if (lane.sfid != sfid) {
    lane.sfid = sfid;
    turn.change.lane_changed = true;
  }
  if (!turn.record.row || !turn.record.row->sfid.empty()) return;
  turn.record.row->sfid = sfid;
  turn.change.set_sfid = sfid;
  if (turn.change.row_action == RowAction::keep) turn.change.row_action = RowAction::update;
  end_create(turn);
}

bool wants_removal(const Lane& lane) {
  return lane.pending_delete ||
         std::ranges::any_of(lane.attempts, [](const Attempt& a) { return a.kind == AttemptKind::remove; });
}

/// What the org's automation added to a write of ours whose record the app has deleted since: the delete covers it, so
/// it is held until the delete settles and is journalled then.
void hold_additions(const Turn& turn, const ChangeEvent& event, const Attempt& own, const Remote& remote) {
  for (const auto& [name, value] : event.fields) {
    const MappedField* field = turn.mapping().find(name);
    if (!field || set_by_org(name)) continue;
    const bool key = equals_ignoring_case(name, turn.mapping().upsert_field);
    const bool blank = event.kind == EventKind::create && is_null(value);
    if (!key && !blank && !own.fields.contains(name)) hold(turn, name, value, remote);
  }
}

/// An event of a record that the app has deleted here.
void meet_removal(const Turn& turn, const ChangeEvent& event, const Remote& remote) {
  Lane& lane = turn.lane();
  if (const auto own = own_attempt(turn, event)) {
    const Attempt attempt = lane.attempts[*own];
    settle_by_event(turn, *own, event, remote);
    hold_additions(turn, event, attempt, remote);
    return;
  }
  if (lane.pending_delete &&
      std::ranges::none_of(lane.attempts, [](const Attempt& a) { return a.kind == AttemptKind::remove; })) {
    if (event.commit_user == turn.context.our_user) {
      FieldValues ours;
      for (const auto& [name, value] : event.fields) {
        const MappedField* field = turn.mapping().find(name);
        if (field && was_sent(lane, *field, value)) ours.emplace(name, value);
      }
      cover_moved(turn, ours);
    }
    const FieldValues moved = moved_since(turn, *lane.pending_delete, event.fields, event.stamp);
    const Value& version = value_of(lane.pending_delete->old_values, "SystemModstamp");
    if (!moved.empty() && !remote.certain && version == Value(DateTime{event.stamp})) {
      apply_fields(turn, event, remote, nullptr, false);
      return mark_dirty(turn, "two versions in the same second");
    }
    if (delete_gives_way(turn, moved, remote)) {
      apply_fields(turn, event, remote, nullptr, true);
      raise_row_stamp(turn, event.stamp);
      mark_dirty(turn, "restored after a delete that gave way");
    }
    return;
  }
  for (const auto& [name, value] : event.fields) {
    const MappedField* field = turn.mapping().find(name);
    if (!field || set_by_org(name)) continue;
    Remote held = remote;
    held.own = event.commit_user == turn.context.our_user && was_sent(lane, *field, value);
    hold(turn, name, value, held);
  }
}

/// The app deleted the row while its create was under way; the delete follows as soon as the record's Id is known.
void meet_vanished_row(const Turn& turn, const ChangeEvent& event, const std::string& sfid, const Remote& remote) {
  turn.lane().sfid = sfid;
  turn.change.lane_changed = true;
  const auto own = own_attempt(turn, event);
  if (!own) return apply_fields(turn, event, remote, nullptr, false);
  const Attempt attempt = turn.lane().attempts[*own];
  settle_by_event(turn, *own, event, remote);
  hold_additions(turn, event, attempt, remote);
  delete_after_create(turn, attempt, event.fields);
}

}  // namespace

bool tells_of_create(const Mapping& mapping, const Attempt& attempt, const ChangeEvent& event) {
  return attempt.kind == AttemptKind::create && event.kind == EventKind::create &&
         (event.client_token.empty() || event.client_token == attempt.token) &&
         carries_values_of(mapping, event, attempt);
}

bool holds_what_was_sent(const Mapping& mapping, const Attempt& attempt, const RecordRead& read) {
  return std::ranges::all_of(attempt.fields, [&](const auto& sent) {
    const MappedField* field = mapping.find(sent.first);
    return field && equal(field->schema, value_of(read.fields, sent.first), sent.second.value);
  });
}

std::optional<std::size_t> own_attempt(const Turn& turn, const ChangeEvent& event) {
  const auto& attempts = turn.lane().attempts;
  if (!event.client_token.empty()) {
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      if (attempts[i].token == event.client_token) return i;
    }
  }
  if (event.commit_user != turn.context.our_user) return std::nullopt;
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    if (event.stamp >= attempts[i].row_stamp && carries_values_of(turn.mapping(), event, attempts[i])) return i;
  }
  return std::nullopt;
}

void hold_event(const Turn& turn, const ChangeEvent& event, std::string_view reason) {
  Lane& lane = turn.lane();
  const auto own = own_attempt(turn, event);
  if (own) {
    for (std::size_t i = 0; i <= *own; ++i) {
      lane.attempts[i].passed = true;
      if (lane.attempts[i].state != AttemptState::unknown) continue;
      lane.attempts[i].state = AttemptState::accepted;
      finish_log(turn, lane.attempts[i]);
    }
  }
  Remote remote = remote_of(turn, event);
  remote.own = own.has_value();
  apply_fields(turn, event, remote, nullptr, false);
  mark_dirty(turn, reason);
}

namespace {

void meet_event(const Turn& turn, const ChangeEvent& event, const std::string& sfid, const EventFacts& facts);

}  // namespace

void on_event(const Turn& turn, const ChangeEvent& event, const std::string& sfid, const EventFacts& facts) {
  const std::optional<ChangeEvent> told = with_parent_keys(turn.mapping(), event);
  meet_event(turn, told ? *told : event, sfid, facts);
}

namespace {

void meet_event(const Turn& turn, const ChangeEvent& event, const std::string& sfid, const EventFacts& facts) {
  if (turn.record.busy) return hold_event(turn, event, "the row is locked by the application");
  absorb(turn);
  Lane& lane = turn.lane();
  const bool follows = facts.follows && !(lane.read_version && lane.read_version->stamp >= event.stamp);
  if (lane.read_version && lane.read_version->stamp < event.stamp) {
    lane.read_version.reset();
    turn.change.lane_changed = true;
  }
  Remote remote = remote_of(turn, event);
  remote.certain = follows;

  if (!lane.former_sfid.empty() && lane.former_sfid == sfid) {
    if (event.kind != EventKind::undelete) return;
    lane.former_sfid.clear();
  }
  if (event.kind == EventKind::gap || event.kind == EventKind::gap_overflow)
    return mark_dirty(turn, "gap in the stream");
  if (event.kind == EventKind::remove) {
    lane.sfid = sfid;
    const bool own = own_attempt(turn, event).has_value();
    if (!own && !lane.attempts.empty()) {
      // What is not settled may have happened after an undelete that the stream has not told yet: our own event, or a
      // read, will tell.
      if (!wants_removal(lane)) mark_dirty(turn, "deleted while an attempt was not settled");
      return;
    }
    return on_remote_delete(turn, remote, own);
  }
  if (lane.tombstone && event.kind != EventKind::undelete) return;
  if (event.kind == EventKind::undelete && lane.frozen_delete && !lane.frozen_delete->by_app) end_held_delete(turn);
  if (lane.frozen_delete && !lane.frozen_delete->by_app) {
    // A read told of the delete before the stream: what came before it is history.
    if (event.stamp > lane.frozen_delete->deleted_at.to) mark_dirty(turn, "changed although its delete waits");
    return;
  }
  if (wants_removal(lane)) return meet_removal(turn, event, remote);

  if (!turn.record.row && !lane.attempts.empty()) return meet_vanished_row(turn, event, sfid, remote);
  if (!turn.record.row) {
    // A read that is under way began before this event.
    if (lane.dirty) return touch(turn);
    if (event.kind == EventKind::create || event.kind == EventKind::undelete) {
      insert_row(turn, event, sfid);
      if (!event.unreadable_fields.empty()) mark_dirty(turn, "the event does not carry a value");
      return;
    }
    lane.sfid = sfid;
    return mark_dirty(turn, "change of a record that the table does not have");
  }

  learn_sfid(turn, sfid);
  const TimeMs version = row_stamp(turn.record);
  bool others = event.stamp >= version && !lane.dirty;
  const auto own = own_attempt(turn, event);
  Attempt settled;
  if (own) {
    settled = lane.attempts[*own];
    settle_by_event(turn, *own, event, remote);
  }
  if (!lane.dirty) release_orphans(turn);
  if (!own && event.commit_user != turn.context.our_user && event.stamp >= version &&
      (!lane.pending.empty() || !lane.attempts.empty())) {
    lane.contested_at = turn.context.now;
    turn.change.lane_changed = true;
  }
  if (others && event.stamp == version && !follows) {
    ChangeEvent rest = event;
    for (const auto& [name, sent] : settled.fields) rest.fields.erase(name);
    if (differs(turn, rest)) {
      mark_dirty(turn, "two versions in the same second");
      others = false;
    }
  }
  apply_fields(turn, event, remote, own ? &settled : nullptr, others);
  if (others) raise_row_stamp(turn, event.stamp);
  if (others && !event.unreadable_fields.empty()) mark_dirty(turn, "the event does not carry a changed value");
  if (!lane.attempts.empty() || lane.dirty) touch(turn);
  mark_synced_if_at_rest(turn);
}

}  // namespace

}  // namespace duet::rules
