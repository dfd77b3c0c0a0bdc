#pragma once

#include <mutex>
#include <random>

#include "ports/clock.h"
#include "ports/random.h"

namespace duet::runtime {

/// The clocks of this machine.
class SystemClock final : public ports::Clock {
 public:
  TimeMs now() override;
  TimeMs monotonic() override;
};

/// Random numbers of the operating system's quality: keys and tokens come from here. Thread safe.
class SystemRandom final : public ports::Random {
 public:
  std::uint64_t next() override;

 private:
  std::mutex mutex_;
  std::random_device device_;
};

}  // namespace duet::runtime
