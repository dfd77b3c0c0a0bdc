#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "orgsim/core/random.h"

namespace orgsim {

/// Access and refresh tokens. Sessions end by inactivity (spec §1.4), by revocation, or when more than kSessionsMax
/// newer ones were opened. Safe from several threads.
class Sessions {
 public:
  static constexpr std::size_t kSessionsMax = 10'000;
  static constexpr std::int64_t kDefaultTimeoutMs = 2 * 3600 * 1000;

  Sessions(std::string org_id, std::uint64_t seed) : org_id_(std::move(org_id)), random_(seed) {}

  /// An access token in the shape that clients check: "00D…!…".
  std::string open(const std::string& user_id, std::int64_t now_ms);
  /// The user of a live session; its inactivity starts anew.
  std::optional<std::string> touch(std::string_view token, std::int64_t now_ms);
  /// A random text that nobody guesses, for authorization codes.
  std::string make_secret();
  std::string make_refresh_token(const std::string& user_id);
  std::optional<std::string> refresh_user(std::string_view refresh_token);
  /// Ends an access or refresh token; false when there is none.
  bool revoke(std::string_view token);
  /// Ends every session; refresh tokens stay good, as after an admin's "expire sessions".
  void revoke_all();
  void set_timeout_ms(std::int64_t timeout_ms);
  std::int64_t timeout_ms() const;

 private:
  struct Session {
    std::string user_id;
    std::int64_t used_ms = 0;
  };
  std::string random_text(std::size_t length);

  const std::string org_id_;
  mutable std::mutex mutex_;
  Random random_;
  std::int64_t timeout_ms_ = kDefaultTimeoutMs;
  std::unordered_map<std::string, Session> sessions_;
  std::deque<std::string> opened_;
  std::unordered_map<std::string, std::string> refresh_tokens_;
};

}  // namespace orgsim
