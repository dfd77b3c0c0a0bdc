#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "api/backend.h"

namespace duet::api {

struct Request {
  std::string method;
  std::string path;
  std::string host;           ///< Host header
  std::string authorization;  ///< Authorization header
  std::map<std::string, std::string> query;
  std::string accept_encoding = {};  ///< Accept-Encoding header
  std::string if_none_match = {};    ///< If-None-Match header
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

struct RouterOptions {
  std::string token;
  std::vector<std::string> hosts;
};

/// From request to response: Host check, bearer token, routes, errors as JSON (design §7 "HTTP"). Knows no sockets.
/// Thread safe.
class Router {
 public:
  Router(RouterOptions options, Backend& backend) : options_(std::move(options)), backend_(backend) {}

  Response handle(const Request& request) const;

 private:
  Response route(const Request& request) const;

  RouterOptions options_;
  Backend& backend_;
};

/// `{"error":{"code","message","hint"}}`.
Response error_response(int status, const std::string& code, const std::string& message, const std::string& hint);

}  // namespace duet::api
