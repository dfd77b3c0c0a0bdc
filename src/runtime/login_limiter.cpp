#include "runtime/login_limiter.h"

#include <algorithm>

namespace duet::runtime {
namespace {

constexpr int kFree = 5;
constexpr TimeMs kFirstPauseMs = 2'000;
constexpr int kMostDoublings = 9;  // 17 minutes
constexpr TimeMs kForgetMs = 3'600'000;
/// Against an attacker with many addresses: the oldest are forgotten first.
constexpr std::size_t kMostKeys = 10'000;

}  // namespace

TimeMs LoginLimiter::pause(int count) {
  if (count < kFree) return 0;
  return kFirstPauseMs << std::min(count - kFree, kMostDoublings);
}

TimeMs LoginLimiter::wait(const std::string& key, TimeMs now) const {
  const auto found = failures_.find(key);
  if (found == failures_.end() || now - found->second.last > kForgetMs) return 0;
  return std::max<TimeMs>(0, found->second.last + pause(found->second.count) - now);
}

void LoginLimiter::failed(const std::string& key, TimeMs now) {
  if (failures_.size() >= kMostKeys && !failures_.contains(key)) {
    std::erase_if(failures_, [&](const auto& entry) { return now - entry.second.last > kForgetMs; });
    if (failures_.size() >= kMostKeys)
      failures_.erase(std::ranges::min_element(failures_, {}, [](const auto& entry) { return entry.second.last; }));
  }
  Failures& failures = failures_[key];
  if (now - failures.last > kForgetMs) failures.count = 0;
  ++failures.count;
  failures.last = now;
}

}  // namespace duet::runtime
