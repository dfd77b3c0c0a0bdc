#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "ports/sender.h"

namespace duet::runtime {

/// Sends on threads of its own, each with an org client of its own, which are made when they are first needed.
/// Destruction waits for the calls that are under way: end them by the session's stop.
class SendPool final : public ports::Sender {
 public:
  SendPool(std::function<std::unique_ptr<ports::Org>()> make_org, std::size_t slots);
  ~SendPool() override;
  SendPool(const SendPool&) = delete;
  SendPool& operator=(const SendPool&) = delete;

  std::size_t slots() const override { return slots_; }
  void start(std::uint64_t ticket, const Mapping& mapping, ports::SendBatch batch) override;
  std::vector<ports::Sent> answered(TimeMs wait_ms) override;

 private:
  struct Task {
    std::uint64_t ticket = 0;
    const Mapping* mapping = nullptr;
    ports::SendBatch batch;
  };

  void work(const std::stop_token& stop);

  const std::function<std::unique_ptr<ports::Org>()> make_org_;
  const std::size_t slots_;
  std::mutex mutex_;
  std::condition_variable_any to_do_;
  std::condition_variable done_;
  std::deque<Task> tasks_;
  std::vector<ports::Sent> answered_;
  std::size_t under_way_ = 0;  ///< started, and not yet handed back
  std::size_t resting_ = 0;    ///< threads that wait for a task
  std::vector<std::jthread> threads_;
};

}  // namespace duet::runtime
