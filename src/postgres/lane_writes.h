#pragma once

#include <span>
#include <vector>

#include "postgres/lane_merge.h"
#include "postgres/mapped_table.h"
#include "postgres/pending_write.h"

namespace duet::postgres {

/// What duet.lane's columns repeat of a lane, so that queries find it.
struct LaneColumns {
  bool sendable = false;  ///< has something to send, and nothing stands against it
  bool in_flight = false;
  bool parked = false;
  bool dirty = false;
  std::string settle_by;  ///< `read`, `accepted`, `unknown`, or empty when a read cannot settle it
  TimeMs settle_since = 0;
  std::optional<std::int64_t> first_log;
  std::optional<TimeMs> tombstone_until;
  bool only_tombstone = false;
};

LaneColumns columns_of(const Lane& lane);

/// The lane with every name that is known of its record, so that it is found again.
Lane with_names(const PendingWrite& write);

/// Stores, changes and deletes lanes as the writes say. An INSERT that meets another lane of the same name writes fewer
/// rows than expected.
std::vector<WriteStatement> lane_statements(const MappedTable& table, std::span<PendingWrite> writes);

}  // namespace duet::postgres
