#include "postgres/lane_merge.h"

#include <algorithm>

#include "codec/lane_json.h"

namespace duet::postgres {
namespace {

/// 0 is the best; nothing when the lane is of another record.
std::optional<int> rank(const StoredLane& lane, const RecordNames& names) {
  if (lane.row_id && names.row_id && *lane.row_id == *names.row_id) return 0;
  if (!lane.sfid.empty() && lane.sfid == names.sfid) return 1;
  const bool other_row = lane.row_id && names.row_id;
  const bool other_sfid = !lane.sfid.empty() && !names.sfid.empty();
  if (!lane.external_key.empty() && lane.external_key == names.external_key && !other_row && !other_sfid) return 2;
  if (!lane.former_sfid.empty() && lane.former_sfid == names.sfid) return 3;
  return std::nullopt;
}

}  // namespace

Result<std::vector<StoredLane>> read_lanes(const Rows& rows) {
  std::vector<StoredLane> lanes;
  lanes.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    StoredLane stored;
    stored.id = rows.integer(i, 0);
    if (!rows.is_null(i, 1)) stored.row_id = rows.integer(i, 1);
    stored.sfid = rows.text(i, 2);
    stored.former_sfid = rows.text(i, 3);
    stored.external_key = rows.text(i, 4);
    stored.lane = DUET_TRY(codec::lane_from_json(rows.text(i, 5)));
    stored.lane.row_id = stored.row_id;
    stored.lane.sfid = stored.sfid;
    lanes.push_back(std::move(stored));
  }
  return lanes;
}

bool is_only_marks(const Lane& lane) {
  return !lane.pending_create && lane.pending.empty() && lane.log.empty() && !lane.pending_delete &&
         lane.attempts.empty() && lane.held.empty() && lane.frozen.empty() && lane.parked.empty();
}

void take_marks(Lane& lane, const Lane& other) {
  if (!lane.dirty) lane.dirty = other.dirty;
  if (!lane.tombstone) lane.tombstone = other.tombstone;
  if (!lane.read_version) lane.read_version = other.read_version;
  lane.revision = std::max(lane.revision, other.revision) + 1;
  if (lane.external_id.empty()) lane.external_id = other.external_id;
}

MergedLane merge_lanes(std::span<const StoredLane> lanes, const RecordNames& names) {
  std::vector<std::pair<int, const StoredLane*>> found;
  for (const StoredLane& lane : lanes) {
    if (auto order = rank(lane, names)) found.emplace_back(*order, &lane);
  }
  std::ranges::stable_sort(found, {}, [](const auto& each) { return each.first; });
  MergedLane merged;
  if (found.empty()) return merged;
  // Changes count more than the better name: marks can be moved, changes cannot.
  auto main =
      std::ranges::find_if(found, [](const auto& each) { return each.first < 3 && !is_only_marks(each.second->lane); });
  if (main == found.end()) main = found.begin();
  merged.lane = main->second->lane;
  merged.id = main->second->id;
  for (const auto& [order, other] : found) {
    if (other == main->second || order == 3 || !is_only_marks(other->lane)) continue;
    take_marks(merged.lane, other->lane);
    merged.merged.push_back(other->id);
  }
  return merged;
}

}  // namespace duet::postgres
