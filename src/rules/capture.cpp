#include "rules/capture.h"

#include <algorithm>

#include "rules/canonical.h"
#include "rules/hold.h"
#include "rules/match.h"
#include "rules/merge.h"
#include "rules/parent.h"
#include "rules/removal.h"

namespace duet::rules {
namespace {

void reject_unwritable(const Turn& turn, const MappedField& field) {
  Issue issue;
  issue.kind = "rejected";
  issue.state = "open";
  issue.code = "FIELD_NOT_WRITEABLE";
  issue.message = "The org does not let the integration user write " + field.schema.name +
                  ": the local change stays in the table and is not sent. Grant the field or set it back.";
  issue.fields.push_back({field.schema.name, Absent{}, Absent{}, row_value(turn, field.schema.name), {}});
  turn.change.issues.push_back(std::move(issue));
}

/// An ordered mapping sends what each change wrote, not what the row holds by then (design §5 rule 11).
void keep_order(const Turn& turn, const CapturedChange& captured, PendingLog& log) {
  if (!turn.mapping().ordered) return;
  log.changed_at = {captured.captured_at, turn.context.database_now};
  for (const std::string& field : log.fields) {
    if (const Value& value = value_of(captured.new_values, field); !is_absent(value)) log.values.emplace(field, value);
  }
}

bool names_another_parent(const Turn& turn, const CapturedChange& captured) {
  const MappedField* field = turn.mapping().find(turn.lane().waits_for->field);
  return std::ranges::any_of(captured.changed, [&](const std::string& name) {
    return field &&
           (equals_ignoring_case(name, field->schema.name) || equals_ignoring_case(name, field->parent->reference));
  });
}

void absorb_insert(const Turn& turn, const CapturedChange& captured) {
  Lane& lane = turn.lane();
  if (!turn.record.row) {
    turn.change.log.push_back({captured.log_id, LogState::ignored, {}});
    return;
  }
  const bool create = turn.record.row->sfid.empty();
  // A record that neither side had holds nothing: what the org's own create leaves empty does not speak against the
  // row's value.
  const Value base = create ? Value(Null{}) : Value(Absent{});
  PendingLog log{captured.log_id, {}};
  const bool in_order = turn.mapping().ordered && !captured.new_values.empty();
  for (const MappedField& field : turn.mapping().fields) {
    const Value& value =
        in_order ? value_of(captured.new_values, field.schema.name) : row_value(turn, field.schema.name);
    if (is_absent(value) || is_null(value) || !writable(field, create)) continue;
    lane.pending.try_emplace(field.schema.name, PendingField{base, {captured.captured_at, turn.context.database_now}});
    log.fields.push_back(field.schema.name);
  }
  lane.pending_create = create;
  lane.row_id = captured.row_id;
  turn.change.log.push_back({captured.log_id, LogState::pending, {}});
  keep_order(turn, captured, log);
  lane.log.push_back(std::move(log));
}

void absorb_update(const Turn& turn, const CapturedChange& captured) {
  Lane& lane = turn.lane();
  PendingLog log{captured.log_id, {}};
  bool unwritable = false;
  std::vector<std::pair<const MappedField*, TimeInterval>> frozen;
  for (const std::string& name : captured.changed) {
    const MappedField* field = turn.mapping().find(name);
    if (!field || field->schema.type == FieldType::id) continue;
    if (!writable(*field, lane.pending_create || (turn.record.row && turn.record.row->sfid.empty()))) {
      reject_unwritable(turn, *field);
      unwritable = true;
      continue;
    }
    const TimeInterval changed_at{captured.captured_at, turn.context.database_now};
    if (is_frozen(lane, field->schema.name)) {
      frozen.push_back({field, changed_at});
      continue;
    }
    auto [pending, first] = lane.pending.try_emplace(
        field->schema.name, PendingField{value_of(captured.old_values, field->schema.name), changed_at});
    if (!first) pending->second.changed_at = changed_at;
    log.fields.push_back(field->schema.name);
  }
  lane.row_id = captured.row_id;
  if (log.fields.empty()) {
    turn.change.log.push_back({captured.log_id, unwritable ? LogState::failed : LogState::ignored,
                               unwritable        ? "FIELD_NOT_WRITEABLE"
                               : !frozen.empty() ? "waits for a decision: see the issue"
                                                 : ""});
  } else {
    turn.change.log.push_back({captured.log_id, LogState::pending, {}});
    keep_order(turn, captured, log);
    lane.log.push_back(std::move(log));
    if (lane.waits_for && names_another_parent(turn, captured)) release_from_parent(turn);
    release_from_match(turn, captured.changed);
  }
  for (const auto& [field, changed_at] : frozen) {
    if (is_frozen(lane, field->schema.name)) edit_frozen(turn, *field, changed_at);
  }
}

void absorb_remove(const Turn& turn, const CapturedChange& captured) {
  Lane& lane = turn.lane();
  for (const PendingLog& log : lane.log) turn.change.log.push_back({log.log_id, LogState::merged, {}});
  auto ours = values_of_ours(lane);
  const auto unsent = lane.pending;
  lane.log.clear();
  lane.pending.clear();
  lane.pending_create = false;
  const bool deleted_in_org = lane.frozen_delete && !lane.frozen_delete->by_app;
  end_held_delete(turn);
  lane.parked.clear();
  lane.waits_for.reset();
  lane.pending_delete =
      PendingDelete{captured.log_id, captured.old_values, {captured.captured_at, turn.context.database_now}};
  lane.pending_delete->ours = std::move(ours);
  // What was not sent goes with the row: the org holds the bases, and so does the row if it comes back.
  for (const auto& [name, pending] : unsent) {
    if (!is_absent(pending.base)) lane.pending_delete->old_values[name] = pending.base;
  }
  if (!lane.frozen.empty()) {
    // What the org's side wrote on the frozen fields meets the delete when the record is read.
    // Where the org holds our own value, the app saw that one.
    for (const auto& [name, frozen] : lane.frozen)
      lane.pending_delete->old_values[name] = frozen.salesforce == frozen.org ? frozen.base : frozen.org;
    forget_frozen(turn, "delete");
    mark_dirty(turn, "deleted while a conflict waited for a decision");
  }
  if (deleted_in_org) mark_dirty(turn, "deleted on both sides");
  lane.row_id = captured.row_id;
  if (lane.sfid.empty()) lane.sfid = captured.sfid;
  turn.change.log.push_back({captured.log_id, LogState::pending, {}});
}

}  // namespace

bool writable(const MappedField& field, bool create) {
  return create ? field.schema.createable : field.schema.updateable;
}

void end_create(const Turn& turn) {
  Lane& lane = turn.lane();
  if (!lane.pending_create) return;
  lane.pending_create = false;
  turn.change.lane_changed = true;
  // The log of a create that was sent before names the key, which is not pending any more.
  for (PendingLog& log : lane.log)
    std::erase_if(log.fields, [&](const std::string& field) { return !lane.pending.contains(field); });
  std::erase_if(lane.log, [&](const PendingLog& log) {
    if (!log.fields.empty()) return false;
    turn.change.log.push_back({log.log_id, LogState::ignored, {}});
    return true;
  });
}

void absorb(const Turn& turn) {
  Lane& lane = turn.lane();
  if (turn.record.row) {
    lane.row_id = turn.record.row->id;
    if (!turn.record.row->sfid.empty()) {
      lane.sfid = turn.record.row->sfid;
      end_create(turn);
    }
  }
  for (const CapturedChange& captured : turn.record.captured) {
    switch (captured.action) {
      case LogAction::insert:
        absorb_insert(turn, captured);
        break;
      case LogAction::update:
        absorb_update(turn, captured);
        break;
      case LogAction::remove:
        absorb_remove(turn, captured);
        break;
    }
    turn.change.lane_changed = true;
  }
  turn.record.captured.clear();

  // A row that went away before the org had it leaves nothing to send: its delete is not captured as NEW.
  if (!turn.record.row && !lane.pending_delete && (!lane.pending.empty() || lane.pending_create)) {
    for (const PendingLog& log : lane.log) turn.change.log.push_back({log.log_id, LogState::ignored, {}});
    lane.log.clear();
    lane.pending.clear();
    lane.pending_create = false;
    if (!lane.parked.empty()) turn.change.resolved_issues.push_back("rejected");
    lane.parked.clear();
    lane.waits_for.reset();
    turn.change.lane_changed = true;
  }
}

}  // namespace duet::rules
