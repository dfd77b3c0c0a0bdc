#include "rules/settle.h"

#include <algorithm>
#include <span>
#include <utility>

#include "rules/canonical.h"
#include "rules/claim.h"
#include "rules/merge.h"
#include "rules/outcome.h"

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

/// The org's side of a late-found conflict wins: its value goes into the row and out again as a forward write.
void write_forward(const Turn& turn, const MappedField& field, const Value& value, const Value& org_value) {
  if (!turn.record.row) return;
  set_row(turn, field.schema.name, value);
  const TimeInterval now{turn.context.database_now, turn.context.database_now};
  turn.lane().pending[field.schema.name] = PendingField{org_value, now};
  turn.change.lane_changed = true;
  turn.change.forward.push_back({LogAction::update, {field.schema.name}});
  turn.record.row->last_op = "PENDING";
  turn.change.last_op = "PENDING";
}

/// Our write covered `held`, which nobody on our side had seen. True when the org's side won.
bool find_late(const Turn& turn, const MappedField& field, const SentField& sent, const HeldValue& held,
               const Value& org_value, bool may_win) {
  if (held.own || equal(field.schema, held.value, sent.base) || equal(field.schema, held.value, sent.value))
    return false;
  const Remote remote = remote_of(held);
  const ConflictPolicy policy = turn.mapping().policy_for(field.schema.name);
  const Side decided = decide(policy, sent.changed_at, held.changed_at, turn.context);
  const Side winner = may_win && held.certain ? decided : Side::postgres;
  // The policy is named only where it decided.
  const std::string_view instead = may_win ? "uncertain" : "newer edit";
  journal_conflict(turn, JournalReason::late_conflict, field, sent.base, held.value, sent.value, winner,
                   winner == decided ? name_of(policy) : instead, remote);
  if (winner != Side::salesforce) return false;
  write_forward(turn, field, held.value, org_value);
  return true;
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

/// Decides one field of the attempt whose own event was seen. False: only a read can tell.
bool settle_field(const Turn& turn, std::size_t index, const MappedField& field, const ChangeEvent& event,
                  const Remote& remote) {
  const Attempt attempt = turn.lane().attempts[index];
  const SentField& sent = attempt.fields.find(field.schema.name)->second;
  const Value& spoken = value_of(event.fields, field.schema.name);
  const bool written = !is_absent(spoken);
  // An upsert may have met a record that existed: then its event is an update and speaks only of what changed.
  const bool whole = attempt.kind == AttemptKind::create && event.kind == EventKind::create;
  // Not spoken of: the org had our value before, put its own back, or the event of a change between is missing.
  if (!written && !whole && !equal(field.schema, value_before(turn.lane(), field, sent), sent.value)) return false;

  const std::vector<HeldValue> held = take_held(turn, field.schema.name);
  const bool later = sent_later(turn.lane(), index, field.schema.name);
  const bool pending = turn.lane().pending.contains(field.schema.name);
  const bool may_win = !pending && !later && turn.record.row.has_value();

  const Value value = written ? spoken : whole ? Value(Null{}) : sent.value;

  const bool kept = equal(field.schema, value, sent.value);
  // Without a token an event may be that of a later attempt that sent the same value again.
  const bool certain = event.client_token == attempt.token;
  if (sent_earlier(turn.lane(), index, field.schema.name) || (later && !certain) || !in_order(held))
    journal_possibly_covered(turn, field, sent, written ? all_but_last(held) : held, value);
  if (written && !held.empty() && find_late(turn, field, sent, held.back(), value, may_win)) {
    if (!kept) {
      // The forward write replaces what the org's automation made of our value.
      journal_sent(turn, attempt, field, sent, value, remote);
      journal_conflict(turn, JournalReason::superseded, field, sent.value, value, held.back().value, Side::postgres,
                       "late winner", remote);
    }
    return true;
  }
  if (kept) return true;
  if (!pending) journal_sent(turn, attempt, field, sent, value, remote);
  if (later || !turn.record.row) {
    hold(turn, field.schema.name, value, remote);
  } else {
    merge_field(turn, field, value, remote);
  }
  return true;
}

}  // namespace

void hold(const Turn& turn, std::string_view field, const Value& value, const Remote& remote) {
  turn.lane().held[std::string(field)].push_back({value, remote.changed_at, remote.actor, remote.certain, remote.own});
  touch(turn);
}

