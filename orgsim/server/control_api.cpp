#include "orgsim/server/control_api.h"

#include <nlohmann/json.hpp>

#include "orgsim/core/history.h"
#include "orgsim/core/settings.h"
#include "orgsim/core/time_text.h"
#include "orgsim/server/json_answer.h"

namespace orgsim {
namespace {

using nlohmann::json;

/// The one setting that is the server's and not the core's.
constexpr const char* kSessionTimeout = "session_timeout_ms";

/// Errors of the control calls: {"error","message"}, so that nobody takes them for the org's.
HttpResponse control_error(int status, std::string_view code, std::string_view message) {
  return json_answer(status, {{"error", code}, {"message", message}});
}

HttpResponse control_error(const Error& error) { return control_error(400, error.code, error.message); }

HttpResponse wrong_method(const HttpRequest& request) {
  return control_error(405, "METHOD_NOT_ALLOWED", request.method + " " + request.raw_path);
}

}  // namespace

HttpResponse ControlApi::serve(const HttpRequest& request) {
  if (request.body_too_large) return control_error(413, "REQUEST_TOO_LARGE", "the body is too large");
  const auto& segments = request.segments;
  const std::string call = segments.size() > 1 ? to_lower(segments[1]) : "";
  const bool get = request.method == "GET";
  const bool post = request.method == "POST";
  if (segments.size() == 1) return get ? page() : wrong_method(request);
  if (segments.size() == 2) {
    if (call == "events") return get ? events(request) : wrong_method(request);
    if (call == "calls") return get ? calls(request) : wrong_method(request);
    if (call == "status") return get ? status() : wrong_method(request);
    if (call == "reset") return post ? reset() : wrong_method(request);
    if (call == "objects") return post ? objects(request) : wrong_method(request);
    if (call == "faults") return faults(request);
    if (call == "settings") return settings(request);
    if (call == "rules") return rules(request);
    if (call == "channels") return channels(request);
    if (call == "subscriptions") return subscriptions(request);
    if (call == "users") return users(request);
    if (call == "currencies") return currencies(request);
  }
  if (segments.size() == 3 && call == "records") return records(request, segments[2]);
  if (segments.size() == 3 && call == "rules") return rules(request);
  if (segments.size() == 3 && call == "subscriptions") return subscriptions(request);
  if (segments.size() == 4 && call == "history") return get ? history(segments[2], segments[3]) : wrong_method(request);
  return control_error(
      404, codes::kNotFound,
      "the calls are status, reset, objects, records/{Object}, history/{Object}/{Id}, faults, settings, rules, events, "
      "calls, channels, subscriptions, users, currencies");
}

HttpResponse ControlApi::status() {
  const OrgHost::Access org = host_.access();
  json records = json::object();
  for (const ObjectDef& object : org->schema().objects()) {
    if (const std::uint64_t count = org->record_count(object.name); count > 0) records[object.name] = count;
  }
  return json_answer(200, {{"api_calls", usage_.calls_by_kind()},
                           {"api_calls_in_24_hours", usage_.used_in_24_hours(wall_clock_ms())},
                           {"api_call_limit", org->settings().daily_api_limit},
                           {"events_delivered", usage_.events_delivered()},
                           {"events_in_24_hours", usage_.events_in_24_hours(wall_clock_ms())},
                           {"latest_replay_id", org->latest_replay_id()},
                           {"records", std::move(records)},
                           {"organization_id", org->organization_id()},
                           {"integration_user_id", org->integration_user_id()},
                           {"other_user_id", org->other_user_id()},
                           {"clock", rest_datetime(org->now())},
                           {"clock_ms", org->now()}});
}

HttpResponse ControlApi::reset() {
  faults_.clear();
  usage_.clear();
  calls_.clear();
  sessions_.set_timeout_ms(Sessions::kDefaultTimeoutMs);
  host_.reset();
  return json_answer(200, {{"ok", true}});
}

HttpResponse ControlApi::objects(const HttpRequest& request) {
  const Outcome<json> body = parse_json(request.body);
  if (!body) return control_error(body.error());
  const OrgHost::Access org = host_.access();
  const Outcome<json> made = org->apply_objects(*body);
  host_.note_schema_change(org);
  return made ? json_answer(200, *made) : control_error(made.error());
}

HttpResponse ControlApi::history(const std::string& object, const std::string& id) {
  const OrgHost::Access org = host_.access();
  const Outcome<std::vector<RecordVersion>> versions = org->history(object, id);
  if (!versions)
    return control_error(http_status(versions.error().code), versions.error().code, versions.error().message);
  json out = json::array();
  for (const RecordVersion& version : *versions) out.push_back(to_json(version));
  return json_answer(200, out);
}

HttpResponse ControlApi::faults(const HttpRequest& request) {
  if (request.method == "GET") return json_answer(200, faults_.to_json());
  if (request.method == "DELETE") {
    faults_.clear();
    return json_answer(200, {{"ok", true}});
  }
  if (request.method != "POST") return wrong_method(request);
  const Outcome<json> body = parse_json(request.body);
  if (!body) return control_error(body.error());
  json ids = json::array();
  const json list = body->is_array() ? *body : json::array({*body});
  for (const json& definition : list) {
    const Outcome<std::uint64_t> id = faults_.add(definition);
    if (!id) return control_error(id.error());
    ids.push_back(*id);
  }
  return json_answer(200, body->is_array() ? json{{"ids", ids}} : json{{"id", ids.front()}});
}

HttpResponse ControlApi::settings(const HttpRequest& request) {
  if (request.method == "POST") {
    Outcome<json> patch = parse_json(request.body);
    if (!patch) return control_error(patch.error());
    OrgHost::Access org = host_.access();
    std::optional<std::int64_t> timeout_ms;
    if (patch->is_object() && patch->contains(kSessionTimeout)) {
      const json& value = (*patch)[kSessionTimeout];
      if (!value.is_number_integer() || value.get<std::int64_t>() < 0) {
        return control_error(400, codes::kJsonParser, "session_timeout_ms must be a number of milliseconds");
      }
      timeout_ms = value.get<std::int64_t>();
      patch->erase(kSessionTimeout);
    }
    if (const Outcome<void> applied = apply_settings(org->settings(), *patch); !applied) {
      return control_error(applied.error());
    }
    if (timeout_ms) sessions_.set_timeout_ms(*timeout_ms);
    org.announce();
  } else if (request.method != "GET") {
    return wrong_method(request);
  }
  json out = to_json(host_.access()->settings());
  out[kSessionTimeout] = sessions_.timeout_ms();
  return json_answer(200, out);
}

}  // namespace orgsim
