#pragma once

#include <cstdint>
#include <string_view>

#include "base/time.h"

namespace duet {

enum class BreakerState {
  closed,     ///< deletes go out
  tripped,    ///< deletes are held until a person decides
  approved,   ///< what is held goes out
  discarded,  ///< what is held comes back into the table
};

std::string_view name_of(BreakerState state);
BreakerState breaker_state_from_name(std::string_view name);  ///< unknown names are closed

/// The mass-change breaker of one mapping: more deletes than a limit in a window wait for a person (issue `breaker`).
struct Breaker {
  BreakerState state = BreakerState::closed;
  TimeMs window_from = 0;    ///< local clock
  std::int64_t deletes = 0;  ///< sent in the window

  bool operator==(const Breaker&) const = default;
};

/// `Lane::parked` of a delete that the breaker holds.
inline constexpr std::string_view kHeldByBreaker = "MASS_DELETE";

}  // namespace duet
