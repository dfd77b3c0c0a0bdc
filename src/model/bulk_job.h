#pragma once

#include <string>

#include "model/lane.h"

namespace duet {

/// A Bulk job whose results are still to be written. Kept from before it may run until its last result is in.
struct BulkJob {
  std::string token;   ///< of its records' attempts
  std::string job_id;  ///< the org's
  AttemptKind kind = AttemptKind::update;

  bool operator==(const BulkJob&) const = default;
};

/// Captured changes that are not taken up, counted up to a limit.
struct CapturedCounts {
  long creates = 0;
  long updates = 0;
  long removes = 0;
};

}  // namespace duet
