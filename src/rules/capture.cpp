#include "rules/capture.h"

#include "rules/canonical.h"
#include "rules/hold.h"
#include "rules/merge.h"
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
  for (const MappedField& field : turn.mapping().fields) {
    const Value& value = row_value(turn, field.schema.name);
    if (is_absent(value) || is_null(value) || !writable(field, create)) continue;
    lane.pending.try_emplace(field.schema.name, PendingField{base, {captured.captured_at, turn.context.database_now}});
    log.fields.push_back(field.schema.name);
  }
  lane.pending_create = create;
  lane.row_id = captured.row_id;
  turn.change.log.push_back({captured.log_id, LogState::pending, {}});
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
    lane.log.push_back(std::move(log));
  }
  for (const auto& [field, changed_at] : frozen) {
    if (is_frozen(lane, field->schema.name)) edit_frozen(turn, *field, changed_at);
  }
}

void absorb_remove(const Turn& turn, const CapturedChange& captured) {
  Lane& lane = turn.lane();
  for (const PendingLog& log : lane.log) turn.change.log.push_back({log.log_id, LogState::merged, {}});
  lane.log.clear();
  lane.pending.clear();
  lane.pending_create = false;
  const bool deleted_in_org = lane.frozen_delete && !lane.frozen_delete->by_app;
  end_held_delete(turn);
  lane.pending_delete =
      PendingDelete{captured.log_id, captured.old_values, {captured.captured_at, turn.context.database_now}};
  if (!lane.frozen.empty()) {
    // What the org's side wrote on the frozen fields meets the delete when the record is read.
    for (const auto& [name, frozen] : lane.frozen) lane.pending_delete->old_values[name] = frozen.base;
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

void absorb(const Turn& turn) {
  Lane& lane = turn.lane();
  if (turn.record.row) {
    lane.row_id = turn.record.row->id;
    if (!turn.record.row->sfid.empty()) lane.sfid = turn.record.row->sfid;
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
    turn.change.lane_changed = true;
  }
}

}  // namespace duet::rules
