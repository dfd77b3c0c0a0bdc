#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "postgres/session.h"

namespace duet::postgres {

struct WebhookEvents {
  std::string name;
  std::vector<std::string> events;  ///< issue | issue.STATE | journal
};

struct WebhookDelivery {
  std::int64_t id = 0;
  std::string event;
  std::int64_t ref = 0;  ///< of the issue or journal entry
  TimeMs created_at = 0;
  int tries = 0;
};

struct WebhookState {
  std::string name;
  std::vector<std::string> events;
  long pending = 0;
  TimeMs last_delivered_at = 0;  ///< 0: never
  std::string last_error;        ///< of the oldest pending one
  TimeMs next_try_at = 0;        ///< 0: nothing waits
};

/// Webhooks of one connection and what is still to be delivered. One thread at a time.
class WebhookStore {
 public:
  WebhookStore(Session& session, int connection_id) : session_(session), connection_id_(connection_id) {}

  /// From now on these and no others are told; what waits for another is forgotten.
  Result<void> set_webhooks(const std::vector<WebhookEvents>& webhooks);
  Result<std::vector<WebhookState>> list();

  /// Oldest first, whatever their next try.
  Result<std::vector<WebhookDelivery>> pending(const std::string& webhook, std::size_t limit);
  Result<void> delivered(const std::string& webhook, std::int64_t id);
  Result<void> failed(std::int64_t id, const std::string& error, TimeMs next_try_in_ms);
  /// Forgets what is older; how many.
  Result<long> purge(TimeMs age_ms);

 private:
  Session& session_;
  int connection_id_;
};

}  // namespace duet::postgres
