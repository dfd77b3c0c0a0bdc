#pragma once

#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace duet::engine {

struct Step {
  /// Something was done: step again at once.
  bool worked = false;
  /// Otherwise: nothing will be due before this many ms, unless a doorbell rings.
  TimeMs wait_ms = 0;
};

/// A part of the engine that goes forward step by step: in production on its own thread, in simulation under a seeded
/// scheduler. A step ends between two durable states and has at most one effect on the org between two commits. One
/// thread at a time.
class Worker {
 public:
  virtual ~Worker() = default;
  virtual std::string_view name() const = 0;
  /// An error leaves the worker able to step again; policy_of(error.kind) says when.
  virtual Result<Step> step() = 0;
  /// Ends what is under way, takes up nothing new; before a pause and before the worker goes. It may step again.
  virtual Result<void> finish() { return {}; }
};

}  // namespace duet::engine
