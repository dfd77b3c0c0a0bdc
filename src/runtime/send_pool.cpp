#include "runtime/send_pool.h"

#include <algorithm>
#include <chrono>

namespace duet::runtime {

SendPool::SendPool(std::function<std::unique_ptr<ports::Org>()> make_org, std::size_t slots)
    : make_org_(std::move(make_org)), slots_(std::max<std::size_t>(1, slots)) {}

SendPool::~SendPool() {
  for (std::jthread& thread : threads_) thread.request_stop();
  to_do_.notify_all();
}

void SendPool::start(std::uint64_t ticket, const Mapping& mapping, ports::SendBatch batch) {
  std::lock_guard lock(mutex_);
  tasks_.push_back({ticket, &mapping, std::move(batch)});
  ++under_way_;
  if (resting_ < tasks_.size() && threads_.size() < slots_)
    threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  to_do_.notify_one();
}

std::vector<ports::Sent> SendPool::answered(TimeMs wait_ms) {
  std::unique_lock lock(mutex_);
  if (under_way_ > 0) done_.wait_for(lock, std::chrono::milliseconds(wait_ms), [&] { return !answered_.empty(); });
  under_way_ -= answered_.size();
  return std::exchange(answered_, {});
}

void SendPool::work(const std::stop_token& stop) {
  const std::unique_ptr<ports::Org> org = make_org_();
  std::unique_lock lock(mutex_);
  while (true) {
    ++resting_;
    const bool some = to_do_.wait(lock, stop, [&] { return !tasks_.empty(); });
    --resting_;
    if (!some || stop.stop_requested()) return;
    const Task task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    std::vector<ports::SendOutcome> outcomes = org->send(*task.mapping, task.batch);
    lock.lock();
    answered_.push_back({task.ticket, std::move(outcomes)});
    done_.notify_one();
  }
}

}  // namespace duet::runtime
