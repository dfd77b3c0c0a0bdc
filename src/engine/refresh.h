#pragma once

#include <memory>

#include "engine/connection.h"
#include "engine/settle.h"
#include "engine/worker.h"

namespace duet::engine {

/// Reads records whose calculated fields may have moved, a call per 2,000 of them, and keeps within a share of the
/// org's daily calls: no event tells of formulas and roll-ups (spec/salesforce-api.md §1.7).
class RefreshWorker final : public Worker {
 public:
  RefreshWorker(const Connection& connection, const Settings& settings, SettlePorts ports, Counters& counters);
  ~RefreshWorker() override;

  std::string_view name() const override { return "refresh"; }
  Result<Step> step() override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace duet::engine
