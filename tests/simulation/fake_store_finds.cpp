#include <algorithm>

#include "fake_store.h"
#include "rules/canonical.h"

namespace duet::simulation {
namespace {

RecordRef ref_of(const Lane& lane) { return {lane.row_id, lane.sfid, {}}; }

}  // namespace

Result<std::vector<RecordRef>> FakeStore::find_pending(const Mapping&, TimeMs now, std::size_t limit) {
  std::vector<RecordRef> refs;
  auto add = [&](RecordRef ref) {
    if (refs.size() < limit && std::ranges::find(refs, ref) == refs.end()) refs.push_back(std::move(ref));
  };
  for (const LogRow& log : database_.log) {
    if (log.state == LogState::fresh) add({log.captured.row_id, log.captured.sfid, {}});
  }
  for (const auto& [id, lane] : database_.lanes) {
    const bool pending = !lane.pending.empty() || lane.pending_create || lane.pending_delete;
    const bool waits =
        std::ranges::any_of(lane.attempts, [](const Attempt& a) { return a.state != AttemptState::accepted; });
    if (pending && !waits && !lane.dirty && lane.parked.empty() && lane.not_before <= now) add(ref_of(lane));
  }
  return refs;
}

Result<std::vector<RecordRef>> FakeStore::find_unsettled(const Mapping&, const ports::UnsettledQuery& query,
                                                         std::size_t limit) {
  std::vector<RecordRef> refs;
  for (const auto& [id, lane] : database_.lanes) {
    if (refs.size() == limit) break;
    if (lane.not_before > query.now || lane.in_flight()) continue;
    if (lane.attempts.empty()) {
      if (lane.dirty) refs.push_back(ref_of(lane));
      continue;
    }
    const Attempt& newest = lane.attempts.back();
    const TimeMs before = newest.state == AttemptState::accepted ? query.accepted_before : query.unknown_before;
    if (newest.passed || newest.decided_at < before) refs.push_back(ref_of(lane));
  }
  return refs;
}

Result<CapturedCounts> FakeStore::count_captured(const Mapping&, long limit) {
  CapturedCounts counts;
  for (const LogRow& log : database_.log) {
    if (log.state != LogState::fresh || counts.creates + counts.updates + counts.removes >= limit) continue;
    ++(log.captured.action == LogAction::insert   ? counts.creates
       : log.captured.action == LogAction::update ? counts.updates
                                                  : counts.removes);
  }
  return counts;
}

Result<std::vector<RecordRef>> FakeStore::find_in_flight(const Mapping&) {
  std::vector<RecordRef> refs;
  for (const auto& [id, lane] : database_.lanes) {
    if (lane.in_flight()) refs.push_back(ref_of(lane));
  }
  return refs;
}

Result<std::vector<RecordRef>> FakeStore::find_parked(const Mapping&, std::string_view reason, std::size_t limit) {
  std::vector<RecordRef> refs;
  for (const auto& [id, lane] : database_.lanes) {
    if (refs.size() < limit && lane.parked == reason) refs.push_back(ref_of(lane));
  }
  return refs;
}

Result<std::vector<RecordRef>> FakeStore::find_released(const Mapping&, const MappedField& field, const Mapping* parent,
                                                        TimeMs now, std::size_t limit) {
  std::vector<RecordRef> refs;
  for (const auto& [id, lane] : database_.lanes) {
    if (!lane.waits_for || lane.waits_for->field != field.schema.name || refs.size() == limit) continue;
    const bool there =
        parent && std::ranges::any_of(database_.rows, [&](const auto& entry) {
          return !entry.second.sfid.empty() &&
                 rules::key_text(value_of(entry.second.values, field.parent->key_field)) == lane.waits_for->key;
        });
    if (there || lane.not_before <= now) refs.push_back(ref_of(lane));
  }
  return refs;
}

Result<std::vector<RecordRef>> FakeStore::find_abandoned(const Mapping&, std::size_t limit) {
  std::vector<RecordRef> refs;
  for (const auto& [id, lane] : database_.lanes) {
    const bool gone = lane.row_id && !database_.rows.contains(*lane.row_id);
    if (refs.size() < limit && !lane.parked.empty() && lane.sfid.empty() && gone) refs.push_back(ref_of(lane));
  }
  return refs;
}

Result<std::vector<ports::StaleMark>> FakeStore::find_stale(const Mapping&, TimeMs now, std::size_t limit) {
  std::vector<std::tuple<TimeMs, std::string, std::int64_t>> due;
  for (const auto& [sfid, stale] : database_.stale) {
    if (stale.due <= now && database_.state == ports::MappingState::loaded)
      due.emplace_back(stale.due, sfid, stale.mark);
  }
  std::ranges::sort(due);
  if (due.size() > limit) due.resize(limit);
  std::vector<ports::StaleMark> marks;
  for (const auto& [at, sfid, mark] : due) marks.push_back({sfid, mark});
  return marks;
}
}  // namespace duet::simulation
