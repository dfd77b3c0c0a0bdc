#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/backend.h"
#include "api/request.h"

namespace duet::api {

/// One request on its way to a handler.
struct Call {
  const Request& request;
  const Caller& caller;
  std::vector<std::string> path;  ///< what stands for the {names} of the pattern, in order
};

struct Services {
  Backend& backend;
  Gate& gate;
  bool tls = false;
};

using Handler = Result<Response> (*)(const Services& services, const Call& call);

struct Route {
  std::string_view method;
  std::string_view pattern;  ///< `/api/v1/issues/{id}/retry`
  Role role;                 ///< whoever has less is refused
  Handler handler;
};

// The routes of the API, by what they are about; together they are openapi.json.
std::span<const Route> status_routes();
std::span<const Route> issue_routes();
std::span<const Route> record_routes();
std::span<const Route> access_routes();

/// Logs in: the one call that needs no caller.
Result<Response> log_in(const Services& services, const Request& request);

/// The id that stands in a path. `not_found` when it is none.
Result<std::int64_t> id_in_path(const Call& call, std::size_t index);

}  // namespace duet::api
