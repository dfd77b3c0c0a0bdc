#pragma once

#include <memory>

#include "engine/connection.h"
#include "engine/settle.h"
#include "engine/worker.h"

namespace duet::engine {

/// Fills one mapping's table from the org, then drains the events that were spooled meanwhile (design §4 "Load").
/// Begins when the position of the stream is noted. An empty, unused table is filled by COPY; any other load merges
/// page by page as reads (rule 6). Once the mapping is loaded, step() has nothing to do.
class LoadWorker final : public Worker {
 public:
  LoadWorker(const Connection& connection, const Mapping& mapping, const Settings& settings, SettlePorts ports,
             Counters& counters);
  ~LoadWorker() override;

  std::string_view name() const override { return "load"; }
  Result<Step> step() override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace duet::engine
