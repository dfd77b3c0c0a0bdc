#pragma once

#include <string>
#include <string_view>

#include "model/lane.h"

namespace duet {

/// A Bulk job whose results are still to be written. Kept from before it may run until its last result is in.
struct BulkJob {
  std::string token;   ///< of its records' attempts
  std::string job_id;  ///< the org's
  AttemptKind kind = AttemptKind::update;

  bool operator==(const BulkJob&) const = default;
};

inline std::string_view name_of(AttemptKind kind) {
  return kind == AttemptKind::create ? "create" : kind == AttemptKind::update ? "update" : "remove";
}
/// Unknown names are `remove`.
inline AttemptKind attempt_kind_from_name(std::string_view name) {
  return name == "create" ? AttemptKind::create : name == "update" ? AttemptKind::update : AttemptKind::remove;
}

/// Captured changes that are not taken up, counted up to a limit.
struct CapturedCounts {
  long creates = 0;
  long updates = 0;
  long removes = 0;
};

}  // namespace duet
