#pragma once

#include <memory>

#include "engine/connection.h"
#include "engine/worker.h"
#include "ports/clock.h"
#include "ports/event_stream.h"
#include "ports/store.h"

namespace duet::engine {

/// Everything a worker stands on. The referred objects outlive the worker; store, org and stream are the worker's own.
struct InboundPorts {
  ports::EventStream& stream;
  ports::Store& store;
  ports::Org& org;
  ports::Clock& clock;
};

/// Applies the change stream: groups events by transaction, merges them through the record protocol and commits rows,
/// lanes, journal and position together (design §4 "Inbound"). Spools events of mappings that are being loaded.
class InboundWorker final : public Worker {
 public:
  InboundWorker(const Connection& connection, const Settings& settings, InboundPorts ports, StreamHorizon& horizon,
                Counters& counters);
  ~InboundWorker() override;

  std::string_view name() const override { return "inbound"; }
  Result<Step> step() override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace duet::engine
