// /orgsim/rules: the org's automation (core/automation.h).
#include <charconv>
#include <nlohmann/json.hpp>

#include "orgsim/server/control_api.h"
#include "orgsim/server/json_answer.h"

namespace orgsim {
namespace {

using nlohmann::json;

HttpResponse bad_request(const Error& error) {
  return json_answer(400, {{"error", error.code}, {"message", error.message}});
}

}  // namespace

HttpResponse ControlApi::rules(const HttpRequest& request) {
  OrgHost::Access org = host_.access();
  Automation& automation = org->automation();
  const bool names_one = request.segments.size() == 3;
  if (request.method == "GET" && !names_one) return json_answer(200, automation.to_json());
  if (request.method == "DELETE") {
    if (!names_one) {
      automation.clear();
      return json_answer(200, {{"ok", true}});
    }
    const std::string& text = request.segments[2];
    std::uint64_t id = 0;
    std::from_chars(text.data(), text.data() + text.size(), id);
    if (automation.remove(id)) return json_answer(200, {{"ok", true}});
    return bad_request(make_error(codes::kNotFound, "there is no rule " + text));
  }
  if (request.method != "POST" || names_one) {
    return json_answer(405, {{"error", "METHOD_NOT_ALLOWED"}, {"message", request.method}});
  }
  const Outcome<json> body = parse_json(request.body);
  if (!body) return bad_request(body.error());
  // Tried on a copy first: a list with one wrong rule adds none.
  Automation trial = automation;
  json ids = json::array();
  for (const json& definition : body->is_array() ? *body : json::array({*body})) {
    const auto rule = trial.add(org->schema(), definition);
    if (!rule) return bad_request(rule.error());
    ids.push_back((*rule)->id);
  }
  automation = std::move(trial);
  return json_answer(200, body->is_array() ? json{{"ids", ids}} : json{{"id", ids.front()}});
}

}  // namespace orgsim
