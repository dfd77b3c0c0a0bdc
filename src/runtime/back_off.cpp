#include "runtime/back_off.h"

#include <algorithm>

namespace duet::runtime {

TimeMs BackOff::after(const Error& error) {
  constexpr int kMostDoublings = 20;
  // What only a person can put right is tried at the slowest pace from the start.
  const bool slow = policy_of(error.kind).reaction == Reaction::park_with_hint;
  const TimeMs full = slow ? limit_ms_ : std::min(limit_ms_, base_ms_ << std::min(errors_, kMostDoublings));
  ++errors_;
  const TimeMs jittered = full - static_cast<TimeMs>(random_.below(static_cast<std::uint64_t>(full / 2 + 1)));
  const TimeMs asked = std::clamp<TimeMs>(error.retry_after_ms.value_or(0), 0, kLongestRetryAfterMs);
  return std::max(jittered, asked);
}

}  // namespace duet::runtime
