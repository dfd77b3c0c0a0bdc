// Pushing into a generic streaming channel (spec §4.9).
#include <algorithm>
#include <nlohmann/json.hpp>

#include "orgsim/core/time_text.h"
#include "orgsim/server/json_answer.h"
#include "orgsim/server/rest_call.h"
#include "orgsim/server/streaming_events.h"

namespace orgsim {
namespace {

using nlohmann::json;

constexpr std::size_t kEventsPerCall = 100;

std::vector<std::string> user_ids(const json& event) {
  std::vector<std::string> out;
  const auto found = event.find("userIds");
  if (found == event.end() || !found->is_array()) return out;
  for (const json& id : *found) {
    if (id.is_string()) out.push_back(id.get<std::string>());
  }
  return out;
}

}  // namespace

HttpResponse serve_channel_push(const RestCall& call) {
  if (!call.is("POST")) return method_not_allowed(call.request, "POST");
  const Outcome<json> body = parse_json(call.request.body);
  if (!body) return error_answer(body.error());
  const json* events = body->is_object() && body->contains("pushEvents") ? &(*body)["pushEvents"] : nullptr;
  if (events == nullptr || !events->is_array() || events->size() > kEventsPerCall) {
    return error_answer(400, codes::kJsonParser, "The body needs an array \"pushEvents\" of at most 100 events");
  }
  OrgHost::Access org = call.environment.host.access();
  const Outcome<Record> channel = org->find("StreamingChannel", call.segment(2));
  if (!channel) return error_answer(channel.error());
  const Value& name = channel->get("Name");
  const std::int64_t now = org->now();
  json out = json::array();
  for (const json& event : *events) {
    if (!event.is_object() || !event.contains("payload") || !event["payload"].is_string()) {
      return error_answer(400, codes::kJsonParser, "A push event needs a text \"payload\"");
    }
    call.environment.streaming.append(
        std::get<std::string>(name), now,
        [&](std::uint64_t replay_id) {
          return json_text(json{{"payload", event["payload"]},
                                {"event", {{"createdDate", bulk_datetime(now)}, {"replayId", replay_id}}}});
        },
        user_ids(event));
    out.push_back({{"fanoutCount", -1}, {"userOnlineStatus", json::object()}});
  }
  org.announce();
  return json_answer(200, out);
}

}  // namespace orgsim
