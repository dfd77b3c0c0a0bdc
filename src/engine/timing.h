#pragma once

#include "engine/connection.h"
#include "ports/clock.h"
#include "ports/store.h"
#include "rules/context.h"

namespace duet::engine {

/// Relates the three clocks: this machine's, the database's and the org's. One per worker; one thread.
class Timing {
 public:
  Timing(const Connection& connection, const Settings& settings, ports::Clock& clock, ports::Store& store,
         ports::Org& org);

  TimeMs now() { return clock_.now(); }
  TimeMs org_now();
  /// A time of the org's clock on this machine's.
  TimeMs local_from_org(TimeMs org_time);

  /// What the rules are told for this moment. Measures the database clock once a minute.
  rules::Context context(const Mapping& mapping);

 private:
  void measure_database_clock();

  const Connection& connection_;
  const Settings& settings_;
  ports::Clock& clock_;
  ports::Store& store_;
  ports::Org& org_;
  TimeMs database_ahead_ms_ = 0;
  TimeMs measured_at_ = 0;
};

}  // namespace duet::engine
