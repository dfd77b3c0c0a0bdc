#include <array>

#include "api/body.h"
#include "api/parameters.h"
#include "api/routes.h"

namespace duet::api {
namespace {

Result<Response> list_journal(const Services& services, const Call& call) {
  Parameters parameters(call.request);
  const std::string connection = parameters.text("connection");
  JournalQuery query;
  query.object = parameters.text("object");
  query.sfid = parameters.text("sfid");
  query.record_id = parameters.number("record_id");
  query.field = parameters.text("field");
  query.reason = parameters.text("reason");
  query.since = parameters.time("since").value_or(0);
  query.page = parameters.page();
  DUET_TRY(parameters.check());
  return json_response(DUET_TRY(services.backend.journal(connection, query)));
}

Result<Response> revert_entry(const Services& services, const Call& call) {
  Parameters parameters(call.request);
  const std::string connection = parameters.text("connection");
  DUET_TRY(parameters.check());
  Body body = DUET_TRY(Body::of(call.request));
  const bool force = body.flag("force").value_or(false);
  DUET_TRY(body.check());
  return json_response(
      DUET_TRY(services.backend.revert_entry(connection, call.caller, DUET_TRY(id_in_path(call, 0)), force)));
}

Result<Response> show_record(const Services& services, const Call& call) {
  Parameters parameters(call.request);
  const std::string connection = parameters.text("connection");
  DUET_TRY(parameters.check());
  return json_response(DUET_TRY(services.backend.record(connection, {call.path[0], call.path[1]})));
}

Result<Response> show_history(const Services& services, const Call& call) {
  Parameters parameters(call.request);
  const std::string connection = parameters.text("connection");
  HistoryQuery query;
  query.record = {call.path[0], call.path[1]};
  query.at = parameters.time("at");
  query.limit = static_cast<int>(parameters.number("limit").value_or(100));
  DUET_TRY(parameters.check());
  if (query.limit > 500) return fail(ErrorKind::bad_data, "limit must be 1 to 500");
  return json_response(DUET_TRY(services.backend.history(connection, query)));
}

}  // namespace

std::span<const Route> record_routes() {
  static constexpr std::array<Route, 4> kRoutes = {{
      {"GET", "/api/v1/journal", Role::viewer, list_journal},
      {"POST", "/api/v1/journal/{id}/revert", Role::operator_, revert_entry},
      {"GET", "/api/v1/records/{object}/{id}", Role::viewer, show_record},
      {"GET", "/api/v1/records/{object}/{id}/history", Role::viewer, show_history},
  }};
  return kRoutes;
}

}  // namespace duet::api
