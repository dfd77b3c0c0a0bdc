#include "rules/read.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rules/canonical.h"
#include "rules/capture.h"
#include "rules/claim.h"
#include "rules/merge.h"
#include "rules/outcome.h"
#include "rules/removal.h"
#include "rules/settle.h"

namespace duet::rules {
namespace {

/// A read names the record's last writer, who need not be the one that wrote a field.
std::string actor_of(const RecordRead& read) {
  return read.actor.empty() ? read.actor : read.actor + " (last to change the record)";
}

Remote remote_of(const RecordRead& read) {
  Remote remote{{read.previous_stamp > 0 ? read.previous_stamp : read.stamp, read.stamp + kMsPerSecond},
                actor_of(read)};
  remote.merged_into = read.merged_into;
  return remote;
}

bool is_stamp(const MappedField& field) { return field.schema.name == "SystemModstamp"; }

/// Whether the field's value is part of the version that the stamp names: a formula's moves with other records.
bool is_versioned(const MappedField& field) { return !is_stamp(field) && !field.schema.calculated; }

void insert_row(const Turn& turn, const RecordRead& read) {
  Row row;
  row.sfid = read.sfid;
  row.values = read.fields;
  row.values["SystemModstamp"] = DateTime{read.stamp};
  row.last_op = "SYNCED";
  turn.change.row_action = RowAction::insert;
  turn.change.set = row.values;
  turn.change.set_sfid = read.sfid;
  if (turn.lane().tombstone && turn.lane().row_id) {
    turn.change.insert_id = turn.lane().row_id;
    row.id = *turn.lane().row_id;
  }
  turn.record.row = std::move(row);
}

void learn_sfid(const Turn& turn, const std::string& sfid) {
  turn.lane().sfid = sfid;
  if (!turn.record.row || !turn.record.row->sfid.empty()) return;
  turn.record.row->sfid = sfid;
  turn.change.set_sfid = sfid;
  end_create(turn);
  if (turn.change.row_action == RowAction::keep) turn.change.row_action = RowAction::update;
}

bool differs(const Turn& turn, const RecordRead& read) {
  return std::ranges::any_of(read.fields, [&](const auto& entry) {
    const MappedField* field = turn.mapping().find(entry.first);
    return field && is_versioned(*field) && !equal(field->schema, entry.second, org_value(turn, *field));
  });
}

void merge_all(const Turn& turn, const RecordRead& read, const std::set<std::string>& settled) {
  FieldValues values;
  for (const auto& [name, value] : read.fields) {
    const MappedField* field = turn.mapping().find(name);
    if (field && !is_stamp(*field) && !settled.contains(name)) values.emplace(name, value);
  }
  merge_fields(turn, values, remote_of(read));
  raise_row_stamp(turn, read.stamp);
}

ReadVerdict again(const Turn& turn, std::string_view reason) {
  mark_dirty(turn, reason);
  ++turn.lane().dirty->reads;
  return ReadVerdict::again;
}

/// Whether the org has nothing of what a log row's fields were sent with: other values won.
bool lost(const Turn& turn, const Attempt& attempt, const PendingLog& log, const RecordRead& read) {
  if (attempt.kind != AttemptKind::update || log.fields.empty()) return false;
  return std::ranges::all_of(log.fields, [&](const std::string& name) {
    const MappedField* field = turn.mapping().find(name);
    const auto sent = attempt.fields.find(name);
    const Value& current = value_of(read.fields, name);
    return field && sent != attempt.fields.end() && !is_absent(current) &&
           !equal(field->schema, current, sent->second.value);
  });
}

/// The log rows of unknown attempts: what is pending again waits for the next attempt, what lost is ignored, the rest
/// has arrived.
void settle_log(const Turn& turn, const Attempt& attempt, const RecordRead& read) {
  if (attempt.state != AttemptState::unknown) return;
  Lane& lane = turn.lane();
  std::vector<PendingLog> waiting;
  Attempt arrived = attempt;
  arrived.log.clear();
  for (const PendingLog& log : attempt.log) {
    PendingLog rest = log;
    std::erase_if(rest.fields, [&](const std::string& field) { return !lane.pending.contains(field); });
    if (!rest.fields.empty()) {
      waiting.push_back(std::move(rest));
    } else if (lost(turn, attempt, log, read)) {
      turn.change.log.push_back({log.log_id, LogState::ignored, {}});
    } else {
      arrived.log.push_back(log);
    }
  }
  finish_log(turn, arrived);
  if (!waiting.empty()) ++lane.rounds;
  lane.log.insert(lane.log.begin(), waiting.begin(), waiting.end());
}

void raise_unknown(const Turn& turn) {
  if (turn.lane().rounds < turn.context.rounds_before_issue) return;
  Issue issue;
  issue.kind = "unknown";
  issue.state = "open";
  issue.code = "OUTCOME_UNKNOWN";
  issue.message =
      "The org did not answer several sends of this record in a row and did not apply them. Duet goes on trying.";
  turn.change.issues.push_back(std::move(issue));
}

FieldValues sent_values(const Lane& lane) {
  FieldValues values;
  for (const Attempt& attempt : lane.attempts) {
    for (const auto& [name, sent] : attempt.fields) values[name] = sent.value;
  }
  return values;
}

/// A delete without an answer: the record is still there, so it was not applied.
void requeue_removals(const Turn& turn) {
  std::vector<std::string> tokens;
  for (const Attempt& attempt : turn.lane().attempts) {
    if (attempt.kind == AttemptKind::remove) tokens.push_back(attempt.token);
  }
  for (const std::string& token : tokens) requeue(turn, token);
}

void settle_attempts(const Turn& turn, const RecordRead& read, std::set<std::string>& settled) {
  Lane& lane = turn.lane();
  for (const Attempt& attempt : lane.attempts) {
    for (const auto& [name, sent] : attempt.fields) settled.insert(name);
  }
  FieldValues values;
  std::optional<Remote> newest;
  std::set<std::string> writers;
  std::vector<std::pair<const MappedField*, Remote>> single;
  for (const std::string& name : settled) {
    const MappedField* field = turn.mapping().find(name);
    const Value& current = value_of(read.fields, name);
    // A field that the user may no longer read cannot be judged; it is taken for applied.
    if (!field || is_absent(current)) continue;
    const auto writer = settle_by_read(turn, *field, current, remote_of(read));
    if (!writer) continue;
    if (!turn.mapping().group_of(name)) {
      single.emplace_back(field, *writer);
    } else {
      values.emplace(name, current);
      writers.insert(writer->actor);
      if (!newest || writer->changed_at.from > newest->changed_at.from) newest = writer;
    }
  }
  const std::vector<Attempt> attempts = std::move(lane.attempts);
  lane.attempts.clear();
  for (const auto& [field, writer] : single)
    merge_field(turn, *field, value_of(read.fields, field->schema.name), writer);
  if (newest) {
    // A group is decided as one, and its fields may have been written by several.
    newest->actor = fmt::format("{}", fmt::join(writers, " or "));
    merge_fields(turn, values, *newest);
  }
  for (const Attempt& attempt : attempts) settle_log(turn, attempt, read);
  raise_unknown(turn);
}

}  // namespace

bool readable(const Lane& lane, TimeMs now, TimeMs passed_until, TimeMs request_limit_ms) {
  return std::ranges::all_of(lane.attempts, [&](const Attempt& attempt) {
    if (attempt.state == AttemptState::sent) return false;
    if (attempt.passed) return true;
    if (attempt.state == AttemptState::accepted) return passed_until > attempt.decided_at;
    const TimeMs over = attempt.decided_at + request_limit_ms;
    return now > over && passed_until > over;
  });
}

bool too_young(const Mapping& mapping, const RecordRead& read, TimeMs began_at) {
  return mapping.source == InboundSource::poll && !read.deleted && read.stamp > began_at - kVersionAgeMs;
}

ReadVerdict on_page_read(const Turn& turn, const RecordRead& read) {
  if (turn.record.busy) return again(turn, "the row is locked by the application");
  absorb(turn);
  Lane& lane = turn.lane();
  if (!lane.former_sfid.empty() && lane.former_sfid == read.sfid) return ReadVerdict::old;
  if (lane.dirty) return ReadVerdict::again;
  if (read.deleted && !turn.record.row && lane.attempts.empty() && !lane.pending_delete) return ReadVerdict::old;
  if (lane.tombstone) {
    if (read.deleted) return ReadVerdict::old;
    return again(turn, "read although it was deleted");
  }
  // Older than the delete, or an undelete: only a read that begins now can tell.
  if (lane.frozen_delete && !lane.frozen_delete->by_app && !read.deleted)
    return again(turn, "read although its delete waits for a decision");
  if (!lane.attempts.empty()) {
    // With polling the settle worker reads the record anyway, later than this page.
    if (turn.mapping().source == InboundSource::poll) return ReadVerdict::old;
    return again(turn, "read while an attempt was not settled");
  }
  if (read.deleted) {
    if (turn.record.row && row_stamp(turn.record) > read.stamp && read.stamp > 0) return ReadVerdict::old;
    on_remote_delete(turn, remote_of(read), false);
    return ReadVerdict::applied;
  }
  if (lane.pending_delete) {
    if (!delete_gives_way(turn, moved_since(turn, *lane.pending_delete, read.fields, read.stamp), remote_of(read)))
      return ReadVerdict::applied;
  }
  if (!turn.record.row) {
    insert_row(turn, read);
    return ReadVerdict::applied;
  }
  const TimeMs version = row_stamp(turn.record);
  if (read.stamp < version) return ReadVerdict::old;
  learn_sfid(turn, read.sfid);
  if (read.stamp == version && version > 0 && differs(turn, read))
    return again(turn, "two versions in the same second");
  merge_all(turn, read, {});
  mark_synced_if_at_rest(turn);
  return ReadVerdict::applied;
}

ReadVerdict on_read_back(const Turn& turn, const RecordRead& read, std::int64_t revision) {
  if (turn.record.busy) return again(turn, "the row is locked by the application");
  absorb(turn);
  Lane& lane = turn.lane();
  if (lane.revision != revision) return ReadVerdict::again;
  if (!read.deleted && read.stamp < row_stamp(turn.record))
    return again(turn, "read an older version than the table has");

  if (read.deleted) {
    lane.dirty.reset();
    if (!turn.record.row && lane.attempts.empty() && !lane.pending_delete && lane.tombstone) {
      touch(turn);
      return ReadVerdict::applied;
    }
    on_remote_delete(turn, remote_of(read), false);
    return ReadVerdict::applied;
  }
  const FieldValues sent = sent_values(lane);
  if (lane.frozen_delete && !lane.frozen_delete->by_app) end_held_delete(turn);
  const Attempt create = lane.attempts.empty() ? Attempt{} : lane.attempts.front();
  learn_sfid(turn, read.sfid);
  if (turn.mapping().source == InboundSource::events && read.stamp == row_stamp(turn.record)) {
    lane.read_version = ReadVersion{read.stamp, turn.context.now + turn.context.tombstone_ms};
  }
  requeue_removals(turn);
  std::set<std::string> settled;
  settle_attempts(turn, read, settled);
  journal_held(turn, JournalReason::superseded);
  lane.held.clear();
  lane.dirty.reset();
  if (!turn.record.row) {
    if (lane.pending_delete) {
      const Remote remote = remote_of(read);
      if (delete_gives_way(turn, moved_since(turn, *lane.pending_delete, read.fields, read.stamp), remote))
        merge_all(turn, read, {});
    } else if (lane.row_id && !lane.tombstone && !settled.empty()) {
      // The app deleted the row while its create was unanswered. If the record is what was sent, the delete follows; if
      // somebody else made it or changed it since, that meets the delete like any other change.
      delete_after_create(turn, create, {});
      const FieldValues moved = moved_since(turn, *lane.pending_delete, read.fields, read.stamp);
      const bool ours = std::ranges::none_of(moved, [&](const auto& field) { return sent.contains(field.first); });
      if (ours) {
        // Made by the org of our create, or by somebody since: nobody can tell, and the delete covers it.
        for (const auto& [name, value] : moved) hold(turn, name, value, remote_of(read));
      } else if (delete_gives_way(turn, moved, remote_of(read))) {
        merge_all(turn, read, {});
      }
      // What else the org made of our create is what later changes are told from.
      if (lane.pending_delete) {
        for (const auto& [name, value] : read.fields) lane.pending_delete->old_values.insert_or_assign(name, value);
      }
    } else {
      insert_row(turn, read);
      lane.tombstone.reset();
    }
  } else {
    merge_all(turn, read, settled);
  }
  touch(turn);
  mark_synced_if_at_rest(turn);
  return ReadVerdict::applied;
}

ReadVerdict on_key_missing(const Turn& turn, std::int64_t revision) {
  if (turn.record.busy) return again(turn, "the row is locked by the application");
  absorb(turn);
  Lane& lane = turn.lane();
  if (lane.revision != revision) return ReadVerdict::again;
  std::vector<std::string> tokens;
  for (const Attempt& attempt : lane.attempts) tokens.push_back(attempt.token);
  for (const std::string& token : tokens) requeue(turn, token);
  if (!turn.record.row) {
    for (const PendingLog& log : lane.log) turn.change.log.push_back({log.log_id, LogState::ignored, {}});
    lane.log.clear();
    lane.pending.clear();
    lane.pending_create = false;
  } else if (!tokens.empty()) {
    ++lane.rounds;
    raise_unknown(turn);
  }
  lane.dirty.reset();
  touch(turn);
  return ReadVerdict::applied;
}

void on_key_taken(const Turn& turn, const RecordRead& read) {
  if (turn.record.busy) return;
  absorb(turn);
  if (!turn.record.row) return;
  turn.lane().key_checked = true;
  turn.lane().row_id = turn.record.row->id;
  turn.lane().tombstone.reset();
  turn.change.lane_changed = true;
  learn_sfid(turn, read.sfid);
  merge_all(turn, read, {});
  mark_synced_if_at_rest(turn);
}

void park_ambiguous(const Turn& turn, std::span<const RecordRead* const> candidates) {
  constexpr std::size_t kNamed = 10;
  turn.lane().parked = "DUPLICATE_EXTERNAL_ID";
  touch(turn);
  std::string ids;
  for (const RecordRead* candidate : candidates.first(std::min(candidates.size(), kNamed)))
    ids += (ids.empty() ? "" : ", ") + candidate->sfid;
  Issue issue;
  issue.kind = "rejected";
  issue.state = "open";
  issue.code = "DUPLICATE_EXTERNAL_ID";
  issue.message = std::to_string(candidates.size()) + " records of the org have this external id (" + ids +
                  (candidates.size() > kNamed ? ", …" : "") + "). Make it unique there, then retry.";
  turn.change.issues.push_back(std::move(issue));
}

}  // namespace duet::rules
