#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "api/body.h"
#include "api/parameters.h"
#include "api/routes.h"

namespace duet::api {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 3> kSides = {"salesforce", "postgres", "base"};
constexpr std::size_t kMostIds = 10'000;
constexpr int kMostAtOnce = 1'000;
constexpr int kLongestPreview = 10'000;

bool is_side(std::string_view text) { return std::ranges::find(kSides, text) != kSides.end(); }

Result<Response> list_issues(const Services& services, const Call& call) {
  Parameters parameters(call.request);
  const std::string connection = parameters.text("connection");
  IssueQuery query;
  query.state = parameters.choice("state", {"open", "decided", "resolved", "reverted", "superseded", "ignored", "all"});
  if (query.state == "all") query.state.clear();
  query.object = parameters.text("object");
  query.kind = parameters.text("kind");
  query.code = parameters.text("code");
  query.field = parameters.text("field");
  query.rule = parameters.text("rule");
  query.text = parameters.text("text");
  query.sfid = parameters.text("sfid");
  query.record_id = parameters.number("record_id");
  query.grouped = parameters.flag("grouped");
  query.page = parameters.page();
  DUET_TRY(parameters.check());
  return json_response(DUET_TRY(services.backend.issues(connection, query)));
}

Result<Response> show_issue(const Services& services, const Call& call) {
  Parameters parameters(call.request);
  const std::string connection = parameters.text("connection");
  DUET_TRY(parameters.check());
  return json_response(DUET_TRY(services.backend.issue(connection, DUET_TRY(id_in_path(call, 0)))));
}

/// `use`, `set`, `fields` and `always` of a resolution.
Result<void> read_decision(Body& body, ActionRequest& request) {
  request.use = body.text("use");
  if (!request.use.empty() && !is_side(request.use))
    return fail(ErrorKind::bad_data, "use is one of salesforce, postgres, base");
  const Json fields = body.object("fields");
  for (const auto& [field, side] : fields.items()) {
    if (!side.is_string() || !is_side(side.get<std::string>()))
      return fail(ErrorKind::bad_data, "fields names salesforce, postgres or base for each field");
    request.fields.emplace(field, side.get<std::string>());
  }
  const Json values = body.object("set");
  for (const auto& [field, value] : values.items()) {
    if (value.is_structured()) return fail(ErrorKind::bad_data, "set has a plain value for each field");
    request.set.emplace(field, value.dump());
  }
  request.always = body.flag("always").value_or(false);
  if (request.use.empty() && request.fields.empty() && request.set.empty())
    return fail(ErrorKind::bad_data, "nothing is chosen", {}, "give use, fields or set");
  return {};
}

Result<void> check_always(const Call& call, const ActionRequest& request) {
  if (request.always && call.caller.role != Role::admin)
    return fail(ErrorKind::forbidden, "only an admin may change a policy", {}, "leave out always");
  return {};
}

Result<Response> act(const Services& services, const Call& call, const char* action) {
  Parameters parameters(call.request);
  const std::string connection = parameters.text("connection");
  DUET_TRY(parameters.check());
  Body body = DUET_TRY(Body::of(call.request));
  ActionRequest request;
  request.action = action;
  if (request.action == "resolve") DUET_TRY(read_decision(body, request));
  DUET_TRY(body.check());
  DUET_TRY(check_always(call, request));
  return json_response(DUET_TRY(services.backend.act(connection, call.caller, DUET_TRY(id_in_path(call, 0)), request)));
}

Result<Response> retry(const Services& services, const Call& call) { return act(services, call, "retry"); }
Result<Response> revert(const Services& services, const Call& call) { return act(services, call, "revert"); }
Result<Response> resolve(const Services& services, const Call& call) { return act(services, call, "resolve"); }
Result<Response> ignore(const Services& services, const Call& call) { return act(services, call, "ignore"); }

Result<IssueQuery> read_filter(Body filter) {
  IssueQuery query;
  query.state = filter.optional_text("state").value_or("open");
  if (query.state == "all") query.state.clear();
  query.kind = filter.text("kind");
  query.object = filter.text("object");
  query.code = filter.text("code");
  query.field = filter.text("field");
  query.rule = filter.text("rule");
  query.text = filter.text("text");
  query.sfid = filter.text("sfid");
  const Json ids = filter.array("ids");
  if (ids.size() > kMostIds) return fail(ErrorKind::bad_data, "ids has at most 10,000 members");
  for (const Json& id : ids) {
    if (!id.is_number_integer()) return fail(ErrorKind::bad_data, "ids are whole numbers");
    query.ids.push_back(id.get<std::int64_t>());
  }
  DUET_TRY(filter.check());
  return query;
}

Result<Response> act_on_all(const Services& services, const Call& call) {
  Parameters parameters(call.request);
  const std::string connection = parameters.text("connection");
  DUET_TRY(parameters.check());
  if (call.request.body.empty()) return fail(ErrorKind::bad_data, "the body is missing");
  Body body = DUET_TRY(Body::of(call.request));
  BulkRequest request;
  request.filter = DUET_TRY(read_filter(Body(body.object("filter"))));
  request.action.action = body.text("action");
  if (std::string_view action = request.action.action;
      action != "retry" && action != "revert" && action != "resolve" && action != "ignore")
    return fail(ErrorKind::bad_data, "action is one of retry, revert, resolve, ignore");
  Body decision(body.object("decision"));
  if (request.action.action == "resolve") DUET_TRY(read_decision(decision, request.action));
  DUET_TRY(decision.check());
  request.dry_run = body.flag("dry_run").value_or(false);
  const std::int64_t limit = body.number("limit").value_or(kMostAtOnce);
  if (limit < 1 || limit > kMostAtOnce) return fail(ErrorKind::bad_data, "limit must be 1 to 1,000");
  request.limit = static_cast<int>(limit);
  DUET_TRY(body.check());
  DUET_TRY(check_always(call, request.action));
  return json_response(DUET_TRY(services.backend.act_on_all(connection, call.caller, request)));
}

Result<Response> preview(const Services& services, const Call& call) {
  Parameters parameters(call.request);
  const std::string connection = parameters.text("connection");
  DUET_TRY(parameters.check());
  Body body = DUET_TRY(Body::of(call.request));
  PreviewRequest request;
  request.object = body.text("object");
  request.field = body.text("field");
  request.policy = body.text("policy");
  const std::int64_t last = body.number("last").value_or(1'000);
  DUET_TRY(body.check());
  if (last < 1 || last > kLongestPreview) return fail(ErrorKind::bad_data, "last must be 1 to 10,000");
  request.last = static_cast<int>(last);
  if (request.object.empty() || request.policy.empty())
    return fail(ErrorKind::bad_data, "object and policy are needed");
  return json_response(DUET_TRY(services.backend.preview(connection, request)));
}

}  // namespace

std::span<const Route> issue_routes() {
  static constexpr std::array<Route, 8> kRoutes = {{
      {"GET", "/api/v1/issues", Role::viewer, list_issues},
      {"POST", "/api/v1/issues/bulk", Role::operator_, act_on_all},
      {"GET", "/api/v1/issues/{id}", Role::viewer, show_issue},
      {"POST", "/api/v1/issues/{id}/retry", Role::operator_, retry},
      {"POST", "/api/v1/issues/{id}/revert", Role::operator_, revert},
      {"POST", "/api/v1/issues/{id}/resolve", Role::operator_, resolve},
      {"POST", "/api/v1/issues/{id}/ignore", Role::operator_, ignore},
      {"POST", "/api/v1/policy/preview", Role::viewer, preview},
  }};
  return kRoutes;
}

}  // namespace duet::api
