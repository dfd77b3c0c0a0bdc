#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/record.h"
#include "postgres/mapped_table.h"
#include "postgres/record_rows.h"
#include "postgres/store_session.h"

namespace duet::postgres {

/// What the database had when a record was locked; a transaction remembers it for the write.
struct LockedRecord {
  /// False when another engine session held the record: its lane could not be read.
  bool lane_read = true;
  std::optional<std::int64_t> row_id;
  std::string last_op;
  std::optional<std::int64_t> lane_id;
  /// Other lanes that turned out to be of the same record: their marks are in the lane, they go when it is written.
  std::vector<std::int64_t> merged_lanes;
};

struct LockResult {
  std::vector<Record> records;       ///< as asked for
  std::vector<LockedRecord> locked;  ///< same order
};

/// Locks and reads records as ports::StoreTransaction::lock promises. Two round trips: first advisory locks in sorted
/// order, then rows in the order of their ids; then, in later statements, lanes and NEW log rows. Rows that an app
/// holds for longer than the lock timeout are reported busy, with their lane and without their log; so is a record that
/// comes up twice.
Result<LockResult> lock_records(TransactionSession& transaction, const MappedTable& table,
                                std::span<const RecordRef> refs);

/// Advisory locks share this many buckets per mapping, which bounds what one transaction takes of the server's lock
/// table.
inline constexpr std::uint32_t kRecordLockBuckets = 256;

}  // namespace duet::postgres
