#include "engine/governor.h"

#include <algorithm>

namespace duet::engine {

void Governor::observe(std::optional<ports::ApiUsage> usage, TimeMs now) {
  if (!usage) return;
  std::lock_guard lock(mutex_);
  budget_.observe(usage->used, usage->allowed, now);
}

TimeMs Governor::wait(rules::CallClass call_class, bool full, TimeMs now) const {
  std::lock_guard lock(mutex_);
  return std::max(budget_.wait(call_class, full, now), circuit_.wait(now));
}

TimeMs Governor::circuit_wait(TimeMs now) const {
  std::lock_guard lock(mutex_);
  return circuit_.wait(now);
}

void Governor::called(rules::CallClass call_class, long calls, TimeMs now) {
  std::lock_guard lock(mutex_);
  budget_.spent(call_class, calls, now);
  circuit_.called(now);
}

void Governor::answered(const Error* trouble, TimeMs now) {
  std::lock_guard lock(mutex_);
  if (!trouble) return circuit_.succeeded();
  circuit_.failed(now, trouble->kind == ErrorKind::throttled ? trouble->retry_after_ms.value_or(0) : 0);
}

bool Governor::is_short(TimeMs now) const {
  std::lock_guard lock(mutex_);
  return budget_.is_short(now);
}

GovernorReport Governor::report(TimeMs now) const {
  std::lock_guard lock(mutex_);
  return {budget_.report(now), circuit_.open(), circuit_.failures(), circuit_.wait(now)};
}

}  // namespace duet::engine
