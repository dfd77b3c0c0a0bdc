#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/lane.h"
#include "postgres/rows.h"

namespace duet::postgres {

struct StoredLane {
  std::int64_t id = 0;
  std::optional<std::int64_t> row_id;
  std::string sfid;
  std::string former_sfid;
  std::string external_key;  ///< folded
  Lane lane;
};

/// From rows with id, row_id, sfid, former_sfid, external_key and state. The names in the columns stand.
Result<std::vector<StoredLane>> read_lanes(const Rows& rows);

/// What is known of a record when its lane is looked for.
struct RecordNames {
  std::optional<std::int64_t> row_id;
  std::string sfid;
  std::string external_key;  ///< folded
};

struct MergedLane {
  Lane lane;
  std::optional<std::int64_t> id;    ///< of the stored lane, if there is one
  std::vector<std::int64_t> merged;  ///< ids of lanes whose marks were taken over
};

/// The lane of a record: by its row, else by its Id, else by its key, else by the Id it had before. A record may have
/// got two lanes while its names were not known to belong together (an event of an Id whose row did not have it yet).
/// Of those, lanes that only mark the record dirty or deleted are taken over by the first; others stay for themselves.
MergedLane merge_lanes(std::span<const StoredLane> lanes, const RecordNames& names);

/// A lane that has no changes of its own, only marks.
bool is_only_marks(const Lane& lane);
/// Adds the marks of `other`.
void take_marks(Lane& lane, const Lane& other);

}  // namespace duet::postgres
