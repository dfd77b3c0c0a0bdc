#include "rules/late.h"

#include <algorithm>
#include <utility>

#include "rules/canonical.h"
#include "rules/combine.h"
#include "rules/hold.h"
#include "rules/merge.h"

namespace duet::rules {
namespace {

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

}  // namespace

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

bool Told::kept() const { return equal(field->schema, org, sent.value); }

bool is_covered(const MappedField& field, const SentField& sent, const HeldValue& held) {
  return !held.own && !equal(field.schema, held.value, sent.base) && !equal(field.schema, held.value, sent.value);
}

void journal_late(const Turn& turn, const Told& told, Side winner, std::string_view rule) {
  const Value local = turn.record.row ? row_value(turn, told.field->schema.name) : told.sent.value;
  // A value of our own user that was not recognised is no conflict with anybody.
  const bool ours = rule == "uncertain" && told.covered->actor == turn.context.our_user;
  journal_conflict(turn, ours ? JournalReason::superseded : JournalReason::late_conflict, *told.field, told.sent.base,
                   told.covered->value, local, winner, rule, remote_of(*told.covered));
}

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

}  // namespace duet::rules
