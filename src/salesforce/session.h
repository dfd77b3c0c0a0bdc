#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "salesforce/address.h"
#include "salesforce/config.h"
#include "salesforce/http_client.h"
#include "salesforce/org_gauges.h"

namespace duet::salesforce {

/// A granted access to the org. Immutable; a renewed one is another object.
struct Login {
  std::string access_token;
  std::string instance_url;  ///< without trailing slash; a trusted host
  std::string org_id;        ///< 18 characters, as far as the answer told
  std::string user_id;       ///< 18 characters, as far as the answer told
  std::uint64_t generation = 0;
};

/// The connection's access token, shared by all its clients. One sign-in at a time: callers that meet an expired token
/// together wait for the same new one. A failed sign-in is not repeated for 5 s, one that needs a person not for 60 s,
/// so that nobody is locked out. Thread safe.
class Session {
 public:
  /// `stop` ends running calls of all clients of the session.
  explicit Session(ConnectionSettings settings, std::stop_token stop = {});

  /// The current token, signing in where there is none. `config` says what a person must change; `network`, `timeout`,
  /// `throttled`.
  Result<std::shared_ptr<const Login>> login();

  /// A token newer than the given generation: the one that the org just refused.
  Result<std::shared_ptr<const Login>> renew(std::uint64_t refused_generation);

  const ConnectionSettings& settings() const { return settings_; }
  const std::stop_token& stop() const { return stop_; }
  OrgGauges& gauges() { return gauges_; }
  /// A client with the connection's trust and time limits.
  HttpClient make_client(std::stop_token stop) const;

 private:
  using Clock = std::chrono::steady_clock;

  Result<std::shared_ptr<const Login>> sign_in();
  Result<std::string> token_request(const std::string& audience) const;
  Result<Login> request_token(const std::string& audience);

  const ConnectionSettings settings_;
  const std::stop_token stop_;
  OrgGauges gauges_;
  std::mutex mutex_;
  std::optional<HttpClient> client_;
  std::shared_ptr<const Login> login_;
  std::uint64_t generation_ = 0;
  std::string rotated_refresh_token_;
  std::optional<Error> failure_;
  Clock::time_point retry_at_;
};

}  // namespace duet::salesforce
