#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "engine/worker.h"
#include "model/mapping.h"
#include "ports/clock.h"
#include "ports/random.h"
#include "runtime/back_off.h"
#include "runtime/worker_group.h"

namespace duet::runtime {

/// The mappings of a connection that are not loaded yet, shared by the threads that load: each mapping is with one
/// thread at most. Thread safe.
class LoadQueue {
 public:
  struct Entry {
    const Mapping* mapping = nullptr;
    TimeMs not_before = 0;  ///< monotonic
    int errors = 0;
  };

  void add(const Mapping& mapping);
  /// The first that is due.
  std::optional<Entry> take(TimeMs now);
  /// Could not be loaded now; comes again when it is due.
  void give_back(Entry entry);

 private:
  std::mutex mutex_;
  std::deque<Entry> waiting_;
};

using IsLoaded = std::function<Result<bool>(const Mapping& mapping)>;
using LoadWorkerFactory = std::function<std::unique_ptr<engine::Worker>(const Mapping& mapping)>;

/// Loads one mapping after the other. A mapping that fails goes to the end of the queue, so that it holds up no other.
class LoadRunner final : public engine::Worker {
 public:
  LoadRunner(LoadQueue& queue, LoadWorkerFactory factory, IsLoaded is_loaded, RetryPace pace, ports::Clock& clock,
             ports::Random& random);

  std::string_view name() const override { return "load"; }
  Result<engine::Step> step() override;
  std::optional<Error> current_error() const { return error_; }

 private:
  void failed(const Error& error);

  LoadQueue& queue_;
  LoadWorkerFactory factory_;
  IsLoaded is_loaded_;
  RetryPace pace_;
  ports::Clock& clock_;
  ports::Random& random_;
  std::optional<LoadQueue::Entry> entry_;
  std::unique_ptr<engine::Worker> worker_;
  std::optional<Error> error_;
};

}  // namespace duet::runtime
