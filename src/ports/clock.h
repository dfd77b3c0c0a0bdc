#pragma once

#include "base/time.h"

namespace duet::ports {

/// Time, so that a simulation can own it. Thread safe.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall clock of this machine, ms since 1970.
  virtual TimeMs now() = 0;
  /// Never goes back; for deadlines and durations, ms.
  virtual TimeMs monotonic() = 0;
};

}  // namespace duet::ports
