#include "runtime/load_queue.h"

#include <algorithm>

#include "base/logging.h"

namespace duet::runtime {
namespace {

constexpr TimeMs kEmptyWaitMs = 1'000;

}  // namespace

void LoadQueue::add(const Mapping& mapping) {
  std::lock_guard lock(mutex_);
  waiting_.push_back({&mapping, 0, 0});
}

std::optional<LoadQueue::Entry> LoadQueue::take(TimeMs now) {
  std::lock_guard lock(mutex_);
  auto due = std::ranges::find_if(waiting_, [&](const Entry& entry) { return entry.not_before <= now; });
  if (due == waiting_.end()) return std::nullopt;
  const Entry entry = *due;
  waiting_.erase(due);
  return entry;
}

void LoadQueue::give_back(Entry entry) {
  std::lock_guard lock(mutex_);
  waiting_.push_back(entry);
}

LoadRunner::LoadRunner(LoadQueue& queue, LoadWorkerFactory factory, IsLoaded is_loaded, RetryPace pace,
                       ports::Clock& clock, ports::Random& random)
    : queue_(queue),
      factory_(std::move(factory)),
      is_loaded_(std::move(is_loaded)),
      pace_(pace),
      clock_(clock),
      random_(random) {}

Result<engine::Step> LoadRunner::step() {
  if (!entry_) {
    entry_ = queue_.take(clock_.monotonic());
    if (!entry_) return engine::Step{false, kEmptyWaitMs};
    worker_ = factory_(*entry_->mapping);
  }
  const Result<engine::Step> step = worker_->step();
  if (!step) {
    if (step.error().kind == ErrorKind::cancelled) return step;
    failed(step.error());
    return engine::Step{true, 0};
  }
  if (step->worked) return step;
  const Result<bool> loaded = is_loaded_(*entry_->mapping);
  if (!loaded) return std::unexpected(loaded.error());
  if (!*loaded) return step;
  worker_.reset();
  entry_.reset();
  error_.reset();
  return engine::Step{true, 0};
}

void LoadRunner::failed(const Error& error) {
  BackOff back_off(pace_.base_ms, pace_.limit_ms, random_);
  TimeMs wait_ms = 0;
  for (int i = 0; i <= entry_->errors; ++i) wait_ms = back_off.after(error);
  log_error(LogLevel::warn, "load failed, will try again", error,
            {{"object", entry_->mapping->object}, {"retry_in_ms", wait_ms}});
  worker_.reset();
  error_ = error;
  entry_->not_before = clock_.monotonic() + wait_ms;
  ++entry_->errors;
  queue_.give_back(*entry_);
  entry_.reset();
}

}  // namespace duet::runtime
