#pragma once

#include <memory>

#include "engine/bulk_desk.h"
#include "engine/connection.h"
#include "engine/governor.h"
#include "engine/worker.h"
#include "ports/bulk.h"
#include "ports/clock.h"
#include "ports/store.h"

namespace duet::engine {

struct BulkPorts {
  ports::Store& store;
  ports::Org& org;
  ports::Bulk& bulk;
  ports::Clock& clock;
  Governor& governor;
  BulkDesk& desk;
};

/// Runs filled Bulk jobs: uploads them, lets them go, waits, and writes what became of each record. A job runs only
/// after its Id has been committed; after a restart the job's own state tells whether it was applied (design §5 rule
/// 7): one that was never let go is aborted and its attempts are sent anew, the results of any other are read.
class BulkWorker final : public Worker {
 public:
  BulkWorker(const Connection& connection, const Settings& settings, BulkPorts ports, Counters& counters);
  ~BulkWorker() override;

  std::string_view name() const override { return "bulk"; }
  Result<Step> step() override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace duet::engine
