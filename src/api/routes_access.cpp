#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/body.h"
#include "api/parameters.h"
#include "api/routes.h"

namespace duet::api {
namespace {

using Json = nlohmann::ordered_json;

/// SameSite=Strict: another site's page cannot make the browser send it.
std::string cookie(const Services& services, const std::string& value, TimeMs age_ms) {
  return fmt::format("duet_session={}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{}", value, age_ms / 1'000,
                     services.tls ? "; Secure" : "");
}

Response session_response(const Caller& caller) {
  Json out;
  out["user"] = caller.name;
  out["role"] = runtime::name_of(caller.role);
  out["via"] = caller.via;
  out["csrf_token"] = caller.csrf.empty() ? Json() : Json(caller.csrf);
  out["expires_at"] = caller.expires_at == 0 ? Json() : Json(format_timestamp(caller.expires_at));
  return json_response(out.dump(2) + "\n");
}

Result<Response> show_session(const Services&, const Call& call) { return session_response(call.caller); }

Result<Response> log_out(const Services& services, const Call& call) {
  if (call.caller.via != "session") return fail(ErrorKind::bad_data, "a token has no session");
  DUET_TRY(services.gate.logout(call.caller));
  Response response = no_content();
  response.headers.emplace_back("Set-Cookie", cookie(services, "", 0));
  return response;
}

Result<Response> change_password(const Services& services, const Call& call) {
  Body body = DUET_TRY(Body::of(call.request));
  const std::string password = body.text("password");
  const std::string new_password = body.text("new_password");
  DUET_TRY(body.check());
  DUET_TRY(services.gate.change_password(call.caller, password, new_password, call.request.address));
  return no_content();
}

Result<Response> list_users(const Services& services, const Call& call) {
  DUET_TRY(Parameters(call.request).check());
  return json_response(DUET_TRY(services.gate.users()));
}

Result<Response> add_user(const Services& services, const Call& call) {
  Body body = DUET_TRY(Body::of(call.request));
  runtime::UserWish wish;
  wish.name = body.text("name");
  wish.role = body.text("role");
  wish.password = body.text("password");
  DUET_TRY(body.check());
  return json_response(DUET_TRY(services.gate.add_user(call.caller, wish)), 201);
}

Result<Response> change_user(const Services& services, const Call& call) {
  Body body = DUET_TRY(Body::of(call.request));
  runtime::UserWish wish;
  wish.name = call.path[0];
  wish.role = body.optional_text("role");
  wish.password = body.optional_text("password");
  wish.disabled = body.flag("disabled");
  DUET_TRY(body.check());
  return json_response(DUET_TRY(services.gate.change_user(call.caller, wish)));
}

Result<Response> remove_user(const Services& services, const Call& call) {
  DUET_TRY(services.gate.remove_user(call.caller, call.path[0]));
  return no_content();
}

Result<Response> list_tokens(const Services& services, const Call& call) {
  DUET_TRY(Parameters(call.request).check());
  return json_response(DUET_TRY(services.gate.tokens()));
}

Result<Response> add_token(const Services& services, const Call& call) {
  Body body = DUET_TRY(Body::of(call.request));
  const std::string name = body.text("name");
  const std::string role = body.text("role");
  const std::string expires = body.text("expires_at");
  DUET_TRY(body.check());
  TimeMs expires_at = 0;
  if (!expires.empty()) expires_at = DUET_TRY(parse_timestamp(expires));
  return json_response(DUET_TRY(services.gate.add_token(call.caller, name, role, expires_at)), 201);
}

Result<Response> remove_token(const Services& services, const Call& call) {
  DUET_TRY(services.gate.remove_token(call.caller, DUET_TRY(id_in_path(call, 0))));
  return no_content();
}

Result<Response> list_audit(const Services& services, const Call& call) {
  Parameters parameters(call.request);
  const std::string connection = parameters.text("connection");
  AuditQuery query;
  query.actor = parameters.text("actor");
  query.action = parameters.text("action");
  query.since = parameters.time("since").value_or(0);
  query.page = parameters.page();
  DUET_TRY(parameters.check());
  return json_response(DUET_TRY(services.backend.audit(connection, query)));
}

Result<Response> list_webhooks(const Services& services, const Call& call) {
  Parameters parameters(call.request);
  const std::string connection = parameters.text("connection");
  DUET_TRY(parameters.check());
  return json_response(DUET_TRY(services.backend.webhooks(connection)));
}

}  // namespace

Result<Response> log_in(const Services& services, const Request& request) {
  Body body = DUET_TRY(Body::of(request));
  const std::string user = body.text("user");
  const std::string password = body.text("password");
  DUET_TRY(body.check());
  const runtime::Login login = DUET_TRY(services.gate.login(user, password, request.address));
  Response response = session_response(login.caller);
  response.headers.emplace_back("Set-Cookie", cookie(services, login.cookie, runtime::kSessionAgeMs));
  return response;
}

std::span<const Route> access_routes() {
  static constexpr std::array<Route, 12> kRoutes = {{
      {"GET", "/api/v1/session", Role::viewer, show_session},
      {"DELETE", "/api/v1/session", Role::viewer, log_out},
      {"POST", "/api/v1/session/password", Role::viewer, change_password},
      {"GET", "/api/v1/users", Role::admin, list_users},
      {"POST", "/api/v1/users", Role::admin, add_user},
      {"PATCH", "/api/v1/users/{name}", Role::admin, change_user},
      {"DELETE", "/api/v1/users/{name}", Role::admin, remove_user},
      {"GET", "/api/v1/tokens", Role::admin, list_tokens},
      {"POST", "/api/v1/tokens", Role::admin, add_token},
      {"DELETE", "/api/v1/tokens/{id}", Role::admin, remove_token},
      {"GET", "/api/v1/audit", Role::operator_, list_audit},
      {"GET", "/api/v1/webhooks", Role::operator_, list_webhooks},
  }};
  return kRoutes;
}

}  // namespace duet::api
