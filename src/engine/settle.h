#pragma once

#include <memory>

#include "engine/connection.h"
#include "engine/governor.h"
#include "engine/worker.h"
#include "ports/clock.h"
#include "ports/store.h"

namespace duet::engine {

struct SettlePorts {
  ports::Store& store;
  ports::Org& org;
  ports::Clock& clock;
  Governor& governor;
};

/// Reads records back: dirty ones, unknown attempts after the org's request limit, and accepted attempts whose own
/// event never came (design §5 rules 3, 7, 13).
class SettleWorker final : public Worker {
 public:
  SettleWorker(const Connection& connection, const Settings& settings, SettlePorts ports, const StreamHorizon& horizon,
               Counters& counters);
  ~SettleWorker() override;

  std::string_view name() const override { return "settle"; }
  Result<Step> step() override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace duet::engine
