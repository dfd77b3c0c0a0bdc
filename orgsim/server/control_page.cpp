// The page at /orgsim/ and what it asks for: the change stream and the calls as they happen.
#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "orgsim/server/change_event_json.h"
#include "orgsim/server/control_api.h"
#include "orgsim/server/json_answer.h"
#include "orgsim/server/org_page.h"

namespace orgsim {
namespace {

using nlohmann::json;

constexpr std::uint64_t kEventsMax = 1000;

std::uint64_t number_param(const HttpRequest& request, std::string_view name, std::uint64_t otherwise) {
  const auto text = request.param(name);
  std::uint64_t value = otherwise;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

}  // namespace

HttpResponse ControlApi::page() {
  HttpResponse out;
  out.content_type = "text/html; charset=utf-8";
  out.body = std::string(org_page());
  // Whatever a record holds, nothing but this page's own script runs and nothing leaves for elsewhere.
  out.set_header("Content-Security-Policy",
                 "default-src 'none'; connect-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
                 "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  out.set_header("X-Content-Type-Options", "nosniff");
  return out;
}

HttpResponse ControlApi::events(const HttpRequest& request) {
  const std::uint64_t limit = std::min(number_param(request, "limit", kEventsMax), kEventsMax);
  const OrgHost::Access org = host_.access();
  // Without a position the stream starts with the newest events, not with three days of them.
  const std::uint64_t after = number_param(request, "after", org->bus_position_before(limit));
  const EventPage page = org->read_bus(after, limit);
  json events = json::array();
  for (const ChangeEvent& event : page.events) {
    events.push_back({{"entity", event.entity},
                      {"ms", event.commit_ms},
                      {"user", event.commit_user},
                      {"data", json::parse(change_event_json(event), nullptr, false)}});
  }
  return json_answer(200, {{"events", std::move(events)}, {"position", page.position}});
}

HttpResponse ControlApi::calls(const HttpRequest& request) {
  return json_answer(200, calls_.after(number_param(request, "after", 0)));
}

}  // namespace orgsim
