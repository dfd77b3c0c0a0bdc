// /orgsim/users and /orgsim/currencies: the org's setup.
#include <nlohmann/json.hpp>

#include "orgsim/server/control_api.h"
#include "orgsim/server/json_answer.h"

namespace orgsim {
namespace {

using nlohmann::json;

HttpResponse answer(const Outcome<json>& outcome) {
  if (outcome) return json_answer(200, *outcome);
  return json_answer(400, {{"error", outcome.error().code}, {"message", outcome.error().message}});
}

HttpResponse wrong_method(const HttpRequest& request) {
  return json_answer(405, {{"error", "METHOD_NOT_ALLOWED"}, {"message", request.method}});
}

}  // namespace

HttpResponse ControlApi::users(const HttpRequest& request) {
  if (request.method != "POST") return wrong_method(request);
  const Outcome<json> body = parse_json(request.body);
  if (!body) return answer(body);
  OrgHost::Access org = host_.access();
  const Outcome<json> made = org->apply_users(*body);
  host_.note_schema_change(org);
  org.announce();
  return answer(made);
}

HttpResponse ControlApi::currencies(const HttpRequest& request) {
  if (request.method == "GET") return json_answer(200, host_.access()->currencies());
  if (request.method != "POST") return wrong_method(request);
  const Outcome<json> body = parse_json(request.body);
  if (!body) return answer(body);
  OrgHost::Access org = host_.access();
  const Outcome<json> made = org->apply_currencies(*body);
  host_.note_schema_change(org);
  org.announce();
  return answer(made);
}

}  // namespace orgsim
