#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace duet::api {

struct Request {
  std::string method;
  std::string path;
  std::string host;           ///< Host header
  std::string authorization;  ///< Authorization header
  std::map<std::string, std::string> query;
  std::string accept_encoding = {};  ///< Accept-Encoding header
  std::string if_none_match = {};    ///< If-None-Match header
  std::string cookie = {};           ///< Cookie header
  std::string origin = {};           ///< Origin header
  std::string csrf = {};             ///< X-Duet-CSRF header
  std::string content_type = {};     ///< Content-Type header
  std::string address = {};          ///< where it comes from
  std::string body = {};
};

/// Texts that come as time goes by, for one receiver. One thread.
class TextSource {
 public:
  virtual ~TextSource() = default;
  /// The next text, after at most `wait_ms`; empty when there was none. Nothing at the end.
  virtual std::optional<std::string> next(int wait_ms) = 0;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::shared_ptr<TextSource> stream = nullptr;  ///< instead of a body
};

/// `{"error":{"code","message","hint"}}`.
Response error_response(int status, const std::string& code, const std::string& message, const std::string& hint);

/// An error of a backend: whose fault it is decides the status. Kind `rejected` is 409 with the error's own code.
Response error_response(const Error& error);

Response json_response(std::string body, int status = 200);
Response no_content();

}  // namespace duet::api
