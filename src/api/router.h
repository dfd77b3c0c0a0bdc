#pragma once

#include <string>
#include <utility>
#include <vector>

#include "api/backend.h"
#include "api/request.h"

namespace duet::api {

struct RouterOptions {
  std::vector<std::string> hosts;  ///< names of this server, beside loopback names
  bool tls = false;
};

/// From request to response: Host check, who is asking, CSRF and Origin checks, roles, routes, errors as JSON (design
/// §7 "HTTP"). Knows no sockets. Thread safe.
class Router {
 public:
  Router(RouterOptions options, Backend& backend, Gate& gate)
      : options_(std::move(options)), backend_(backend), gate_(gate) {}

  Response handle(const Request& request) const;

  /// Whether whoever asked may still be answered: for streams, which outlive their request.
  bool still_allowed(const Request& request) const;

 private:
  Result<Response> answer(const Request& request) const;
  Result<std::optional<Caller>> identify(const Request& request, bool seen) const;

  RouterOptions options_;
  Backend& backend_;
  Gate& gate_;
};

}  // namespace duet::api
