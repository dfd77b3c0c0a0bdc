#include "runtime/worker_runner.h"

#include <algorithm>
#include <chrono>

namespace duet::runtime {
namespace {

constexpr TimeMs kLongestWaitMs = 60'000;
constexpr TimeMs kPauseCheckMs = 1'000;
constexpr TimeMs kRepeatedLogMs = 60'000;

}  // namespace

std::string_view name_of(WorkerState state) {
  switch (state) {
    case WorkerState::starting:
      return "starting";
    case WorkerState::running:
      return "running";
    case WorkerState::waiting:
      return "waiting";
    case WorkerState::paused:
      return "paused";
    case WorkerState::backing_off:
      return "backing_off";
    case WorkerState::stopped:
      break;
  }
  return "stopped";
}

WorkerRunner::WorkerRunner(RunnerOptions options, WorkerFactory factory, ports::Clock& clock, ports::Random& random)
    : options_(std::move(options)),
      factory_(std::move(factory)),
      clock_(clock),
      back_off_(options_.retry_base_ms, options_.retry_limit_ms, random),
      repeats_(kRepeatedLogMs) {
  status_.name = options_.name;
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

WorkerRunner::~WorkerRunner() = default;

void WorkerRunner::wake() {
  std::lock_guard lock(mutex_);
  woken_ = true;
  changed_.notify_all();
}

void WorkerRunner::request_stop() { thread_.request_stop(); }

WorkerStatus WorkerRunner::status() const {
  std::lock_guard lock(mutex_);
  return status_;
}

void WorkerRunner::set_state(WorkerState state) {
  std::lock_guard lock(mutex_);
  status_.state = state;
}

void WorkerRunner::sleep(const std::stop_token& stop, TimeMs wait_ms) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, stop, std::chrono::milliseconds(wait_ms), [&] { return woken_; });
  woken_ = false;
}

void WorkerRunner::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (options_.paused && options_.paused()) {
      if (status().state != WorkerState::paused) finish();
      set_state(WorkerState::paused);
      sleep(stop, kPauseCheckMs);
      continue;
    }
    const Result<void> result = turn(stop);
    if (!result) {
      failed(stop, result.error());
      if (policy_of(result.error().kind).reaction == Reaction::stop) break;
    }
  }
  finish();
  parts_ = {};
  set_state(WorkerState::stopped);
  finished_.store(true, std::memory_order_release);
}

void WorkerRunner::finish() {
  if (!parts_.worker) return;
  if (const Result<void> finished = parts_.worker->finish(); !finished && finished.error().kind != ErrorKind::cancelled)
    log_error(LogLevel::warn, "worker could not end its work, the rest is resolved later", finished.error(),
              {{"worker", options_.name}});
}

Result<void> WorkerRunner::turn(const std::stop_token& stop) {
  if (!parts_.worker) {
    set_state(WorkerState::starting);
    parts_ = DUET_TRY(factory_());
  }
  set_state(WorkerState::running);
  const engine::Step step = DUET_TRY(parts_.worker->step());
  {
    auto inner_error = parts_.inner_error ? parts_.inner_error() : std::nullopt;
    std::lock_guard lock(mutex_);
    if (inner_error && !status_.last_error) status_.last_error_at = clock_.now();
    ++status_.steps;
    status_.last_step_at = clock_.now();
    status_.errors_in_a_row = 0;
    status_.last_error = std::move(inner_error);
  }
  if (back_off_.errors_in_a_row() > 0) {
    log(LogLevel::info, "worker goes on", {{"worker", options_.name}, {"after_errors", back_off_.errors_in_a_row()}});
    back_off_.reset();
    repeats_.reset();
  }
  if (step.worked) return {};
  set_state(WorkerState::waiting);
  return rest(stop, std::clamp<TimeMs>(step.wait_ms, 0, kLongestWaitMs));
}

Result<void> WorkerRunner::rest(const std::stop_token& stop, TimeMs wait_ms) {
  if (!parts_.bell) {
    sleep(stop, wait_ms);
    return {};
  }
  // Whatever the bell says, the worker looks again: a bell may only make it faster.
  return parts_.bell->wait(std::min(kBellSliceMs, wait_ms));
}

void WorkerRunner::failed(const std::stop_token& stop, const Error& error) {
  const TimeMs wait_ms = back_off_.after(error);
  const bool stops = policy_of(error.kind).reaction == Reaction::stop;
  {
    std::lock_guard lock(mutex_);
    status_.last_error = error;
    status_.last_error_at = clock_.now();
    status_.errors_in_a_row = back_off_.errors_in_a_row();
    status_.state = WorkerState::backing_off;
  }
  if (error.kind == ErrorKind::cancelled) return;
  if (const auto left_out = repeats_.pass(describe(error), clock_.monotonic())) {
    log_error(stops ? LogLevel::error : LogLevel::warn, stops ? "worker stops" : "worker failed, will try again", error,
              {{"worker", options_.name}, {"retry_in_ms", stops ? TimeMs{0} : wait_ms}, {"repeated", *left_out}});
  }
  if (!stops) sleep(stop, wait_ms);
}

}  // namespace duet::runtime
