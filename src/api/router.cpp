#include "api/router.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "api/dashboard.h"
#include "api/openapi.h"
#include "api/parameters.h"
#include "api/request_guard.h"
#include "api/routes.h"

namespace duet::api {
namespace {

constexpr std::string_view kSession = "/api/v1/session";

std::vector<std::string_view> parts_of(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    parts.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return parts;
}

/// What stands for the {names} of the pattern; nothing when the path is another.
std::optional<std::vector<std::string>> match(std::string_view pattern, const std::vector<std::string_view>& path) {
  const std::vector<std::string_view> wanted = parts_of(pattern);
  if (wanted.size() != path.size()) return std::nullopt;
  std::vector<std::string> values;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].starts_with('{')) {
      if (path[i].empty()) return std::nullopt;
      values.emplace_back(path[i]);
    } else if (wanted[i] != path[i]) {
      return std::nullopt;
    }
  }
  return values;
}

struct Found {
  const Route* route = nullptr;
  std::vector<std::string> path;
  std::vector<std::string_view> methods;  ///< that the path has
};

Found find_route(const Request& request) {
  Found found;
  if (!request.path.starts_with('/')) return found;
  const std::vector<std::string_view> parts = parts_of(request.path);
  for (std::span<const Route> routes : {status_routes(), issue_routes(), record_routes(), access_routes()}) {
    for (const Route& route : routes) {
      auto values = match(route.pattern, parts);
      if (!values) continue;
      // `bulk` is no id.
      if (found.route && route.pattern.contains('{')) continue;
      found.methods.push_back(route.method);
      if (route.method != request.method) continue;
      found.route = &route;
      found.path = std::move(*values);
    }
  }
  return found;
}

Response unauthorized() {
  Response response = error_response(401, "unauthorized", "nobody is logged in, and there is no bearer token",
                                     "log in, or send the header: Authorization: Bearer TOKEN");
  response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

Response refused(const char* message) { return error_response(403, "csrf", message, "reload the page"); }

/// A request that changes something, sent by a browser for a page of another site, is not what its user wants.
std::optional<Response> check_origin(const Request& request) {
  if (!request.origin.empty() && !same_origin(request.origin, request.host))
    return refused("the request comes from another site");
  return std::nullopt;
}

}  // namespace

Result<std::int64_t> id_in_path(const Call& call, std::size_t index) {
  const auto number = to_number(call.path.at(index));
  if (!number || *number < 1)
    return fail(ErrorKind::not_found, "there is nothing of that id", {}, "ids are numbers from 1 on");
  return *number;
}

Result<std::optional<Caller>> Router::identify(const Request& request, bool seen) const {
  if (!request.authorization.empty()) {
    const auto token = bearer_token(request.authorization);
    if (!token) return std::optional<Caller>();
    return gate_.of_token(*token);
  }
  const std::string cookie = cookie_value(request.cookie, "duet_session");
  if (cookie.empty()) return std::optional<Caller>();
  return gate_.of_session(cookie, seen);
}

bool Router::still_allowed(const Request& request) const {
  const auto caller = identify(request, false);
  return caller && *caller;
}

Result<Response> Router::answer(const Request& request) const {
  const Services services{backend_, gate_, options_.tls};
  const bool changes = request.method != "GET" && request.method != "HEAD";
  if (changes) {
    if (auto problem = check_origin(request)) return *problem;
  }
  if (request.path == kSession && request.method == "POST") return log_in(services, request);

  const std::optional<Caller> caller = DUET_TRY(identify(request, true));
  if (!caller) return unauthorized();
  Found found = find_route(request);
  if (found.methods.empty())
    return error_response(404, "not_found", "there is nothing here", "see /api/v1/openapi.json");
  if (!found.route) {
    const std::string allowed = fmt::format("{}", fmt::join(found.methods, ", "));
    Response response = error_response(405, "method_not_allowed",
                                       fmt::format("{} is not possible here", request.method), "use " + allowed);
    response.headers.emplace_back("Allow", allowed);
    return response;
  }
  if (changes && caller->via == "session" && !equal_texts(request.csrf, caller->csrf))
    return refused("the header X-Duet-CSRF is missing or wrong");
  if (caller->role < found.route->role) {
    return error_response(403, "forbidden", fmt::format("this needs the role {}", runtime::name_of(found.route->role)),
                          fmt::format("{} has the role {}", caller->name, runtime::name_of(caller->role)));
  }
  return found.route->handler(services, {request, *caller, std::move(found.path)});
}

Response Router::handle(const Request& request) const {
  // A liveness probe comes without a name or a token, and learns nothing but that the process answers.
  if (request.path == "/healthz" && request.method == "GET") {
    Response response;
    response.content_type = "text/plain; charset=utf-8";
    response.body = "ok\n";
    return response;
  }
  if (!host_allowed(request.host, options_.hosts)) {
    return error_response(403, "host_not_allowed", "this name of the server is not allowed",
                          "add it to server.hosts in duet.toml");
  }
  // The dashboard's files hold no data: whoever opens them has yet to sign in.
  if (auto page = dashboard({request.method, request.path, request.accept_encoding, request.if_none_match}))
    return *page;
  if (request.path == "/api/v1/openapi.json" && request.method == "GET")
    return json_response(std::string(openapi_text()));
  Result<Response> answered = answer(request);
  return answered ? std::move(*answered) : error_response(answered.error());
}

}  // namespace duet::api
