#pragma once

#include <mutex>
#include <optional>

#include "base/error.h"
#include "ports/org.h"
#include "rules/budget.h"
#include "rules/circuit.h"

namespace duet::engine {

struct GovernorReport {
  rules::BudgetReport budget;
  bool circuit_open = false;
  int failures = 0;  ///< calls in a row that failed for the org's own reasons
  TimeMs probe_in_ms = 0;
};

/// One org's budget of calls and its circuit breaker, shared by the connection's workers. Thread safe. Times are of the
/// monotonic clock.
class Governor {
 public:
  /// What the org last said of its limit.
  void observe(std::optional<ports::ApiUsage> usage, TimeMs now);
  /// How long a call must wait, for the budget or for the circuit.
  TimeMs wait(rules::CallClass call_class, bool full, TimeMs now) const;
  /// How long until the circuit lets a call through.
  TimeMs circuit_wait(TimeMs now) const;
  void called(rules::CallClass call_class, long calls, TimeMs now);
  /// How a call went: null when the org worked, whatever it thought of the records.
  void answered(const Error* trouble, TimeMs now);
  bool is_short(TimeMs now) const;
  GovernorReport report(TimeMs now) const;

 private:
  mutable std::mutex mutex_;
  rules::Budget budget_;
  rules::Circuit circuit_;
};

}  // namespace duet::engine
