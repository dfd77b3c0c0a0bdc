#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "postgres/session.h"

namespace duet::postgres {

/// Wakes the reader of the trigger log when an app has committed a change (design §6, spec/toolchain.md §5). The reader
/// holds an advisory lock while it is awake, so that writers notify only when it sleeps. Has a connection of its own,
/// opened at the first call and again when it broke. One thread at a time.
///
/// The reader's loop: find and do work until there is none, then wait(), then find again, whatever wait() said.
class Doorbell {
 public:
  /// Longest sleep. A writer whose trigger ran while the reader was awake, and that commits after the reader has gone
  /// to sleep, does not ring: its change is found after this time.
  static constexpr TimeMs kSafetyPollMs = 100;

  Doorbell(std::string url, const std::string& schema);

  /// Sleeps until the bell rings, at most min(limit_ms, kSafetyPollMs). True when it rang. Returns at once when log
  /// rows have come between the reader's last look and the moment when writers could see that it sleeps.
  Result<bool> wait(TimeMs limit_ms);

 private:
  Result<void> connect();
  /// Newest NEW row that can be seen, 0 for none.
  Result<std::int64_t> fall_asleep();
  Result<void> wake_up();

  std::string url_;
  std::string schema_;
  std::unique_ptr<Session> session_;
  std::int64_t newest_seen_ = 0;
  bool awake_ = false;
};

}  // namespace duet::postgres
