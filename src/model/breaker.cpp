#include "model/breaker.h"

#include <array>

namespace duet {
namespace {

constexpr std::array<std::string_view, 4> kNames{"closed", "tripped", "approved", "discarded"};

}  // namespace

std::string_view name_of(BreakerState state) { return kNames[static_cast<std::size_t>(state)]; }

BreakerState breaker_state_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<BreakerState>(i);
  }
  return BreakerState::closed;
}

}  // namespace duet
