#include "rules/settle.h"

#include <algorithm>
#include <set>
#include <utility>

#include "rules/canonical.h"
#include "rules/hold.h"
#include "rules/late.h"
#include "rules/merge.h"
#include "rules/outcome.h"
#include "rules/removal.h"

namespace duet::rules {
namespace {

bool sent_later(const Lane& lane, std::size_t index, std::string_view field) {
  return std::any_of(lane.attempts.begin() + static_cast<std::ptrdiff_t>(index) + 1, lane.attempts.end(),
                     [&](const Attempt& attempt) { return attempt.fields.contains(field); });
}

bool sent_earlier(const Lane& lane, std::size_t index, std::string_view field) {
  return std::any_of(lane.attempts.begin(), lane.attempts.begin() + static_cast<std::ptrdiff_t>(index),
                     [&](const Attempt& attempt) { return attempt.fields.contains(field); });
}

/// Whether the held values are in the order of their commits: an event that was delivered again after a restart may
/// stand behind one of its own second.
bool in_order(std::span<const HeldValue> held) {
  return std::ranges::all_of(held, &HeldValue::certain) &&
         std::ranges::adjacent_find(held, [](const HeldValue& a, const HeldValue& b) {
           return a.changed_at.from == b.changed_at.from;
         }) == held.end();
}

/// What the org held before our own event, as far as the stream tells; Absent when it does not.
const Value& value_before(const Lane& lane, const MappedField& field, const SentField& sent) {
  const auto held = lane.held.find(field.schema.name);
  return held == lane.held.end() || held->second.empty() ? sent.base : held->second.back().value;
}

/// What our own event says about one field that its attempt sent; nothing when only a read can tell.
std::optional<Told> told_by_event(const Turn& turn, std::size_t index, const MappedField& field,
                                  const ChangeEvent& event) {
  const Lane& lane = turn.lane();
  const Attempt& attempt = lane.attempts[index];
  Told told{&field, attempt.fields.find(field.schema.name)->second, {}, nullptr, true};
  const Value& spoken = value_of(event.fields, field.schema.name);
  // An upsert may have met a record that existed: then its event is an update and speaks only of what changed.
  const bool whole = attempt.kind == AttemptKind::create && event.kind == EventKind::create;
  // Not spoken of: the org had our value before, put its own back, or the event of a change between is missing.
  // Of a parent's external id no event speaks.
  if (is_absent(spoken) && (!whole || field.parent) &&
      !equal(field.schema, value_before(lane, field, told.sent), told.sent.value))
    return std::nullopt;
  // What went along on a value of ours that is not settled either: the org may have put that back already.
  const bool along = equal(field.schema, told.sent.value, told.sent.base);
  if (is_absent(spoken) && !whole && along && sent_earlier(lane, index, field.schema.name)) return std::nullopt;
  told.org = !is_absent(spoken) ? spoken : whole ? Value(Null{}) : told.sent.value;
  // Without a token an event may be that of a later attempt that sent the same value again.
  told.order_known = !sent_later(lane, index, field.schema.name) || event.client_token == attempt.token;
  return told;
}

/// A person's decision waits on the field: what became of our write goes into the issue.
void settle_frozen(const Turn& turn, const Told& told, const std::vector<HeldValue>& held, bool later,
                   const Remote& remote) {
  if (!held.empty() && is_covered(*told.field, told.sent, held.back())) {
    journal_possibly_covered(turn, *told.field, told.sent, all_but_last(held), told.org);
    cover_frozen(turn, *told.field, held.back().value, told.sent.value, remote_of(held.back()));
  }
  if (!is_frozen(turn.lane(), told.field->schema.name)) return;
  turn.lane().frozen.find(told.field->schema.name)->second.org = told.sent.value;
  turn.change.lane_changed = true;
  if (told.kept()) return;
  if (later) {
    hold(turn, told.field->schema.name, told.org, remote);
  } else {
    note_frozen(turn, *told.field, told.org, remote);
  }
}

/// A create sends no null, so it may have sent only some fields of a group. Where somebody else made the record first,
/// the others are theirs, and what our event tells of is not the group.
bool met_in_part(const Turn& turn, const Attempt& attempt, const std::vector<const MappedField*>& sent,
                 const ChangeEvent& event) {
  if (attempt.kind != AttemptKind::create || event.kind == EventKind::create) return false;
  const std::vector<const MappedField*> group = unit_of(turn.mapping(), *sent.front());
  return sent.size() < group.size() &&
         std::ranges::any_of(
             group, [&](const MappedField* member) { return turn.lane().held.contains(member->schema.name); });
}

/// Decides the fields of an attempt whose own event was seen, all that win or lose together. False: only a read can
/// tell. What waits for a person's decision is left to the caller.
bool settle_unit(const Turn& turn, std::size_t index, const std::vector<const MappedField*>& fields,
                 const ChangeEvent& event, const Remote& remote) {
  if (met_in_part(turn, turn.lane().attempts[index], fields, event)) return false;
  std::vector<Told> unit;
  for (const MappedField* field : fields) {
    auto told = told_by_event(turn, index, *field, event);
    if (!told) return false;
    unit.push_back(std::move(*told));
  }
  const std::vector<Attempt> after(turn.lane().attempts.begin() + static_cast<std::ptrdiff_t>(index) + 1,
                                   turn.lane().attempts.end());
  std::vector<std::vector<HeldValue>> held;
  held.reserve(unit.size());
  bool later = false;
  for (Told& told : unit) {
    const std::string& name = told.field->schema.name;
    held.push_back(take_held(turn, name));
    told.edited = sent_earlier(turn.lane(), index, name) || !equal(told.field->schema, told.sent.value, told.sent.base);
    const bool written = !is_absent(value_of(event.fields, name));
    later = later || sent_later(turn.lane(), index, name);
    if (sent_earlier(turn.lane(), index, name) || !told.order_known || !in_order(held.back()))
      journal_possibly_covered(turn, *told.field, told.sent, written ? all_but_last(held.back()) : held.back(),
                               told.org);
    if (held.back().empty()) continue;
    const HeldValue& last = held.back().back();
    const bool counts = turn.mapping().policy_for(name) == ConflictPolicy::add;
    // Two counts may come to the same value; then our write was none, and its event does not speak of the field.
    const bool equal_count = counts && !last.own && equal(told.field->schema, last.value, told.sent.value) &&
                             !equal(told.field->schema, last.value, told.sent.base);
    if ((written && is_covered(*told.field, told.sent, last)) || equal_count) told.covered = &last;
  }
  const Late late = decide_late(turn, unit, after);
  FieldValues changed;
  for (const Told& told : unit) {
    const MappedField& field = *told.field;
    if (told.kept() || late == Late::merged || late == Late::held) continue;
    const Attempt& attempt = turn.lane().attempts[index];
    if (late == Late::theirs) {
      // The forward write replaces what the org's automation made of our value.
      journal_sent(turn, attempt, field, told.sent, told.org, remote);
      journal_conflict(turn, JournalReason::superseded, field, told.sent.value, told.org,
                       row_value(turn, field.schema.name), Side::postgres, "late winner", remote);
      continue;
    }
    if (!turn.lane().pending.contains(field.schema.name))
      journal_sent(turn, attempt, field, told.sent, told.org, remote);
    if (later || !turn.record.row) {
      hold(turn, field.schema.name, told.org, remote);
    } else {
      changed.emplace(field.schema.name, told.org);
    }
  }
  merge_fields(turn, changed, remote);
  return true;
}

/// What the attempt sent of a field; where that only went along, with the base of the older attempt that sent the value
/// first: of the two only this one stays in the lane.
SentField with_first_base(const Lane& lane, std::size_t index, const MappedField& field) {
  SentField sent = lane.attempts[index].fields.find(field.schema.name)->second;
  for (std::size_t older = index; older-- > 0 && equal(field.schema, sent.value, sent.base);) {
    const auto first = lane.attempts[older].fields.find(field.schema.name);
    if (first != lane.attempts[older].fields.end()) sent.base = first->second.base;
  }
  return sent;
}

/// A frozen field of an attempt that settles: looked at when the attempt is out of the lane.
struct Frozen {
  Told told;
  std::vector<HeldValue> held;
  bool later = false;
};

}  // namespace

void settle_by_event(const Turn& turn, std::size_t index, const ChangeEvent& event, const Remote& remote) {
  Lane& lane = turn.lane();
  std::vector<Attempt> silent;
  for (std::size_t i = 0; i <= index; ++i) {
    if (lane.attempts[i].state != AttemptState::accepted) finish_log(turn, lane.attempts[i]);
  }

  Attempt unread = lane.attempts[index];
  unread.fields.clear();
  std::vector<Frozen> frozen;
  std::set<std::string, std::less<>> done;
  std::vector<std::string> names;
  for (const auto& [name, sent] : lane.attempts[index].fields) names.push_back(name);
  for (const std::string& name : names) {
    const MappedField* field = turn.mapping().find(name);
    if (!field || done.contains(name)) continue;
    std::vector<const MappedField*> unit = unit_of(turn.mapping(), *field);
    std::erase_if(
        unit, [&](const MappedField* member) { return !lane.attempts[index].fields.contains(member->schema.name); });
    for (const MappedField* member : unit) done.insert(member->schema.name);
    if (is_frozen(lane, name)) {
      for (const MappedField* member : unit) {
        if (auto told = told_by_event(turn, index, *member, event)) {
          const bool later = sent_later(lane, index, member->schema.name);
          frozen.push_back({std::move(*told), take_held(turn, member->schema.name), later});
        } else {
          unread.fields.emplace(member->schema.name, with_first_base(lane, index, *member));
        }
      }
    } else if (!settle_unit(turn, index, unit, event, remote)) {
      for (const MappedField* member : unit) {
        const SentField sent = with_first_base(lane, index, *member);
        unread.fields.emplace(member->schema.name, sent);
        // The read decides about all of them; what the event says of one is not forgotten till then.
        const Value& spoken = value_of(event.fields, member->schema.name);
        if (is_absent(spoken)) continue;
        Remote said = remote;
        said.own = equal(member->schema, spoken, sent.value);
        hold(turn, member->schema.name, spoken, said);
      }
    }
  }

  // Older attempts were silent: a field that the event speaks of is decided by it, the others only by a read.
  FieldValues spoken_of;
  for (std::size_t older = 0; older < index; ++older) {
    Attempt rest = lane.attempts[older];
    std::erase_if(rest.fields, [&](const auto& entry) {
      if (lane.attempts[index].fields.contains(entry.first)) return true;
      const Value& spoken = value_of(event.fields, entry.first);
      const MappedField* field = turn.mapping().find(entry.first);
      if (!field) return true;
      if (is_absent(spoken)) return false;
      if (sent_later(lane, older, entry.first)) return false;
      const std::vector<HeldValue> held = take_held(turn, entry.first);
      journal_possibly_covered(turn, *field, entry.second, all_but_last(held), spoken);
      if (!held.empty() && is_covered(*field, entry.second, held.back()))
        journal_late(turn, {field, entry.second, spoken, &held.back(), false}, Side::postgres, "uncertain");
      if (!equal(field->schema, spoken, entry.second.value)) {
        journal_sent(turn, rest, *field, entry.second, spoken, remote);
        if (sent_later(lane, index, entry.first)) {
          hold(turn, entry.first, spoken, remote);
        } else {
          spoken_of.emplace(entry.first, spoken);
        }
      }
      return true;
    });
    if (!rest.fields.empty()) silent.push_back(std::move(rest));
  }
  if (!unread.fields.empty()) silent.push_back(std::move(unread));
  for (Attempt& attempt : silent) {
    attempt.state = AttemptState::accepted;
    attempt.passed = true;
    attempt.log.clear();
  }

  std::vector<Attempt> rest = std::move(silent);
  std::move(lane.attempts.begin() + static_cast<std::ptrdiff_t>(index) + 1, lane.attempts.end(),
            std::back_inserter(rest));
  lane.attempts = std::move(rest);
  lane.rounds = 0;
  touch(turn);
  merge_fields(turn, spoken_of, remote);
  cover_moved(turn, event.fields);
  for (const Frozen& each : frozen) settle_frozen(turn, each.told, each.held, each.later, remote);
  for (const Frozen& each : frozen) {
    if (is_frozen(lane, each.told.field->schema.name)) reconsider(turn, *each.told.field);
  }
}

}  // namespace duet::rules
