#pragma once

#include "base/error.h"
#include "base/time.h"
#include "ports/random.h"

namespace duet::runtime {

/// How long to wait after errors in a row: doubling from `base` to `limit`, each cut by up to half at random, never
/// below what the other side asked for.
class BackOff {
 public:
  BackOff(TimeMs base_ms, TimeMs limit_ms, ports::Random& random)
      : base_ms_(base_ms), limit_ms_(limit_ms), random_(random) {}

  TimeMs after(const Error& error);
  void reset() { errors_ = 0; }
  int errors_in_a_row() const { return errors_; }

 private:
  TimeMs base_ms_;
  TimeMs limit_ms_;
  ports::Random& random_;
  int errors_ = 0;
};

/// The longest wait that another side may ask for.
inline constexpr TimeMs kLongestRetryAfterMs = 15 * 60'000;

}  // namespace duet::runtime
