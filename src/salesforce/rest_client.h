#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "salesforce/http_client.h"
#include "salesforce/session.h"

namespace duet::salesforce {

/// What became of a call that brought no success.
enum class Delivery { not_sent, refused, unknown };

struct CallFailure {
  Delivery delivery = Delivery::unknown;
  Error error;
};

struct RestCall {
  std::string method = "GET";
  std::string path = {};  ///< from the host on, encoded
  std::string body = {};
  std::vector<std::string> headers = {};
  std::string content_type = "application/json; charset=UTF-8";
  long timeout_ms = 0;  ///< 0: the connection's
  bool compressed = true;
  std::function<bool(std::string_view)> sink = {};  ///< as HttpRequest::sink; without a time limit but for silence
};

/// Calls of one worker to the org's REST API: adds the access token, renews it once when the org refuses it, feeds the
/// gauges. One thread at a time.
class RestClient {
 public:
  explicit RestClient(std::shared_ptr<Session> session);
  /// With a stop of its own instead of the session's.
  RestClient(std::shared_ptr<Session> session, std::stop_token stop);

  /// `/services/data/v62.0/` + rest.
  std::string data_path(std::string_view rest) const;

  /// The answer, whatever its status but for a refused token. A call that changes something and may have arrived
  /// without an answer fails as `unknown` with ErrorKind::outcome_unknown.
  std::expected<HttpResponse, CallFailure> call(const RestCall& call);

  /// The answer of a successful call (2xx); anything else as an error with the call's path, without its query, as
  /// detail.
  Result<HttpResponse> expect(const RestCall& call);
  Result<HttpResponse> get(std::string path);

  Session& session() { return *session_; }
  const std::shared_ptr<Session>& shared_session() const { return session_; }

 private:
  std::shared_ptr<Session> session_;
  HttpClient client_;
};

/// How an answer that is no success was meant: 5xx may hide a write that happened, everything else refused it.
CallFailure failure_of(const RestCall& call, const HttpResponse& response);

}  // namespace duet::salesforce
