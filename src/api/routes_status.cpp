#include <array>

#include "api/body.h"
#include "api/parameters.h"
#include "api/routes.h"

namespace duet::api {
namespace {

Response plain(std::string body) {
  Response response;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(body);
  return response;
}

Result<Response> show_status(const Services& services, const Call& call) {
  Parameters parameters(call.request);
  const std::string connection = parameters.text("connection");
  DUET_TRY(parameters.check());
  return json_response(DUET_TRY(services.backend.status(connection)));
}

Result<Response> show_mappings(const Services& services, const Call& call) {
  Parameters parameters(call.request);
  const std::string connection = parameters.text("connection");
  DUET_TRY(parameters.check());
  return json_response(DUET_TRY(services.backend.mappings(connection)));
}

Result<Response> set_paused(const Services& services, const Call& call, bool paused) {
  Parameters parameters(call.request);
  const std::string connection = parameters.text("connection");
  DUET_TRY(parameters.check());
  Body body = DUET_TRY(Body::of(call.request));
  const bool outbound = paused && body.flag("outbound").value_or(false);
  DUET_TRY(body.check());
  DUET_TRY(services.backend.set_paused(connection, call.caller, paused && !outbound, outbound));
  return no_content();
}

Result<Response> pause(const Services& services, const Call& call) { return set_paused(services, call, true); }

Result<Response> resume(const Services& services, const Call& call) { return set_paused(services, call, false); }

Result<Response> listen(const Services& services, const Call& call) {
  Parameters parameters(call.request);
  const std::string connection = parameters.text("connection");
  DUET_TRY(parameters.check());
  Response response;
  response.content_type = "text/event-stream";
  response.stream = DUET_TRY(services.backend.listen(connection));
  return response;
}

Result<Response> show_metrics(const Services& services, const Call&) {
  Response response = plain(services.backend.metrics());
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  return response;
}

Result<Response> show_ready(const Services& services, const Call&) {
  const Result<void> ready = services.backend.ready();
  if (ready) return plain("ready\n");
  return error_response(503, "not_ready", ready.error().message, ready.error().detail);
}

}  // namespace

std::span<const Route> status_routes() {
  static constexpr std::array<Route, 7> kRoutes = {{
      {"GET", "/api/v1/status", Role::viewer, show_status},
      {"GET", "/api/v1/mappings", Role::viewer, show_mappings},
      {"POST", "/api/v1/pause", Role::operator_, pause},
      {"POST", "/api/v1/resume", Role::operator_, resume},
      {"GET", "/api/v1/stream", Role::viewer, listen},
      {"GET", "/metrics", Role::viewer, show_metrics},
      {"GET", "/readyz", Role::viewer, show_ready},
  }};
  return kRoutes;
}

}  // namespace duet::api
