#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace duet::salesforce {

inline constexpr std::size_t kMaxJsonBody = 64 * 1024 * 1024;

struct HttpRequest {
  std::string method = "GET";
  std::string url = {};
  std::vector<std::string> headers = {};  ///< `Name: value`
  std::string_view body = {};             ///< sent when the method is not GET or DELETE
  long timeout_ms = 120'000;              ///< for the whole exchange; 0: only silence (60 s) ends it
  std::size_t max_body = kMaxJsonBody;
  bool compressed = true;  ///< ask for gzip
  /// Takes the body of a 200 as it comes, instead of HttpResponse::body; false ends the transfer.
  std::function<bool(std::string_view)> sink = {};
};

struct HttpResponse {
  int status = 0;
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  TimeMs sent_at = 0;                                        ///< this machine's wall clock
  TimeMs received_at = 0;  ///< when the first byte of the answer came, this machine's wall clock

  /// By lower-case name; null when there is none.
  const std::string* header(std::string_view name) const;
};

/// No answer. `sent` tells whether the server may have seen the request.
struct HttpFailure {
  Error error;  ///< network, timeout, bad_data (an answer too large), cancelled
  bool sent = false;
};

/// One keep-alive HTTP client over libcurl: HTTP/2 where the server speaks it, verified TLS, no redirects. A request
/// that changes something goes out at most once: libcurl's own resend on a connection that died is prevented, because
/// the request may have been executed (design §5 rule 7). One thread at a time.
class HttpClient {
 public:
  struct Options {
    std::string ca_file;
    long connect_timeout_ms = 10'000;
    /// Ends running transfers (within about a second) with ErrorKind::cancelled.
    std::stop_token stop;
  };

  explicit HttpClient(Options options);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  std::expected<HttpResponse, HttpFailure> perform(const HttpRequest& request);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace duet::salesforce
