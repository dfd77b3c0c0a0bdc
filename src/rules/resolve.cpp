#include "rules/resolve.h"

#include <algorithm>
#include <optional>

#include "rules/canonical.h"
#include "rules/capture.h"
#include "rules/hold.h"
#include "rules/merge.h"
#include "rules/removal.h"

namespace duet::rules {
namespace {

ActionResult refuse(std::string message) { return {ActionVerdict::refused, std::move(message)}; }
ActionResult stale(const std::string& field) {
  return {ActionVerdict::stale, field + " has changed since: look at it again, then decide."};
}

/// Takes the app's captured changes in, so that what the row holds is what the lane knows.
std::optional<ActionResult> enter(const Turn& turn) {
  if (turn.record.busy) return ActionResult{ActionVerdict::busy, "The application holds the row locked: try again."};
  absorb(turn);
  if (!turn.record.row) return refuse("The row is not there any more.");
  return std::nullopt;
}

/// An absent value was never shown.
bool same(const MappedField& field, const Value& shown, const Value& now) {
  return (is_absent(shown) && is_absent(now)) || equal(field.schema, shown, now);
}

void journal(const Turn& turn, JournalReason reason, const MappedField& field, const Value& base, const Value& lost,
             const Value& kept, Side lost_side, const Person& person, std::string_view lost_actor = {}) {
  JournalEntry entry;
  entry.reason = reason;
  entry.field = field.schema.name;
  entry.base = base;
  entry.lost = lost;
  entry.kept = kept;
  entry.lost_side = lost_side;
  entry.rule = name_of(reason);
  entry.actor = actor_of(person);
  entry.kept_at = turn.context.database_now;
  entry.lost_actor = lost_actor;
  entry.lost_at = turn.context.database_now;
  turn.change.journal.push_back(std::move(entry));
}

/// What the org holds of a field at rest or under way.
Value base_of(const Turn& turn, const MappedField& field) {
  auto pending = turn.lane().pending.find(field.schema.name);
  if (pending != turn.lane().pending.end()) return pending->second.base;
  return last_sent(turn.lane(), field, row_value(turn, field.schema.name));
}

/// The value goes into the row and out to the org.
void put(const Turn& turn, const MappedField& field, const Value& value) {
  const Value base = base_of(turn, field);
  drop_pending(turn, field.schema.name);
  if (equal(field.schema, value, base) && !is_frozen(turn.lane(), field.schema.name)) {
    set_row(turn, field.schema.name, value);
  } else {
    write_forward(turn, field, value, base);
  }
  touch(turn);
}

struct Decision {
  const MappedField* field = nullptr;
  const IssueField* shown = nullptr;
  Value value;
};

const Value& chosen_value(const FieldChoice& choice, const IssueField& shown) {
  switch (choice.choice) {
    case Choice::salesforce:
      return shown.salesforce;
    case Choice::postgres:
      return shown.postgres;
    case Choice::base:
      return shown.base;
    case Choice::value:
      break;
  }
  return choice.value;
}

/// What the row held when the issue was shown.
const Value& row_shown(const IssueField& shown) {
  return shown.chosen == name_of(Side::salesforce) ? shown.salesforce : shown.postgres;
}

bool is_stale(const Turn& turn, const Decision& decision) {
  const MappedField& field = *decision.field;
  const Value& row = row_value(turn, field.schema.name);
  const auto frozen = turn.lane().frozen.find(field.schema.name);
  if (frozen == turn.lane().frozen.end()) {
    // An open conflict that is frozen no more was ended by somebody else.
    return decision.shown->chosen.empty() || !same(field, row_shown(*decision.shown), row);
  }
  return !same(field, decision.shown->salesforce, frozen->second.salesforce) ||
         !same(field, decision.shown->postgres, row);
}

void decide_field(const Turn& turn, const Decision& decision, const Person& person) {
  const MappedField& field = *decision.field;
  const IssueField& shown = *decision.shown;
  const auto frozen = turn.lane().frozen.find(field.schema.name);
  const Value row = row_value(turn, field.schema.name);
  if (frozen == turn.lane().frozen.end()) {
    if (!equal(field.schema, row, decision.value)) {
      journal(turn, JournalReason::resolved, field, shown.base, row, decision.value, Side::postgres, person);
      put(turn, field, decision.value);
    }
    return;
  }
  const FrozenField held = frozen->second;
  if (!equal(field.schema, row, decision.value) && !equal(field.schema, row, held.base))
    journal(turn, JournalReason::resolved, field, held.base, row, decision.value, Side::postgres, person);
  if (!equal(field.schema, held.salesforce, decision.value) && !equal(field.schema, held.salesforce, held.base) &&
      !equal(field.schema, held.salesforce, row))
    journal(turn, JournalReason::resolved, field, held.base, held.salesforce, decision.value, Side::salesforce, person,
            held.actor);
  thaw(turn, field, decision.value);
  touch(turn);
}

}  // namespace

std::string actor_of(const Person& person) { return "duet:" + person.name; }

std::vector<FieldChoice> choose_all(std::span<const IssueField> shown, Choice choice) {
  std::vector<FieldChoice> choices;
  for (const IssueField& field : shown) choices.push_back({field.name, choice, {}});
  return choices;
}

ActionResult resolve(const Turn& turn, std::span<const IssueField> shown, std::span<const FieldChoice> choices,
                     const Person& person) {
  if (auto out = enter(turn)) return *out;
  std::vector<Decision> decisions;
  for (const FieldChoice& choice : choices) {
    const MappedField* field = turn.mapping().find(choice.field);
    if (!field) return refuse(choice.field + " is not mapped any more.");
    const auto entry = std::ranges::find_if(
        shown, [&](const IssueField& each) { return equals_ignoring_case(each.name, choice.field); });
    if (entry == shown.end()) return refuse(choice.field + " is no field of this issue.");
    const Decision decision{field, &*entry, chosen_value(choice, *entry)};
    if (is_absent(decision.value)) return refuse("That value of " + choice.field + " is not known.");
    if (is_stale(turn, decision)) return stale(choice.field);
    decisions.push_back(decision);
  }
  if (decisions.empty()) return refuse("No field was decided.");
  for (const Decision& decision : decisions) {
    if (!is_frozen(turn.lane(), decision.field->schema.name)) continue;
    for (const MappedField* member : unit_of(turn.mapping(), *decision.field)) {
      if (is_frozen(turn.lane(), member->schema.name) &&
          std::ranges::find(decisions, member, &Decision::field) == decisions.end())
        return refuse(member->schema.name + " belongs to the same group: decide both.");
    }
  }
  for (const Decision& decision : decisions) decide_field(turn, decision, person);
  tell_held(turn);
  mark_synced_if_at_rest(turn);
  return {};
}

ActionResult revert(const Turn& turn, const JournalEntry& entry, bool force, const Person& person) {
  if (entry.field.empty() || entry.whole_row)
    return refuse("A whole row is not brought back: insert it again, or undelete the record in Salesforce.");
  if (auto out = enter(turn)) return *out;
  const MappedField* field = turn.mapping().find(entry.field);
  if (!field) return refuse(entry.field + " is not mapped any more.");
  if (is_absent(entry.lost)) return refuse("The value that was lost is not known.");
  if (is_frozen(turn.lane(), field->schema.name))
    return refuse(entry.field + " waits for a decision: resolve its conflict.");
  if (!writable(*field, turn.record.row->sfid.empty()))
    return refuse("The org does not let the integration user write " + entry.field + ".");
  const Value row = row_value(turn, field->schema.name);
  if (equal(field->schema, row, entry.lost)) return refuse(entry.field + " holds that value already.");
  if (!force && !same(*field, entry.kept, row)) return stale(entry.field);
  journal(turn, JournalReason::reverted, *field, entry.base, row, entry.lost, Side::postgres, person);
  put(turn, *field, entry.lost);
  mark_synced_if_at_rest(turn);
  return {};
}

ActionResult retry(const Turn& turn, std::span<const IssueField> shown, const Person&) {
  if (auto out = enter(turn)) return *out;
  Lane& lane = turn.lane();
  if (lane.parked == kDeleteHeld) return refuse("The record waits for a decision about its delete.");
  const bool parked = !lane.parked.empty();
  std::vector<const MappedField*> fields;
  for (const IssueField& each : shown) {
    const MappedField* field = turn.mapping().find(each.name);
    if (!field) continue;
    // What is parked is sent as it is by then: nobody decides on a value.
    if (!parked && !same(*field, each.postgres, row_value(turn, field->schema.name))) return stale(each.name);
    fields.push_back(field);
  }
  if (fields.empty() && !parked) return refuse("There is nothing to send: change the row, and it is sent.");
  const bool create = turn.record.row->sfid.empty();
  for (const MappedField* field : fields) {
    if (!writable(*field, create))
      return refuse("The org does not let the integration user write " + field->schema.name + ".");
  }
  for (const MappedField* field : fields) {
    if (lane.pending.contains(field->schema.name) || is_frozen(lane, field->schema.name)) continue;
    const auto each = std::ranges::find(shown, field->schema.name, &IssueField::name);
    const Value base = each == shown.end() ? Value(Absent{}) : each->salesforce;
    write_forward(turn, *field, row_value(turn, field->schema.name), last_sent(lane, *field, base));
  }
  if (create && lane.attempts.empty()) lane.pending_create = true;
  if (create && parked) lane.key_checked = false;
  if (create) {
    // The org saw none of an ordered record's steps: its create takes the values that the row has now.
    for (PendingLog& log : lane.log) log.values.clear();
  }
  lane.parked.clear();
  lane.waits_for.reset();
  lane.not_before = 0;
  lane.rounds = 0;
  touch(turn);
  return {};
}

ActionResult revert_rejected(const Turn& turn, std::span<const IssueField> shown, const Person& person) {
  if (auto out = enter(turn)) return *out;
  if (turn.record.row->sfid.empty()) return refuse("The org never had this record: delete the row to take it back.");
  std::vector<Decision> decisions;
  for (const IssueField& each : shown) {
    const MappedField* field = turn.mapping().find(each.name);
    if (!field || is_absent(each.salesforce)) continue;
    const Decision decision{field, &each, each.salesforce};
    if (!same(*field, each.postgres, row_value(turn, field->schema.name))) return stale(each.name);
    decisions.push_back(decision);
  }
  for (const Decision& decision : decisions) {
    const MappedField& field = *decision.field;
    journal(turn, JournalReason::reverted, field, decision.shown->base, row_value(turn, field.schema.name),
            decision.value, Side::postgres, person);
    drop_pending(turn, field.schema.name);
    set_row(turn, field.schema.name, decision.value);
  }
  turn.record.row->last_op = "PENDING";
  turn.change.last_op = "PENDING";
  // What the org has now may be newer than what it had at the refusal.
  mark_dirty(turn, "a refused change was taken back");
  return {};
}

}  // namespace duet::rules
