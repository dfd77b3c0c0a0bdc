#pragma once

#include "ports/clock.h"
#include "ports/random.h"

namespace duet::simulation {

/// Virtual time: moves only when the scheduler says so.
class SimClock final : public ports::Clock {
 public:
  explicit SimClock(TimeMs start) : now_(start) {}
  TimeMs now() override { return now_; }
  TimeMs monotonic() override { return now_; }
  void advance(TimeMs ms) { now_ += ms; }

 private:
  TimeMs now_;
};

/// splitmix64: small, and the same everywhere.
class SimRandom final : public ports::Random {
 public:
  explicit SimRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  bool chance(unsigned percent) { return below(100) < percent; }

 private:
  std::uint64_t state_;
};

/// Thrown out of a port: the process died here. Caught by the scheduler, which starts the workers anew.
struct Crash {};

}  // namespace duet::simulation
