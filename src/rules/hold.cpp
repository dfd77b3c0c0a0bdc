#include "rules/hold.h"

#include <algorithm>

#include "rules/canonical.h"
#include "rules/merge.h"

namespace duet::rules {
namespace {

Value current(const Turn& turn, const MappedField& field) { return row_value(turn, field.schema.name); }

/// What the org's side wrote and our own write covered is nowhere any more once something else takes its place.
void journal_covered(const Turn& turn, const MappedField& field, const FrozenField& frozen, const Value& kept) {
  if (equal(field.schema, frozen.salesforce, frozen.org) || equal(field.schema, frozen.salesforce, kept)) return;
  journal_conflict(turn, JournalReason::superseded, field, frozen.base, frozen.salesforce, kept, Side::postgres, "hold",
                   {frozen.salesforce_at, frozen.actor});
}

bool is_held_issue(const Issue& issue) { return issue.kind == "conflict" && issue.code == kHeldCode; }

}  // namespace

bool is_frozen(const Lane& lane, std::string_view field) { return lane.frozen.contains(field); }

void freeze(const Turn& turn, const MappedField& field, FrozenField frozen) {
  drop_pending(turn, field.schema.name, "waits for a decision: see the issue");
  turn.lane().frozen[field.schema.name] = std::move(frozen);
  turn.change.lane_changed = true;
  if (!turn.record.row || turn.record.row->last_op == "PENDING") return;
  turn.record.row->last_op = "PENDING";
  turn.change.last_op = "PENDING";
  if (turn.change.row_action == RowAction::keep) turn.change.row_action = RowAction::update;
}

// A conflict is there as long as both sides differ from each other and from their base.
void reconsider(const Turn& turn, const MappedField& field) {
  std::vector<const MappedField*> members;
  for (const MappedField* member : unit_of(turn.mapping(), field)) {
    if (is_frozen(turn.lane(), member->schema.name)) members.push_back(member);
  }
  auto frozen = [&](const MappedField* member) -> const FrozenField& {
    return turn.lane().frozen.find(member->schema.name)->second;
  };
  auto all = [&](auto same) { return std::ranges::all_of(members, same); };
  const bool agree =
      all([&](const MappedField* m) { return equal(m->schema, current(turn, *m), frozen(m).salesforce); });
  const bool theirs_back =
      all([&](const MappedField* m) { return equal(m->schema, frozen(m).salesforce, frozen(m).base); });
  const bool ours_back = all([&](const MappedField* m) { return equal(m->schema, current(turn, *m), frozen(m).base); });
  // What should have been merged is not known to be one side's change only, and equal counts may be two.
  const ConflictPolicy policy = turn.mapping().policy_for(field.schema.name);
  const bool over =
      is_merge_function(policy) ? agree && policy != ConflictPolicy::add : agree || theirs_back || ours_back;
  if (over && !members.empty()) {
    for (const MappedField* member : members) {
      const Value value = agree || theirs_back ? current(turn, *member) : frozen(member).salesforce;
      thaw(turn, *member, value);
    }
  }
  tell_held(turn);
}

void meet_frozen(const Turn& turn, const MappedField& field, const Value& value, const Remote& remote) {
  note_frozen(turn, field, value, remote);
  reconsider(turn, field);
}

void note_frozen(const Turn& turn, const MappedField& field, const Value& value, const Remote& remote) {
  if (is_absent(value) || !is_frozen(turn.lane(), field.schema.name)) return;
  FrozenField& frozen = turn.lane().frozen.find(field.schema.name)->second;
  if (equal(field.schema, value, frozen.org)) return;
  journal_covered(turn, field, frozen, value);
  frozen.salesforce = frozen.org = value;
  frozen.salesforce_at = remote.changed_at;
  frozen.actor = remote.actor;
  turn.change.lane_changed = true;
}

void cover_frozen(const Turn& turn, const MappedField& field, const Value& value, const Value& org,
                  const Remote& remote) {
  FrozenField& frozen = turn.lane().frozen.find(field.schema.name)->second;
  if (!equal(field.schema, value, frozen.salesforce)) journal_covered(turn, field, frozen, value);
  frozen.salesforce = value;
  frozen.salesforce_at = remote.changed_at;
  frozen.actor = remote.actor;
  frozen.org = org;
  turn.change.lane_changed = true;
}

void edit_frozen(const Turn& turn, const MappedField& field, const TimeInterval& changed_at) {
  turn.lane().frozen.find(field.schema.name)->second.postgres_at = changed_at;
  turn.change.lane_changed = true;
  reconsider(turn, field);
}

void thaw(const Turn& turn, const MappedField& field, const Value& value) {
  const auto frozen = turn.lane().frozen.extract(field.schema.name);
  const Value base = last_sent(turn.lane(), field, frozen.mapped().org);
  turn.change.lane_changed = true;
  if (equal(field.schema, value, base)) {
    set_row(turn, field.schema.name, value);
  } else {
    write_forward(turn, field, value, base);
  }
}

void forget_frozen(const Turn& turn, std::string_view rule) {
  if (turn.lane().frozen.empty()) return;
  for (const auto& [name, frozen] : turn.lane().frozen) {
    const MappedField* field = turn.mapping().find(name);
    if (!field || equal(field->schema, frozen.salesforce, frozen.org)) continue;
    journal_conflict(turn, JournalReason::superseded, *field, frozen.base, frozen.salesforce, frozen.org,
                     Side::postgres, rule, {frozen.salesforce_at, frozen.actor});
  }
  turn.lane().frozen.clear();
  tell_held(turn);
}

void tell_held(const Turn& turn) {
  RecordChange& change = turn.change;
  std::erase_if(change.issues, is_held_issue);
  std::erase(change.resolved_issues, "conflict");
  turn.change.lane_changed = true;
  if (turn.lane().frozen.empty()) {
    change.resolved_issues.emplace_back("conflict");
    return;
  }
  Issue issue;
  issue.kind = "conflict";
  issue.state = "open";
  issue.code = kHeldCode;
  issue.rule = name_of(ConflictPolicy::hold);
  std::string names;
  for (const auto& [name, frozen] : turn.lane().frozen) {
    names += (names.empty() ? "" : ", ") + name;
    issue.fields.push_back({name, frozen.base, frozen.salesforce, row_value(turn, name), {}});
    if (frozen.salesforce_at.from >= issue.salesforce_at) {
      issue.salesforce_at = frozen.salesforce_at.from;
      issue.salesforce_actor = frozen.actor;
    }
    issue.postgres_at = std::max(issue.postgres_at, frozen.postgres_at.from);
  }
  issue.message = "Both sides changed " + names + "; nothing of it goes out or comes in until a person decides.";
  change.issues.push_back(std::move(issue));
}

}  // namespace duet::rules
