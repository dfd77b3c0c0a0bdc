#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/value.h"

namespace duet::runtime {

/// A whole row, or that there was none, as it was written down at a time: right after a change, or right before one.
struct Snapshot {
  TimeMs at = 0;
  bool after = true;
  bool exists = true;
  FieldValues values;
};

/// A record as it was.
struct RecordAsOf {
  std::optional<bool> exists;  ///< nothing: not known
  FieldValues values;
  TimeMs known_from = 0;               ///< when they were written down; 0: not at all
  std::vector<std::string> not_known;  ///< sentences
};

/// What the snapshots, in any order, tell of the time. A row changes between two of them only by what Salesforce did,
/// which leaves no trace but the difference: such fields are named.
RecordAsOf record_as_of(const std::vector<Snapshot>& snapshots, TimeMs at);

}  // namespace duet::runtime
