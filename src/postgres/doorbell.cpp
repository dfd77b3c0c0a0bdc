#include "postgres/doorbell.h"

#include <algorithm>

#include <fmt/format.h>

#include "postgres/lock_keys.h"

namespace duet::postgres {

Doorbell::Doorbell(std::string url, const std::string& schema) : url_(std::move(url)), schema_(schema) {}

Result<void> Doorbell::connect() {
  if (session_ && !session_->broken()) return {};
  session_ = DUET_TRY(Session::connect(url_, SessionRole::listener));
  awake_ = false;
  DUET_TRY(session_->execute(fmt::format("LISTEN {}", session_->identifier(doorbell_channel(schema_)))));
  return wake_up();
}

Result<void> Doorbell::wake_up() {
  // Not to have the lock costs the writers a notification, nothing else.
  const Rows rows =
      DUET_TRY(session_->query("SELECT pg_catalog.pg_try_advisory_lock($1::integer, $2::integer)",
                               {std::to_string(kDoorbellLockClass), std::to_string(doorbell_lock_object(schema_))}));
  awake_ = rows.boolean(0, 0);
  return {};
}

Result<std::int64_t> Doorbell::fall_asleep() {
  std::vector<Statement> statements;
  if (awake_) {
    statements.push_back({"SELECT pg_catalog.pg_advisory_unlock($1::integer, $2::integer)",
                          {std::to_string(kDoorbellLockClass), std::to_string(doorbell_lock_object(schema_))}});
  }
  statements.push_back({fmt::format("SELECT coalesce(max(id), 0) FROM {}._trigger_log WHERE state = 'NEW'",
                                    session_->identifier(schema_)),
                        {}});
  awake_ = false;
  const auto rows = DUET_TRY(session_->run(statements));
  return rows.back().integer(0, 0);
}

Result<bool> Doorbell::wait(TimeMs limit_ms) {
  DUET_TRY(connect());
  const std::int64_t newest = DUET_TRY(fall_asleep());
  // Ids are not in the order of commits: a row with a lower id that came late waits for the next round.
  bool rang = newest > newest_seen_;
  newest_seen_ = std::max(newest, newest_seen_);
  if (!rang) rang = DUET_TRY(session_->wait_notification(std::clamp<TimeMs>(limit_ms, 0, kSafetyPollMs)));
  DUET_TRY(wake_up());
  return rang;
}

}  // namespace duet::postgres