void release_held(const Turn& turn, const MappedField& field) {
  for (const HeldValue& held : take_held(turn, field.schema.name)) {
    merge_field(turn, field, held.value, remote_of(held));
  }
}

void release_orphans(const Turn& turn) {
  std::vector<std::string> orphans;
  for (const auto& [name, held] : turn.lane().held) {
    if (!has_attempt(turn.lane(), name)) orphans.push_back(name);
  }
  for (const std::string& name : orphans) {
    if (const MappedField* field = turn.mapping().find(name)) release_held(turn, *field);
  }
}

void settle_by_event(const Turn& turn, std::size_t index, const ChangeEvent& event, const Remote& remote) {
  Lane& lane = turn.lane();
  std::vector<Attempt> silent;
  for (std::size_t i = 0; i <= index; ++i) {
    if (lane.attempts[i].state != AttemptState::accepted) finish_log(turn, lane.attempts[i]);
  }

  Attempt unread = lane.attempts[index];
  unread.fields.clear();
  std::vector<std::string> names;
  for (const auto& [name, sent] : lane.attempts[index].fields) names.push_back(name);
  for (const std::string& name : names) {
    const MappedField* field = turn.mapping().find(name);
    if (field && !settle_field(turn, index, *field, event, remote)) {
      unread.fields.emplace(name, lane.attempts[index].fields.find(name)->second);
    }
  }

  // Older attempts were silent: a field that the event speaks of is decided by it, the others only by a read.
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
      if (!held.empty() && find_late(turn, *field, entry.second, held.back(), spoken, false)) return true;
      if (!equal(field->schema, spoken, entry.second.value)) {
        journal_sent(turn, rest, *field, entry.second, spoken, remote);
        if (sent_later(lane, index, entry.first)) {
          hold(turn, entry.first, spoken, remote);
        } else {
          merge_field(turn, *field, spoken, remote);
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
}

namespace {

/// Where our own events are among the held values, what was before the last of them our writes covered; what comes
/// after merges. Attempts whose own event is not among them may stand anywhere.
std::vector<HeldValue> split_at_own(const Turn& turn, const MappedField& field, const SentField& sent,
                                    const std::vector<HeldValue>& held, const Value& current) {
  const auto attempts = std::ranges::count_if(turn.lane().attempts,
                                              [&](const Attempt& a) { return a.fields.contains(field.schema.name); });
  if (std::ranges::count_if(held, &HeldValue::own) < attempts)
    journal_possibly_covered(turn, field, sent, held, current);
  const auto after = std::ranges::find_if(held.rbegin(), held.rend(), &HeldValue::own).base();
  for (auto h = held.begin(); h != after; ++h) {
    if (!h->own) find_late(turn, field, sent, *h, current, false);
  }
  return {after, held.end()};
}

}  // namespace

void settle_by_read(const Turn& turn, const MappedField& field, const Value& current, const Remote& remote) {
  Lane& lane = turn.lane();
  const std::string& name = field.schema.name;
  auto newest = std::ranges::find_if(lane.attempts.rbegin(), lane.attempts.rend(),
                                     [&](const Attempt& a) { return a.fields.contains(name); });
  const Attempt attempt = *newest;
  const SentField sent = attempt.fields.find(name)->second;
  const std::vector<HeldValue> all = take_held(turn, name);
  const bool pending = lane.pending.contains(name);
  const bool applied = equal(field.schema, current, sent.value);

  if (!turn.record.row) {
    journal_possibly_covered(turn, field, sent, all, current);
    return;
  }
  if (applied && !all.empty() && !all.back().own && !equal(field.schema, all.back().value, current)) {
    journal_possibly_covered(turn, field, sent, all_but_last(all), current);
    if (find_late(turn, field, sent, all.back(), current, !pending)) return;
  }
  const std::vector<HeldValue> held = split_at_own(turn, field, sent, all, current);
  if (applied) {
    if (pending) {
      lane.pending.find(name)->second.base = current;
    } else if (!equal(field.schema, row_value(turn, name), current)) {
      // A row that came back after a delete that gave way: what it had beyond the attempt went with the delete.
      set_row(turn, name, current);
    }
    return;
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
  merge_field(turn, field, current, writer == held.rend() ? remote : remote_of(*writer));
}

}  // namespace duet::rules
