#include "api/router.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/dashboard.h"
#include "api/openapi.h"
#include "api/request_guard.h"

namespace duet::api {
namespace {

constexpr int kLargestPage = 500;
constexpr std::size_t kMaxParameterBytes = 256;

int status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::not_found:
      return 404;
    case ErrorKind::config:
    case ErrorKind::bad_data:
      return 400;
    case ErrorKind::store_down:
    case ErrorKind::network:
    case ErrorKind::timeout:
      return 503;
    default:
      return 500;
  }
}

Response from(Result<std::string> result) {
  if (result) {
    Response response;
    response.body = std::move(*result);
    return response;
  }
  const Error& error = result.error();
  return error_response(status_of(error.kind), std::string(name_of(error.kind)), error.message, advice_of(error));
}

std::optional<std::int64_t> to_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

/// Query parameters, each of which must be known.
class Parameters {
 public:
  explicit Parameters(const Request& request) : request_(request) {}

  std::string text(const std::string& name) {
    known_.insert(name);
    auto found = request_.query.find(name);
    return found == request_.query.end() ? std::string() : found->second;
  }

  Page page() {
    Page page;
    if (const std::string limit = text("limit"); !limit.empty()) {
      const auto number = to_number(limit);
      if (!number || *number < 1 || *number > kLargestPage) {
        problem_ = fmt::format("limit must be 1 to {}", kLargestPage);
      } else {
        page.limit = static_cast<int>(*number);
      }
    }
    if (const std::string before = text("before"); !before.empty()) {
      const auto number = to_number(before);
      if (!number || *number < 1) problem_ = "before must be the id of an entry";
      page.before = number.value_or(0);
    }
    return page;
  }

  /// The first thing that is wrong with the parameters, once all known ones were asked for.
  std::optional<Response> problem() const {
    for (const auto& [name, value] : request_.query) {
      if (!known_.contains(name)) {
        return error_response(400, "bad_request", fmt::format("{} is not a parameter of this call", name),
                              fmt::format("known: {}", nlohmann::json(known_).dump()));
      }
      if (value.size() > kMaxParameterBytes) return error_response(400, "bad_request", name + " is too long", "");
    }
    if (!problem_.empty()) return error_response(400, "bad_request", problem_, "");
    return std::nullopt;
  }

 private:
  const Request& request_;
  std::set<std::string> known_;
  std::string problem_;
};

Response plain(std::string body) {
  Response response;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(body);
  return response;
}

Response show_status(Backend& backend, const Request& request) {
  Parameters parameters(request);
  const std::string connection = parameters.text("connection");
  if (auto problem = parameters.problem()) return *problem;
  return from(backend.status(connection));
}

Response show_mappings(Backend& backend, const Request& request) {
  Parameters parameters(request);
  const std::string connection = parameters.text("connection");
  if (auto problem = parameters.problem()) return *problem;
  return from(backend.mappings(connection));
}

Response list_issues(Backend& backend, const Request& request) {
  Parameters parameters(request);
  const std::string connection = parameters.text("connection");
  IssueQuery query{parameters.text("state"), parameters.text("object"), parameters.text("kind"), parameters.page()};
  if (auto problem = parameters.problem()) return *problem;
  return from(backend.issues(connection, query));
}

Response show_issue(Backend& backend, const Request& request, std::string_view id) {
  Parameters parameters(request);
  const std::string connection = parameters.text("connection");
  if (auto problem = parameters.problem()) return *problem;
  const auto number = to_number(id);
  if (!number || *number < 1)
    return error_response(404, "not_found", "there is no such issue", "ids are numbers: see /api/v1/issues");
  return from(backend.issue(connection, *number));
}

Response list_journal(Backend& backend, const Request& request) {
  Parameters parameters(request);
  const std::string connection = parameters.text("connection");
  JournalQuery query{parameters.text("object"), parameters.text("sfid"), parameters.page()};
  if (auto problem = parameters.problem()) return *problem;
  return from(backend.journal(connection, query));
}

Response show_ready(Backend& backend) {
  const Result<void> ready = backend.ready();
  if (ready) return plain("ready\n");
  return error_response(503, "not_ready", ready.error().message, ready.error().detail);
}

}  // namespace

Response error_response(int status, const std::string& code, const std::string& message, const std::string& hint) {
  nlohmann::ordered_json body;
  body["error"] = {{"code", code}, {"message", message}, {"hint", hint}};
  Response response;
  response.status = status;
  response.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  return response;
}

Response Router::handle(const Request& request) const {
  // A liveness probe comes without a name or a token, and learns nothing but that the process answers.
  if (request.path == "/healthz" && request.method == "GET") return plain("ok\n");
  if (!host_allowed(request.host, options_.hosts)) {
    return error_response(403, "host_not_allowed", "this name of the server is not allowed",
                          "add it to server.hosts in duet.toml");
  }
  // The dashboard's files hold no data: whoever opens them has yet to sign in.
  if (auto page = dashboard({request.method, request.path, request.accept_encoding, request.if_none_match}))
    return *page;
  if (request.path == "/api/v1/openapi.json" && request.method == "GET") {
    Response response;
    response.body = openapi_text();
    return response;
  }
  if (!token_matches(request.authorization, options_.token)) {
    Response response =
        error_response(401, "unauthorized", "a bearer token is needed", "send the header: Authorization: Bearer TOKEN");
    response.headers.emplace_back("WWW-Authenticate", "Bearer");
    return response;
  }
  return route(request);
}

Response Router::route(const Request& request) const {
  constexpr std::string_view kIssue = "/api/v1/issues/";
  using Handler = Response (*)(Backend&, const Request&);
  static constexpr std::array<std::pair<std::string_view, Handler>, 6> kRoutes = {{
      {"/api/v1/status", show_status},
      {"/api/v1/mappings", show_mappings},
      {"/api/v1/issues", list_issues},
      {"/api/v1/journal", list_journal},
      {"/metrics",
       [](Backend& backend, const Request&) {
         Response response = plain(backend.metrics());
         response.content_type = "text/plain; version=0.0.4; charset=utf-8";
         return response;
       }},
      {"/readyz", [](Backend& backend, const Request&) { return show_ready(backend); }},
  }};
  const auto found = std::ranges::find(kRoutes, request.path, &std::pair<std::string_view, Handler>::first);
  const bool one_issue = request.path.starts_with(kIssue);
  if (found == kRoutes.end() && !one_issue)
    return error_response(404, "not_found", "there is nothing here", "see /api/v1/status");
  if (request.method != "GET") {
    Response response =
        error_response(405, "method_not_allowed", fmt::format("{} is not possible here", request.method), "use GET");
    response.headers.emplace_back("Allow", "GET");
    return response;
  }
  if (one_issue) return show_issue(backend_, request, std::string_view(request.path).substr(kIssue.size()));
  return found->second(backend_, request);
}

}  // namespace duet::api
