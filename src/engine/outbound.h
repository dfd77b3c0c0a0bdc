#pragma once

#include <memory>

#include "engine/bulk_desk.h"
#include "engine/connection.h"
#include "engine/governor.h"
#include "engine/worker.h"
#include "ports/clock.h"
#include "ports/random.h"
#include "ports/sender.h"
#include "ports/store.h"

namespace duet::engine {

struct OutboundPorts {
  ports::Store& store;
  ports::Org& org;
  ports::Sender& sender;
  ports::Clock& clock;
  ports::Random& random;
  Governor& governor;
  ports::Bulk& bulk;
  BulkDesk& desk;
};

/// Sends captured changes: claims lanes, records attempts, sends them in calls side by side, and writes each record's
/// outcome (design §4 "Outbound"). At its first step it turns attempts that a stopped process left in flight into
/// unknown ones.
class OutboundWorker final : public Worker {
 public:
  OutboundWorker(const Connection& connection, const Settings& settings, OutboundPorts ports, Counters& counters);
  ~OutboundWorker() override;

  std::string_view name() const override { return "outbound"; }
  Result<Step> step() override;
  Result<void> finish() override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace duet::engine
