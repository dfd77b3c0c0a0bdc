#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/logging.h"
#include "engine/worker.h"
#include "ports/clock.h"
#include "ports/random.h"
#include "runtime/back_off.h"

namespace duet::runtime {

enum class WorkerState { starting, running, waiting, paused, backing_off, stopped };

std::string_view name_of(WorkerState state);

/// What a worker is doing, for status, metrics and doctor.
struct WorkerStatus {
  std::string name;  ///< `inbound`, `poll Account`
  WorkerState state = WorkerState::starting;
  std::optional<Error> last_error;  ///< since the last step that went well
  TimeMs last_error_at = 0;
  int errors_in_a_row = 0;
  TimeMs last_step_at = 0;
  std::uint64_t steps = 0;
};

/// Tells a resting worker that there is something to do.
class Bell {
 public:
  virtual ~Bell() = default;
  /// Waits up to `wait_ms`; returns early when it rings. What came before the call must not be missed by it.
  virtual Result<void> wait(TimeMs wait_ms) = 0;
};

/// The longest that a worker waits for its bell before it steps again.
inline constexpr TimeMs kBellSliceMs = 250;

/// A worker with everything that it owns, made on its own thread: connecting may block and fail.
struct WorkerParts {
  std::unique_ptr<engine::Worker> worker;
  std::unique_ptr<Bell> bell;  ///< may be null
  /// What is wrong although steps go well: of a worker that keeps its parts' errors to itself. May be empty.
  std::function<std::optional<Error>()> inner_error;
};
using WorkerFactory = std::function<Result<WorkerParts>()>;

struct RunnerOptions {
  std::string name;
  TimeMs retry_base_ms = 1'000;
  TimeMs retry_limit_ms = 60'000;
  /// Whether the worker must rest; asked before each step.
  std::function<bool()> paused;
};

/// Steps one worker on a thread of its own: waits when there is nothing to do, backs off after errors as policy_of()
/// says, and lets no error out. Destruction stops it and waits for the step at hand.
class WorkerRunner {
 public:
  WorkerRunner(RunnerOptions options, WorkerFactory factory, ports::Clock& clock, ports::Random& random);
  ~WorkerRunner();
  WorkerRunner(const WorkerRunner&) = delete;
  WorkerRunner& operator=(const WorkerRunner&) = delete;

  void wake();
  /// Asks it to end; the destructor or join() waits.
  void request_stop();
  bool finished() const { return finished_.load(std::memory_order_acquire); }
  WorkerStatus status() const;

 private:
  void run(const std::stop_token& stop);
  Result<void> turn(const std::stop_token& stop);
  Result<void> rest(const std::stop_token& stop, TimeMs wait_ms);
  void sleep(const std::stop_token& stop, TimeMs wait_ms);
  void failed(const std::stop_token& stop, const Error& error);
  void finish();
  void set_state(WorkerState state);

  RunnerOptions options_;
  WorkerFactory factory_;
  ports::Clock& clock_;
  BackOff back_off_;
  RepeatLimiter repeats_;
  WorkerParts parts_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  bool woken_ = false;
  WorkerStatus status_;
  std::atomic<bool> finished_{false};
  std::jthread thread_;  ///< last: it uses everything above
};

}  // namespace duet::runtime
