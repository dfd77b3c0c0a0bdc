// /orgsim/channels and /orgsim/subscriptions: custom channels and managed subscriptions (spec §4.4).
#include <nlohmann/json.hpp>

#include "orgsim/server/control_api.h"
#include "orgsim/server/json_answer.h"

namespace orgsim {
namespace {

using nlohmann::json;

HttpResponse bad_request(const Error& error) {
  return json_answer(400, {{"error", error.code}, {"message", error.message}});
}

HttpResponse wrong_method(const HttpRequest& request) {
  return json_answer(405, {{"error", "METHOD_NOT_ALLOWED"}, {"message", request.method}});
}

}  // namespace

HttpResponse ControlApi::channels(const HttpRequest& request) {
  if (request.method == "GET") {
    const OrgHost::Access org = host_.access();
    return json_answer(200, org->channels().to_json(org->schema()));
  }
  if (request.method != "POST") return wrong_method(request);
  const Outcome<json> body = parse_json(request.body);
  if (!body) return bad_request(body.error());
  const OrgHost::Access org = host_.access();
  const Outcome<json> channels = org->apply_channels(*body);
  return channels ? json_answer(200, *channels) : bad_request(channels.error());
}

HttpResponse ControlApi::subscriptions(const HttpRequest& request) {
  OrgHost::Access org = host_.access();
  if (request.method == "GET") return json_answer(200, org->subscriptions().to_json());
  if (request.method == "DELETE" && request.segments.size() == 3) {
    const bool removed = org->subscriptions().remove(request.segments[2]);
    org.announce();
    return removed ? json_answer(200, {{"ok", true}})
                   : bad_request(make_error(codes::kNotFound, "no such subscription"));
  }
  if (request.method != "POST") return wrong_method(request);
  const Outcome<json> body = parse_json(request.body);
  if (!body) return bad_request(body.error());
  const auto made = org->subscriptions().apply(*body);
  org.announce();
  return made ? json_answer(200, to_json(**made)) : bad_request(made.error());
}

}  // namespace orgsim
