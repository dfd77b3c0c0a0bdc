#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/logging.h"
#include "runtime/budget_meter.h"
#include "runtime/composition.h"
#include "runtime/config.h"
#include "runtime/limit_watch.h"
#include "runtime/status.h"

namespace duet::postgres {
class Session;
}
namespace duet::salesforce {
class OrgGauges;
}

namespace duet::runtime {

/// Keeps one connection running on a thread of its own: prepares it, runs its workers, starts them anew when mappings
/// change or a worker gave up, follows `duet pause`, and tries again when org or database cannot be reached.
class ConnectionRunner {
 public:
  ConnectionRunner(const ConnectionConfig& config, ports::Clock& clock, ports::Random& random);
  ~ConnectionRunner();
  ConnectionRunner(const ConnectionRunner&) = delete;
  ConnectionRunner& operator=(const ConnectionRunner&) = delete;

  /// Begins to run. Once.
  void start();
  /// Asks all workers to end after the step at hand.
  void request_stop();
  /// Ends calls to the org that still run.
  void abort_calls() { calls_stop_.request_stop(); }
  bool finished() const { return finished_.load(std::memory_order_acquire); }

  const ConnectionConfig& config() const { return config_; }
  /// What only the running process knows: state, errors, workers, counters, stream. Mappings are not filled.
  ConnectionStatus live() const;

 private:
  void run(const std::stop_token& stop);
  /// Prepares and runs until something changes. An error is tried again.
  Result<void> turn(const std::stop_token& stop);
  Result<void> watch(const std::stop_token& stop, postgres::Session& session, int id,
                     const std::optional<std::string>& revision);
  void note_budget();
  void note_limits();
  void finish_workers();
  void set_state(std::string state, std::optional<Error> error);
  void sleep(const std::stop_token& stop, TimeMs wait_ms);

  const ConnectionConfig& config_;
  ports::Clock& clock_;
  ports::Random& random_;
  std::stop_source calls_stop_;
  std::optional<OrgAccess> org_;
  PauseSwitch pause_;
  engine::Counters counters_;
  engine::Governor governor_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::string state_ = "starting";
  std::string org_id_;
  std::optional<Error> last_error_;
  const salesforce::OrgGauges* gauges_ = nullptr;  ///< of `org_`, once there is one
  BudgetMeter budget_;
  LimitWatch limits_;
  std::shared_ptr<Composition> composition_;
  std::atomic<bool> finished_{false};
  std::jthread thread_;  ///< last: it uses everything above
};

}  // namespace duet::runtime
