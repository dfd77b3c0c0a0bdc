#include "rules/settle.h"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

#include "rules/canonical.h"
#include "rules/claim.h"
#include "rules/combine.h"
#include "rules/hold.h"
#include "rules/merge.h"
#include "rules/outcome.h"
#include "rules/removal.h"

namespace duet::rules {
namespace {

Remote remote_of(const HeldValue& held) { return {held.changed_at, held.actor, held.certain, held.own}; }

std::vector<HeldValue> take_held(const Turn& turn, std::string_view field) {
  auto found = turn.lane().held.find(field);
  if (found == turn.lane().held.end()) return {};
  std::vector<HeldValue> held = std::move(found->second);
  turn.lane().held.erase(found);
  turn.change.lane_changed = true;
  return held;
}

void journal_sent(const Turn& turn, const Attempt& attempt, const MappedField& field, const SentField& sent,
                  const Value& kept, const Remote& remote) {
  JournalEntry entry;
  entry.reason = JournalReason::overwritten_by_automation;
  entry.field = field.schema.name;
  entry.base = sent.base;
  entry.lost = sent.value;
  entry.kept = kept;
  entry.rule = "automation";
  entry.actor = remote.actor;
  entry.lost_at = sent.changed_at.from;
  entry.attempt = attempt.token;
  turn.change.journal.push_back(std::move(entry));
}

bool sent_later(const Lane& lane, std::size_t index, std::string_view field) {
  return std::any_of(lane.attempts.begin() + static_cast<std::ptrdiff_t>(index) + 1, lane.attempts.end(),
                     [&](const Attempt& attempt) { return attempt.fields.contains(field); });
}

bool sent_earlier(const Lane& lane, std::size_t index, std::string_view field) {
  return std::any_of(lane.attempts.begin(), lane.attempts.begin() + static_cast<std::ptrdiff_t>(index),
                     [&](const Attempt& attempt) { return attempt.fields.contains(field); });
}

/// The order of our write among the held values is not known: any of them may have been covered by it unseen, so each
/// that is not the org's value now is kept in the journal.
void journal_possibly_covered(const Turn& turn, const MappedField& field, const SentField& sent,
                              std::span<const HeldValue> held, const Value& current) {
  for (const HeldValue& h : held) {
    if (h.own || equal(field.schema, h.value, sent.value) || equal(field.schema, h.value, sent.base) ||
        equal(field.schema, h.value, current))
      continue;
    journal_conflict(turn, JournalReason::superseded, field, sent.base, h.value, current, Side::postgres,
                     "order unknown", remote_of(h));
  }
}

std::span<const HeldValue> all_but_last(std::span<const HeldValue> held) {
  return held.empty() ? held : held.first(held.size() - 1);
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

/// What happened to one field of an attempt, as the attempt's own event or a read tells it.
struct Told {
  const MappedField* field = nullptr;
  SentField sent;
  Value org;                           ///< what the org holds after our write
  const HeldValue* covered = nullptr;  ///< what our write covered unseen
  bool order_known = true;             ///< false: `covered` may as well have come later, or long before
  bool edited = true;                  ///< false: sent only because its group was
  bool kept() const { return equal(field->schema, org, sent.value); }
};

/// Whether our write covered a value that nobody on our side had seen.
bool is_covered(const MappedField& field, const SentField& sent, const HeldValue& held) {
  return !held.own && !equal(field.schema, held.value, sent.base) && !equal(field.schema, held.value, sent.value);
}

/// The app's side of a conflict found late is what the row has now: an edit that came after the write counts for it,
/// sent or not (docs/decisions/0005). `after` are the attempts behind the one that settles.
TimeInterval local_time(const Turn& turn, const Told& told, std::span<const Attempt> after) {
  const std::string& name = told.field->schema.name;
  if (auto pending = turn.lane().pending.find(name); pending != turn.lane().pending.end())
    return pending->second.changed_at;
  for (auto attempt = after.rbegin(); attempt != after.rend(); ++attempt) {
    if (auto sent = attempt->fields.find(name); sent != attempt->fields.end()) return sent->second.changed_at;
  }
  return told.sent.changed_at;
}

/// What the org will hold when everything behind the attempt has arrived.
const Value& org_after(const Told& told, std::span<const Attempt> after) {
  for (auto attempt = after.rbegin(); attempt != after.rend(); ++attempt) {
    if (auto sent = attempt->fields.find(told.field->schema.name); sent != attempt->fields.end())
      return sent->second.value;
  }
  return told.org;
}

void journal_late(const Turn& turn, const Told& told, Side winner, std::string_view rule) {
  const Value local = turn.record.row ? row_value(turn, told.field->schema.name) : told.sent.value;
  // A value of our own user that was not recognised is no conflict with anybody.
  const bool ours = rule == "uncertain" && told.covered->actor == turn.context.our_user;
  journal_conflict(turn, ours ? JournalReason::superseded : JournalReason::late_conflict, *told.field, told.sent.base,
                   told.covered->value, local, winner, rule, remote_of(*told.covered));
}

/// Both values become one, though one of them was covered. False where they cannot.
bool merge_late(const Turn& turn, const Told& told, ConflictPolicy policy, std::span<const Attempt> after) {
  const MappedField& field = *told.field;
  const Value local = row_value(turn, field.schema.name);
  auto merged = combine(policy, field.schema, told.sent.base, local, told.covered->value);
  if (!merged) return false;
  journal_merge(turn, policy, field, told.sent.base, told.covered->value, local, *merged, remote_of(*told.covered));
  // What automation made of our value is a change of its own.
  if (!told.kept()) merged = combine(policy, field.schema, told.sent.value, *merged, told.org).value_or(*merged);
  const Value& org = org_after(told, after);
  if (equal(field.schema, *merged, org)) {
    drop_pending(turn, field.schema.name);
    set_row(turn, field.schema.name, *merged);
  } else {
    write_forward(turn, field, *merged, org);
  }
  return true;
}

enum class Late { none, ours, theirs, merged, held };

/// A conflict found late on fields that win or lose together is decided by their policy (design §5 rule 4). Where the
/// org's side wins, it is written forward.
Late decide_late(const Turn& turn, const std::vector<Told>& unit, std::span<const Attempt> after) {
  if (std::ranges::none_of(unit, [](const Told& told) { return told.covered; })) return Late::none;
  const bool known = turn.record.row && std::ranges::all_of(unit, [](const Told& told) {
                       return told.order_known && (!told.covered || told.covered->certain);
                     });
  const bool kept = std::ranges::all_of(unit, &Told::kept);
  ConflictPolicy policy = turn.mapping().policy_for(unit.front().field->schema.name);
  if (is_merge_function(policy)) {
    if (known && merge_late(turn, unit.front(), policy, after)) return Late::merged;
    policy = turn.mapping().conflict;
  }
  auto journal_all = [&](Side winner, std::string_view rule) {
    for (const Told& told : unit) {
      if (told.covered) journal_late(turn, told, winner, rule);
    }
  };
  if (policy == ConflictPolicy::hold && known && kept) {
    for (const Told& told : unit) {
      const Value theirs = told.covered ? told.covered->value : told.sent.base;
      const HeldValue from = told.covered ? *told.covered : HeldValue{};
      freeze(turn, *told.field,
             {told.sent.base, theirs, told.org, from.changed_at, from.actor, local_time(turn, told, after)});
    }
    tell_held(turn);
    return Late::held;
  }
  TimeInterval local_at;
  TimeInterval remote_at;
  for (const Told& told : unit) {
    if (const TimeInterval at = local_time(turn, told, after); at.from >= local_at.from) local_at = at;
    if (told.covered && told.covered->changed_at.from >= remote_at.from) remote_at = told.covered->changed_at;
  }
  const Side winner = decide(policy, local_at, remote_at, turn.context);
  if (!known || policy == ConflictPolicy::hold || winner == Side::postgres) {
    // The policy is named only where it decided.
    journal_all(Side::postgres, known && winner == Side::postgres ? name_of(policy) : "uncertain");
    return Late::ours;
  }
  for (const Told& told : unit) {
    const MappedField& field = *told.field;
    const Value local = row_value(turn, field.schema.name);
    const Value theirs = told.covered ? told.covered->value : told.sent.base;
    if (is_absent(theirs)) {
      mark_dirty(turn, "what the org held is not known");
      continue;
    }
    // What the app did not edit only went along with its group.
    const bool lost =
        !equal(field.schema, local, theirs) && (told.edited || !equal(field.schema, local, told.sent.base));
    if (lost && told.covered) {
      journal_late(turn, told, winner, name_of(policy));
    } else if (lost) {
      // The app's value goes with those of its group.
      journal_conflict(turn, JournalReason::late_conflict, field, told.sent.base, theirs, local, winner,
                       name_of(policy), {});
    }
    const Value& org = org_after(told, after);
    drop_pending(turn, field.schema.name);
    if (equal(field.schema, theirs, org)) {
      set_row(turn, field.schema.name, theirs);
    } else {
      write_forward(turn, field, theirs, org);
    }
  }
  return Late::theirs;
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

/// Decides the fields of an attempt whose own event was seen, all that win or lose together. False: only a read can
/// tell. What waits for a person's decision is left to the caller.
bool settle_unit(const Turn& turn, std::size_t index, const std::vector<const MappedField*>& fields,
                 const ChangeEvent& event, const Remote& remote) {
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

}  // namespace

void hold(const Turn& turn, std::string_view field, const Value& value, const Remote& remote) {
  turn.lane().held[std::string(field)].push_back({value, remote.changed_at, remote.actor, remote.certain, remote.own});
  touch(turn);
}

void release_held(const Turn& turn, const MappedField& field) {
  struct Released {
    const MappedField* field;
    HeldValue held;
  };
  std::vector<Released> released;
  for (const MappedField* member : unit_of(turn.mapping(), field)) {
    for (HeldValue& held : take_held(turn, member->schema.name)) released.push_back({member, std::move(held)});
  }
  // The fields of a group come together again as they were written.
  std::ranges::stable_sort(released, {}, [](const Released& each) { return each.held.changed_at.from; });
  for (auto each = released.begin(); each != released.end();) {
    FieldValues values;
    const Remote remote = remote_of(each->held);
    while (each != released.end() && each->held.changed_at.from == remote.changed_at.from &&
           each->held.actor == remote.actor && !values.contains(each->field->schema.name)) {
      values.emplace(each->field->schema.name, each->held.value);
      ++each;
    }
    merge_fields(turn, values, remote);
  }
}

void release_orphans(const Turn& turn) {
  std::vector<std::string> orphans;
  for (const auto& [name, held] : turn.lane().held) {
    const MappedField* field = turn.mapping().find(name);
    if (field && !has_attempt(turn, *field)) orphans.push_back(name);
  }
  for (const std::string& name : orphans) release_held(turn, *turn.mapping().find(name));
}

namespace {

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

namespace {

/// Where our own events are among the held values, what was before the last of them our writes covered; what comes
/// after merges. Attempts whose own event is not among them may stand anywhere.
std::vector<HeldValue> split_at_own(const Turn& turn, const Told& told, const std::vector<HeldValue>& held) {
  const MappedField& field = *told.field;
  const auto attempts = std::ranges::count_if(turn.lane().attempts,
                                              [&](const Attempt& a) { return a.fields.contains(field.schema.name); });
  if (std::ranges::count_if(held, &HeldValue::own) < attempts)
    journal_possibly_covered(turn, field, told.sent, held, told.org);
  const auto after = std::ranges::find_if(held.rbegin(), held.rend(), &HeldValue::own).base();
  for (auto h = held.begin(); h != after; ++h) {
    if (is_covered(field, told.sent, *h))
      journal_late(turn, {&field, told.sent, told.org, &*h, false}, Side::postgres, "uncertain");
  }
  return {after, held.end()};
}

/// `add`, `union` and `text` need to know what both sides did: where it is not known which of it the org's value has, a
/// person must tell.
bool freeze_uncounted(const Turn& turn, const Told& told, const Attempt& attempt, const std::vector<HeldValue>& held,
                      const Remote& remote) {
  const MappedField& field = *told.field;
  const ConflictPolicy policy = turn.mapping().policy_for(field.schema.name);
  const bool counts = policy == ConflictPolicy::add;
  if (!counts && policy != ConflictPolicy::union_of_both && policy != ConflictPolicy::text) return false;
  const bool others = std::ranges::any_of(held, [](const HeldValue& h) { return !h.own; });
  const bool own = std::ranges::any_of(held, &HeldValue::own);
  const bool applied = attempt.state == AttemptState::accepted || own;
  if (!others && (applied || equal(field.schema, told.org, told.sent.base))) return false;
  if (!counts && (applied || told.kept() || equal(field.schema, told.org, told.sent.base))) return false;
  journal_possibly_covered(turn, field, told.sent, held, told.org);
  freeze(turn, field, {told.sent.base, told.org, told.org, remote.changed_at, remote.actor, told.sent.changed_at});
  tell_held(turn);
  return true;
}

}  // namespace

std::optional<Remote> settle_by_read(const Turn& turn, const MappedField& field, const Value& current,
                                     const Remote& remote) {
  Lane& lane = turn.lane();
  const std::string& name = field.schema.name;
  const auto edits = [&](const Attempt& a) {
    const auto found = a.fields.find(name);
    return found != a.fields.end() && !equal(field.schema, found->second.value, found->second.base);
  };
  auto newest = std::ranges::find_if(lane.attempts.rbegin(), lane.attempts.rend(), edits);
  const bool edited = newest != lane.attempts.rend();
  if (!edited) {
    newest = std::ranges::find_if(lane.attempts.rbegin(), lane.attempts.rend(),
                                  [&](const Attempt& a) { return a.fields.contains(name); });
  }
  const Attempt attempt = *newest;
  Told told{&field, attempt.fields.find(name)->second, current, nullptr, true};
  const SentField& sent = told.sent;
  const std::vector<HeldValue> all = take_held(turn, name);
  const bool pending = lane.pending.contains(name);
  const bool applied = told.kept();

  if (!turn.record.row) {
    journal_possibly_covered(turn, field, sent, all, current);
    return std::nullopt;
  }
  if (is_frozen(lane, name)) {
    journal_possibly_covered(turn, field, sent, all, current);
    return remote;
  }
  if (!edited && turn.mapping().group_of(name)) {
    // It only went along with its group: nothing of the app's can be lost.
    journal_possibly_covered(turn, field, sent, all, current);
    if (!applied) return remote;
    if (!pending) set_row(turn, name, current);
    return std::nullopt;
  }
  if (freeze_uncounted(turn, told, attempt, all, remote)) return std::nullopt;
  if (applied && !all.empty() && !all.back().own && !equal(field.schema, all.back().value, current)) {
    journal_possibly_covered(turn, field, sent, all_but_last(all), current);
    if (is_covered(field, sent, all.back())) {
      told.covered = &all.back();
      told.order_known = unit_of(turn.mapping(), field).size() == 1;
      const Late late = decide_late(turn, {told}, {});
      if (late == Late::theirs || late == Late::merged || late == Late::held) return std::nullopt;
    }
  }
  const std::vector<HeldValue> held = split_at_own(turn, told, all);
  if (applied) {
    if (lane.pending.contains(name)) {
      lane.pending.find(name)->second.base = current;
    } else if (!equal(field.schema, row_value(turn, name), current)) {
      // A row that came back after a delete that gave way: what it had beyond the attempt went with the delete.
      set_row(turn, name, current);
    }
    return std::nullopt;
  }

  // The org's value now decides; who wrote it is told by the held value that it is, if there is one.
  const auto writer = std::ranges::find_if(held.rbegin(), held.rend(),
                                           [&](const HeldValue& h) { return equal(field.schema, h.value, current); });
  const bool seen =
      std::ranges::any_of(all, [&](const HeldValue& h) { return equal(field.schema, h.value, sent.value); });
  if (attempt.state == AttemptState::unknown) {
    // Not applied, or overwritten since: our value is pending again on the base that it had, and what came meanwhile
    // merges with it.
    auto [entry, fresh] = lane.pending.try_emplace(name, PendingField{sent.base, sent.changed_at});
    if (!fresh) entry->second.base = sent.base;
  } else if (!pending && !seen) {
    if (writer != held.rend() && writer->actor != turn.context.our_user) {
      // Somebody else's change, told by an event: before or after ours, nobody knows.
      journal_conflict(turn, JournalReason::superseded, field, sent.base, current, sent.value, Side::salesforce,
                       "order unknown", remote_of(*writer));
    } else {
      journal_sent(turn, attempt, field, sent, current, remote);
    }
  }
  journal_possibly_covered(turn, field, sent, held, current);
  return writer == held.rend() ? remote : remote_of(*writer);
}

}  // namespace duet::rules
