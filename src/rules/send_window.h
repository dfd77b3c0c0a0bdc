#pragma once

#include <cstddef>
#include <optional>

#include "base/time.h"

namespace duet::rules {

struct WindowLimits {
  std::size_t parallel = 32;    ///< calls of one object side by side
  std::size_t records = 1'000;  ///< per call
  /// A call should not last longer: the org counts calls of 20 s and more, and allows 25 of them (5 in trial orgs) at a
  /// time (spec/performance.md §1.2).
  TimeMs call_ms = 15'000;
};

/// How one call went.
struct Answer {
  std::size_t records = 0;
  TimeMs started_at = 0;  ///< any clock that does not go back
  TimeMs ended_at = 0;
  std::size_t locked = 0;  ///< records that the org could not lock
  bool throttled = false;  ///< the org said that too much runs at a time
  bool lost = false;       ///< no answer came: the call may have been too long for the org
  bool heavy = false;      ///< a transaction went beyond the limits of the org's automation
};

/// How much of one object may be under way: more while all goes well, half after a lock was missed or the org was
/// overrun, and no more records in a call than it carries out in time (design §5 rule 14: slow automation slows its own
/// object only).
class SendWindow {
 public:
  explicit SendWindow(WindowLimits limits = {}) : limits_(limits) {}

  std::size_t parallel() const { return static_cast<std::size_t>(parallel_); }
  std::size_t records() const;
  void answered(const Answer& answer);
  /// How long the org takes for one record; nothing before the first answer.
  std::optional<double> ms_per_record() const { return measured_ ? std::optional(ms_per_record_) : std::nullopt; }

 private:
  WindowLimits limits_;
  double parallel_ = 8;
  bool measured_ = false;
  double records_ = 1'000'000;    ///< as locks allow
  double ms_per_record_ = 0;      ///< smoothed
  double threshold_ = 1'000'000;  ///< above it, growth is by one a round and not by doubling
  TimeMs cut_at_ = -1;            ///< calls that began before know nothing of the smaller window
};

}  // namespace duet::rules
