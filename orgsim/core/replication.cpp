#include <algorithm>
#include <map>

#include "orgsim/core/org_state.h"
#include "orgsim/core/time_text.h"
#include "orgsim/core/transaction_state.h"

namespace orgsim {

namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kWindowDays = 30;
constexpr std::size_t kMaxIds = 600'000;

std::int64_t floor_minute(std::int64_t ms) { return ms - ((ms % kMinuteMs) + kMinuteMs) % kMinuteMs; }

struct Window {
  const ObjectDef* object = nullptr;
  std::uint32_t first = 0;  // seconds, both inclusive
  std::uint32_t last = 0;
  std::int64_t covered_ms = 0;
};

/// Seconds are cut off at both ends, so rows of the end's own minute come although they are later than what is said to
/// be covered; an open transaction holds the covered time back, because it will commit older stamps (§2.7).
Outcome<Window> replication_window(const Org::Impl& org, std::string_view name, std::int64_t start_ms,
                                   std::int64_t end_ms) {
  const auto object = org.object(name);
  if (!object) return std::unexpected(object.error());
  if (!(*object)->replicateable) {
    return fail(codes::kInvalidType, "sObject type '" + (*object)->name + "' is not replicateable");
  }
  if (floor_minute(end_ms) - floor_minute(start_ms) < kMinuteMs) {
    return fail(codes::kInvalidReplicationDate, "endDate must be at least one minute greater than startDate");
  }
  if (start_ms < org.now() - kWindowDays * kMsPerDay) {
    return fail(codes::kInvalidReplicationDate, "startDate cannot be more than 30 days ago");
  }
  std::int64_t covered = std::min(end_ms, org.now());
  for (const Transaction::State* transaction : org.open) {
    if (transaction->started_ms) covered = std::min(covered, *transaction->started_ms);
  }
  const auto second = [](std::int64_t ms) {
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(ms / 1000, 0, 0xFFFFFFFF));
  };
  return Window{*object, second(floor_minute(start_ms)), second(floor_minute(end_ms) + kMinuteMs - 1),
                floor_minute(covered)};
}

}  // namespace

Outcome<UpdatedIds> Org::updated(std::string_view object, std::int64_t start_ms, std::int64_t end_ms) const {
  const auto window = replication_window(*impl_, object, start_ms, end_ms);
  if (!window) return std::unexpected(window.error());
  const Table& table = impl_->table(*window->object);
  UpdatedIds answer;
  table.stamps().range(window->first, window->last, [&](std::uint32_t slot) {
    if (table.state(slot) == RowState::live) answer.ids.push_back(impl_->id_of(row_key(window->object->index, slot)));
    return answer.ids.size() <= kMaxIds;
  });
  if (answer.ids.size() > kMaxIds) return fail(codes::kExceededIdLimit, "The id limit of 600000 was exceeded");
  answer.latest_date_covered_ms = window->covered_ms;
  return answer;
}

Outcome<DeletedIds> Org::deleted(std::string_view object, std::int64_t start_ms, std::int64_t end_ms) const {
  const auto window = replication_window(*impl_, object, start_ms, end_ms);
  if (!window) return std::unexpected(window.error());
  const Table& table = impl_->table(*window->object);
  // The last delete of a row is the one that counts, and only while the row is gone.
  std::map<std::uint32_t, std::uint32_t> last_delete;
  for (const auto& [second, slot] : table.deletes()) last_delete[slot] = second;
  DeletedIds answer;
  for (const auto& [slot, second] : last_delete) {
    if (table.state(slot) == RowState::live || second < window->first || second > window->last) continue;
    answer.records.push_back(
        {impl_->id_of(row_key(window->object->index, slot)), static_cast<std::int64_t>(second) * 1000});
  }
  if (answer.records.size() > kMaxIds) return fail(codes::kExceededIdLimit, "The id limit of 600000 was exceeded");
  std::ranges::stable_sort(answer.records, {}, &DeletedIds::Entry::deleted_ms);
  answer.earliest_date_available_ms = floor_minute(now() - kWindowDays * kMsPerDay);
  answer.latest_date_covered_ms = window->covered_ms;
  return answer;
}

}  // namespace orgsim
