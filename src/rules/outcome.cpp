#include "rules/outcome.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "rules/canonical.h"
#include "rules/claim.h"
#include "rules/merge.h"
#include "rules/parent.h"
#include "rules/removal.h"
#include "rules/settle.h"

namespace duet::rules {
namespace {

/// 1 s becomes about a minute.
constexpr int kBackoffDoublings = 6;
constexpr int kHeavyRounds = 8;

Attempt* find(Lane& lane, const std::string& token) {
  auto found = std::ranges::find(lane.attempts, token, &Attempt::token);
  return found == lane.attempts.end() ? nullptr : &*found;
}

void set_last_op(const Turn& turn, const std::string& last_op) {
  if (!turn.record.row) return;
  turn.record.row->last_op = last_op;
  turn.change.last_op = last_op;
  if (turn.change.row_action == RowAction::keep) turn.change.row_action = RowAction::update;
}

void learn_sfid(const Turn& turn, const std::string& sfid) {
  if (sfid.empty()) return;
  turn.lane().sfid = sfid;
  if (turn.lane().former_sfid == sfid) turn.lane().former_sfid.clear();
  turn.change.lane_changed = true;
  if (turn.record.row && turn.record.row->sfid.empty()) {
    turn.record.row->sfid = sfid;
    turn.change.set_sfid = sfid;
    if (turn.change.row_action == RowAction::keep) turn.change.row_action = RowAction::update;
  }
}

void retry_later(const Turn& turn, const std::string& token, TimeMs wait) {
  requeue(turn, token);
  const int doublings = std::min(turn.lane().rounds, kBackoffDoublings);
  turn.lane().not_before = turn.context.now + (wait << doublings);
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

/// `_hc_err` holds a JSON object (spec/heroku-connect.md §1.2); its keys are Duet's own, since Heroku's are not
/// documented.
std::string error_object(const Error& error) {
  return fmt::format(R"({{"code":{},"message":{}}})", quoted(error.code), quoted(error.message));
}

void refuse(const Turn& turn, Attempt attempt, const Error& error) {
  Lane& lane = turn.lane();
  std::erase_if(lane.attempts, [&](const Attempt& other) { return other.token == attempt.token; });
  touch(turn);

  for (const PendingLog& log : attempt.log) turn.change.log.push_back({log.log_id, LogState::failed, error.message});
  Issue issue;
  issue.kind = "rejected";
  issue.state = "open";
  issue.code = error.code;
  issue.message = error.message;
  issue.attempt = attempt.token;
  for (const auto& [name, sent] : attempt.fields) {
    const MappedField* field = turn.mapping().find(name);
    if (!field) continue;
    issue.postgres_at = std::max(issue.postgres_at, sent.changed_at.from);
    JournalEntry entry;
    entry.reason = JournalReason::rejected;
    entry.field = name;
    entry.base = sent.base;
    entry.lost = sent.value;
    entry.kept = sent.base;
    entry.rule = error.code;
    entry.lost_at = sent.changed_at.from;
    entry.attempt = attempt.token;
    turn.change.journal.push_back(std::move(entry));
    issue.fields.push_back({name, sent.base, sent.base, sent.value, {}});
    // The org never had the value: what the app wrote since builds on the base that the org has.
    if (auto pending = lane.pending.find(name); pending != lane.pending.end()) pending->second.base = sent.base;
  }
  release_orphans(turn);
  turn.change.issues.push_back(std::move(issue));
  if (attempt.kind == AttemptKind::remove) {
    journal_removal(turn, *attempt.removal, JournalReason::rejected, error.code);
    mark_dirty(turn, "the org refused the delete");
  }
  if (turn.record.row && lane.pending.empty() && lane.attempts.empty()) {
    set_last_op(turn, "FAILED");
    turn.change.error_text = error_object(error);
  }
}

/// In order, nothing of a record goes out before its insert: the insert stays first in the lane, which waits for a
/// person.
void hold_back(const Turn& turn, const Attempt& attempt, const Error& error) {
  Issue issue;
  issue.kind = "rejected";
  issue.state = "open";
  issue.code = error.code;
  issue.message = error.message;
  for (const auto& [name, sent] : attempt.fields) issue.fields.push_back({name, sent.base, sent.base, sent.value, {}});
  turn.change.issues.push_back(std::move(issue));
  requeue(turn, std::string(attempt.token));
  turn.lane().parked = error.code.empty() ? "REJECTED" : error.code;
  set_last_op(turn, "FAILED");
  turn.change.error_text = error_object(error);
}

}  // namespace

void finish_log(const Turn& turn, const Attempt& attempt) {
  std::set<std::string, std::less<>> seen;
  for (auto log = attempt.log.rbegin(); log != attempt.log.rend(); ++log) {
    bool carried = log == attempt.log.rbegin();
    for (const std::string& field : log->fields) carried |= seen.insert(field).second;
    turn.change.log.push_back({log->log_id, carried ? LogState::success : LogState::merged, {}});
  }
}

void on_accepted(const Turn& turn, const std::string& token, const std::string& sfid) {
  Lane& lane = turn.lane();
  learn_sfid(turn, sfid);
  Attempt* attempt = find(lane, token);
  if (!attempt || attempt->state != AttemptState::sent) return;
  attempt->state = AttemptState::accepted;
  attempt->decided_at = turn.context.now;
  lane.rounds = 0;
  finish_log(turn, *attempt);
  touch(turn);
  if (attempt->kind == AttemptKind::remove) return;
  if (attempt->kind == AttemptKind::create && !turn.record.row && !turn.record.busy) {
    delete_after_create(turn, Attempt(*attempt), {});
    return;
  }
  if (lane.pending.empty() && lane.frozen.empty())
    set_last_op(turn, attempt->kind == AttemptKind::create ? "INSERTED" : "UPDATED");
}

void on_unknown(const Turn& turn, const std::string& token) {
  Attempt* attempt = find(turn.lane(), token);
  if (!attempt || attempt->state != AttemptState::sent) return;
  attempt->state = AttemptState::unknown;
  attempt->decided_at = turn.context.now;
  touch(turn);
}

void on_not_sent(const Turn& turn, const std::string& token) {
  const Attempt* attempt = find(turn.lane(), token);
  if (!attempt || attempt->state != AttemptState::sent) return;
  retry_later(turn, token, turn.context.retry_ms);
}

void on_rejected(const Turn& turn, const std::string& token, const Error& error) {
  Lane& lane = turn.lane();
  const Attempt* attempt = find(lane, token);
  if (!attempt || attempt->state != AttemptState::sent) return;
  if (const auto parent = missing_parent(turn.mapping(), *attempt, error))
    return wait_for_parent(turn, token, *parent, error);
  switch (error.kind) {
    case ErrorKind::row_locked:
    case ErrorKind::throttled:
    case ErrorKind::auth_expired:
    case ErrorKind::network:
    case ErrorKind::timeout:
      // The org's automation refuses this record however small its transaction is.
      if (error.code.starts_with("CANNOT_") && error.kind == ErrorKind::throttled && lane.rounds >= kHeavyRounds) break;
      retry_later(turn, token, turn.context.retry_ms);
      ++lane.rounds;
      return;
    case ErrorKind::duplicate:
      if (attempt->kind == AttemptKind::create) {
        retry_later(turn, token, turn.context.duplicate_wait_ms);
        lane.key_checked = false;
        if (++lane.rounds < turn.context.rounds_before_issue) return;
        attempt = nullptr;
        lane.parked = error.code;
        Issue issue;
        issue.kind = "rejected";
        issue.state = "open";
        issue.code = error.code;
        issue.message = error.message;
        turn.change.issues.push_back(std::move(issue));
        return;
      }
      break;
    case ErrorKind::deleted:
    case ErrorKind::not_found:
      if (attempt->kind == AttemptKind::remove) {
        on_accepted(turn, token, {});
        return;
      }
      if (attempt->kind == AttemptKind::update) {
        // What is read now is merged; only another change from there on makes the next write conditional.
        lane.contested_at = 0;
        requeue(turn, token);
        mark_dirty(turn, "the org no longer has the record as it was sent");
        return;
      }
      break;
    default:
      break;
  }
  const bool holds_back = turn.mapping().ordered && attempt->kind == AttemptKind::create;
  if (holds_back) return hold_back(turn, *attempt, error);
  refuse(turn, *attempt, error);
}

}  // namespace duet::rules
