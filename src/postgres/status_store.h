#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/mapping.h"
#include "postgres/session.h"

namespace duet::postgres {

/// Counts of one mapping, for status and metrics.
struct MappingCounts {
  std::int64_t rows = 0;     ///< estimate of the server; exact for small tables that it has not looked at yet
  std::int64_t new_log = 0;  ///< captured and not taken up
  std::int64_t pending_log = 0;
  TimeMs oldest_new_ms = 0;  ///< age of the oldest captured change that waits
  std::int64_t lanes = 0;
  std::int64_t lanes_sendable = 0;
  std::int64_t lanes_in_flight = 0;
  std::int64_t lanes_unsettled = 0;  ///< accepted or unknown
  std::int64_t lanes_dirty = 0;
  std::int64_t lanes_parked = 0;
  std::int64_t spooled = 0;
  std::int64_t stale = 0;  ///< records whose calculated columns are to be read again
};

Result<MappingCounts> count_mapping(Session& session, const std::string& schema, const Mapping& mapping);

/// How much of an int4 sequence is used up (design §6: an exhausted one fails the app's own UPDATE).
struct SequenceUse {
  std::string sequence;  ///< `salesforce._trigger_log_id_seq`
  double used = 0;       ///< 0 to 1
};

inline constexpr double kSequenceAlarm = 0.8;

/// The trigger log's sequence and those of the mapped tables.
Result<std::vector<SequenceUse>> sequence_use(Session& session, const std::string& schema,
                                              const std::vector<Mapping>& mappings);

/// Names and ages of positions, for status.
struct StoredPosition {
  std::string source;
  TimeMs updated_at = 0;
};
Result<std::vector<StoredPosition>> list_positions(Session& session, int connection_id);

}  // namespace duet::postgres
