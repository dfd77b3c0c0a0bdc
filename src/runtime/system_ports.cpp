#include "runtime/system_ports.h"

#include <chrono>

namespace duet::runtime {
namespace {

template <class TimePoint>
TimeMs to_ms(TimePoint time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace

TimeMs SystemClock::now() { return to_ms(std::chrono::system_clock::now()); }

TimeMs SystemClock::monotonic() { return to_ms(std::chrono::steady_clock::now()); }

std::uint64_t SystemRandom::next() {
  std::lock_guard lock(mutex_);
  return (static_cast<std::uint64_t>(device_()) << 32) | device_();
}

}  // namespace duet::runtime
