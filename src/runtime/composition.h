#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/bulk_desk.h"
#include "engine/connection.h"
#include "engine/governor.h"
#include "ports/clock.h"
#include "ports/random.h"
#include "runtime/config.h"
#include "runtime/load_queue.h"
#include "runtime/org_access.h"
#include "runtime/pause_switch.h"
#include "runtime/prepare_connection.h"
#include "runtime/worker_runner.h"

namespace duet::runtime {

/// What the workers of a connection share and what outlives a change of its mappings.
struct ConnectionContext {
  const ConnectionConfig& config;
  const OrgAccess& org;
  const PauseSwitch& pause;
  engine::Counters& counters;
  engine::Governor& governor;
  ports::Clock& clock;
  ports::Random& random;
};

/// All workers of one connection, each on its own thread with its own database session and org client. Destruction
/// stops them.
class Composition {
 public:
  Composition(PreparedConnection prepared, ConnectionContext context);
  ~Composition();
  Composition(const Composition&) = delete;
  Composition& operator=(const Composition&) = delete;

  /// Asks all workers to end after the step at hand.
  void request_stop();
  /// Some worker ended by itself: it met an error that stops.
  bool any_finished() const;
  bool all_finished() const;
  void wake_all();

  const engine::Connection& connection() const { return prepared_.connection; }
  const engine::StreamHorizon& horizon() const { return horizon_; }
  std::vector<WorkerStatus> workers() const;

 private:
  void add(std::string name, WorkerFactory factory, bool is_outbound = false);
  void add_inbound();
  void add_outbound();
  void add_settle();
  void add_refresh();
  void add_polls();
  void add_loads();
  /// Pollers of the given mappings that take turns on one thread.
  void add_poll_group(const std::string& name, std::vector<const Mapping*> mappings);

  PreparedConnection prepared_;
  ConnectionContext context_;
  engine::StreamHorizon horizon_;
  engine::BulkDesk desk_;
  LoadQueue loads_;
  std::vector<std::unique_ptr<WorkerRunner>> runners_;  ///< last: they use everything above
};

}  // namespace duet::runtime
