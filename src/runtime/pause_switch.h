#pragma once

#include <atomic>

#include "runtime/status.h"

namespace duet::runtime {

/// What is paused, set by the connection's supervisor and asked by its workers before each step. Thread safe.
class PauseSwitch {
 public:
  void set(Pause pause) { pause_.store(pause, std::memory_order_relaxed); }
  Pause get() const { return pause_.load(std::memory_order_relaxed); }
  bool stops(bool outbound) const {
    const Pause pause = get();
    return pause == Pause::all || (outbound && pause == Pause::outbound);
  }

 private:
  std::atomic<Pause> pause_{Pause::none};
};

}  // namespace duet::runtime
