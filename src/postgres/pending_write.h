#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/record.h"
#include "postgres/record_lock.h"
#include "postgres/session.h"

namespace duet::postgres {

/// One record on its way into the database.
struct PendingWrite {
  std::size_t index = 0;  ///< in the span given to write()
  const Record* record = nullptr;
  const RecordChange* change = nullptr;
  LockedRecord* locked = nullptr;
  /// The row's `id` once it is known: as locked, or as inserted.
  std::optional<std::int64_t> row_id;
  /// Of a lane that was inserted.
  std::optional<std::int64_t> new_lane_id;
  /// Stored instead of the record's lane: what another lane of the record knew is in it.
  std::optional<Lane> lane;

  const Lane& lane_to_store() const { return lane ? *lane : record->lane; }
};

/// A statement together with how many rows it must write; another number means that a trigger of the app swallowed
/// some.
struct WriteStatement {
  Statement statement;
  long expected = -1;                                  ///< -1: any
  std::vector<std::optional<std::int64_t>*> returned;  ///< where the ids of an INSERT … RETURNING id go, in order
};

/// The lane is to be written.
inline bool stores_lane(const PendingWrite& write) {
  return write.change->lane_changed || write.change->row_action != RowAction::keep;
}

// The record's names, as far as they are known when it is written.
inline std::optional<std::int64_t> known_row_id(const PendingWrite& write) {
  if (write.row_id) return write.row_id;
  if (write.record->lane.row_id) return write.record->lane.row_id;
  return write.record->ref.row_id;
}

inline const std::string& known_sfid(const PendingWrite& write) {
  if (write.record->row && !write.record->row->sfid.empty()) return write.record->row->sfid;
  if (!write.record->lane.sfid.empty()) return write.record->lane.sfid;
  return write.record->ref.sfid;
}

inline const std::string& known_external_id(const PendingWrite& write) {
  return write.record->lane.external_id.empty() ? write.record->ref.external_id : write.record->lane.external_id;
}

}  // namespace duet::postgres
