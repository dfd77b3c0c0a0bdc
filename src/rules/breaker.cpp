#include "rules/breaker.h"

#include <algorithm>

#include <fmt/format.h>

#include "rules/merge.h"
#include "rules/removal.h"

namespace duet::rules {
namespace {

constexpr TimeMs kMsPerMinute = 60'000;

}  // namespace

bool trip(Breaker& breaker, long waiting, const DeleteLimit& limit, TimeMs now) {
  if (breaker.state != BreakerState::closed) return false;
  if (now - breaker.window_from >= limit.window_ms) {
    breaker.window_from = now;
    breaker.deletes = 0;
  }
  if (limit.most <= 0 || breaker.deletes + waiting <= limit.most) return false;
  breaker.state = BreakerState::tripped;
  return true;
}

Issue breaker_issue(const Mapping& mapping, long waiting, const DeleteLimit& limit) {
  Issue issue;
  issue.kind = "breaker";
  issue.state = "open";
  issue.code = kMassDelete;
  issue.rule = fmt::format("max_deletes = {} in {} min", limit.most, limit.window_ms / kMsPerMinute);
  issue.message = fmt::format(
      "{} or more rows of {} were deleted, more than {} in {} min: they are kept in Salesforce until a person decides. "
      "Approve, and they are deleted there; discard, and they come back into the table.",
      waiting, mapping.table, limit.most, limit.window_ms / kMsPerMinute);
  return issue;
}

bool asks_for_delete(const Record& record) {
  if (record.lane.pending_delete) return !record.lane.pending_delete->approved;
  return std::ranges::any_of(record.captured,
                             [](const CapturedChange& change) { return change.action == LogAction::remove; });
}

void approve_delete(const Turn& turn) {
  Lane& lane = turn.lane();
  if (lane.parked != kHeldByBreaker) return;
  lane.parked.clear();
  if (lane.pending_delete) lane.pending_delete->approved = true;
  touch(turn);
}

void discard_delete(const Turn& turn) {
  Lane& lane = turn.lane();
  if (lane.parked != kHeldByBreaker) return;
  lane.parked.clear();
  touch(turn);
  if (!lane.pending_delete) return;
  journal_removal(turn, *lane.pending_delete, JournalReason::rejected, "discarded");
  restore_deleted_row(turn);
  mark_dirty(turn, "restored after a delete that was discarded");
}

}  // namespace duet::rules
