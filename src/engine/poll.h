#pragma once

#include <memory>

#include "engine/connection.h"
#include "engine/settle.h"
#include "engine/worker.h"

namespace duet::engine {

/// Follows one object without change events: keyset pages on (SystemModstamp, Id) with an overlap, then deletes. Also
/// re-reads a range that the stream could not tell (overflow, lost position) of an object with events.
class PollWorker final : public Worker {
 public:
  PollWorker(const Connection& connection, const Mapping& mapping, const Settings& settings, SettlePorts ports,
             Counters& counters);
  ~PollWorker() override;

  std::string_view name() const override { return "poll"; }
  Result<Step> step() override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace duet::engine
