#pragma once

#include <cstdint>
#include <string>

namespace duet::ports {

/// Randomness, so that a simulation can own it. Thread safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;
  /// Uniform in [0, bound).
  std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }
  /// A random UUID in lower-case text form.
  std::string uuid();
};

}  // namespace duet::ports
