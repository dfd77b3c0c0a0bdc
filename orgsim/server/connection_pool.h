#pragma once

#include <httplib.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace orgsim {

/// The HTTP library's task queue with a thread per task up to a bound: a kept-alive connection occupies its thread, so
/// a small fixed pool would starve a client that opens a hundred connections at once (spec §9).
class ConnectionPool final : public httplib::TaskQueue {
 public:
  explicit ConnectionPool(size_t threads_max) : threads_max_(threads_max) {}
  ~ConnectionPool() override { shutdown(); }

  /// With all threads taken the task runs at once on the caller's, where refusing() is true.
  void enqueue(std::function<void()> task) override;
  /// Whether the task that runs here is one too many, and should only say so.
  static bool refusing();
  /// Runs what is queued, then joins all threads.
  void shutdown() override;

 private:
  void work();

  const size_t threads_max_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;
  std::vector<std::thread> threads_;
  size_t idle_ = 0;
  bool stopping_ = false;
};

}  // namespace orgsim
