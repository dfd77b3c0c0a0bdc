#include <algorithm>
#include <utility>

#include "rules/canonical.h"
#include "rules/hold.h"
#include "rules/late.h"
#include "rules/merge.h"
#include "rules/settle.h"

namespace duet::rules {
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
  // The row came back after a delete that gave way: what it had beyond the attempt went with the delete. In a group the
  // others may be changed again: they win or lose together.
  const bool apart = applied && !pending && !equal(field.schema, row_value(turn, name), current);
  const bool grouped = turn.mapping().group_of(name) != nullptr;

  if (!turn.record.row) {
    journal_possibly_covered(turn, field, sent, all, current);
    return std::nullopt;
  }
  if (is_frozen(lane, name)) {
    journal_possibly_covered(turn, field, sent, all, current);
    return remote;
  }
  if (!edited && grouped) {
    // It only went along with its group: nothing of the app's can be lost.
    journal_possibly_covered(turn, field, sent, all, current);
    if (!applied || apart) return remote;
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
    if (auto entry = lane.pending.find(name); entry != lane.pending.end()) {
      entry->second.base = current;
    } else if (apart) {
      if (grouped) return remote;
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
