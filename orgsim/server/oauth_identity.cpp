// Who a session is: userinfo, the identity URL, introspect and revoke (spec §1.2).
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "orgsim/server/json_answer.h"
#include "orgsim/server/oauth_form.h"

namespace orgsim {
namespace {

using nlohmann::json;

std::string text_of(const Record& user, std::string_view field, std::string_view otherwise) {
  const Value& value = user.get(field);
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr ? *text : std::string(otherwise);
}

}  // namespace

HttpResponse OAuth::userinfo(const HttpRequest& request) {
  const auto user_id = sessions_.touch(bearer_token(request), wall_clock_ms());
  if (!user_id) {
    HttpResponse out = empty_answer(403);
    out.content_type = "text/html;charset=UTF-8";
    out.body = "Bad_OAuth_Token";
    return out;
  }
  const OrgHost::Access org = host_.access();
  const auto user = org->find("User", *user_id);
  const bool known = user.has_value();
  const std::string name = known ? text_of(*user, "Name", credentials_.username) : credentials_.username;
  const std::string username = known ? text_of(*user, "Username", credentials_.username) : credentials_.username;
  const std::string origin = request.origin();
  return json_answer(
      200, {{"sub", fmt::format("https://{}/id/{}/{}", request.host, org->organization_id(), *user_id)},
            {"user_id", *user_id},
            {"organization_id", org->organization_id()},
            {"preferred_username", username},
            {"nickname", username.substr(0, username.find('@'))},
            {"name", name},
            {"email", known ? text_of(*user, "Email", username) : username},
            {"email_verified", true},
            {"given_name", known ? text_of(*user, "FirstName", "") : ""},
            {"family_name", known ? text_of(*user, "LastName", name) : name},
            {"zoneinfo", "America/Los_Angeles"},
            {"photos", {{"picture", origin + "/profilephoto/005/F"}, {"thumbnail", origin + "/profilephoto/005/T"}}},
            {"profile", origin + "/" + *user_id},
            {"picture", origin + "/profilephoto/005/F"},
            {"address", json::object()},
            {"urls",
             {{"enterprise", origin + "/services/Soap/c/{version}/" + org->organization_id().substr(0, 15)},
              {"metadata", origin + "/services/Soap/m/{version}/" + org->organization_id().substr(0, 15)},
              {"partner", origin + "/services/Soap/u/{version}/" + org->organization_id().substr(0, 15)},
              {"rest", origin + "/services/data/v{version}/"},
              {"sobjects", origin + "/services/data/v{version}/sobjects/"},
              {"search", origin + "/services/data/v{version}/search/"},
              {"query", origin + "/services/data/v{version}/query/"},
              {"custom_domain", origin}}},
            {"active", true},
            {"user_type", "STANDARD"},
            {"language", "en_US"},
            {"locale", "en_US"},
            {"utcOffset", -28800000},
            {"updated_at", "2026-01-01T00:00:00Z"},
            {"is_app_installed", true}});
}

HttpResponse OAuth::identity(const HttpRequest& request) {
  usage_.count_free("oauth");
  const auto parameter = request.param("oauth_token");
  const auto user_id = sessions_.touch(parameter ? *parameter : bearer_token(request), wall_clock_ms());
  const OrgHost::Access org = host_.access();
  const bool is_own =
      request.segments.size() == 3 && request.segments[1].substr(0, 15) == org->organization_id().substr(0, 15);
  if (!user_id || !is_own) return oauth_error("invalid_token", "Bad_OAuth_Token", 403);
  const auto user = org->find("User", request.segments[2]);
  if (!user) return not_found();
  const std::string username = text_of(*user, "Username", credentials_.username);
  const std::string origin = request.origin();
  return json_answer(
      200, {{"id", fmt::format("https://{}/id/{}/{}", request.host, org->organization_id(), user->id)},
            {"asserted_user", true},
            {"user_id", user->id},
            {"organization_id", org->organization_id()},
            {"username", username},
            {"nick_name", username.substr(0, username.find('@'))},
            {"display_name", text_of(*user, "Name", username)},
            {"email", text_of(*user, "Email", username)},
            {"photos", {{"picture", origin + "/profilephoto/005/F"}, {"thumbnail", origin + "/profilephoto/005/T"}}},
            {"urls", {{"rest", origin + "/services/data/v{version}/"}, {"custom_domain", origin}}},
            {"active", true},
            {"user_type", "STANDARD"},
            {"language", "en_US"},
            {"locale", "en_US"}});
}

HttpResponse OAuth::introspect(const HttpRequest& request) {
  const Form form(request);
  if (auto refused = refuse_client(form, true)) return *std::move(refused);
  const auto user_id = sessions_.touch(form.get("token"), wall_clock_ms());
  if (!user_id) return json_answer(200, {{"active", false}});
  const std::int64_t now = wall_clock_ms() / 1000;
  return json_answer(200, {{"active", true},
                           {"scope", "api"},
                           {"client_id", credentials_.client_id},
                           {"username", credentials_.username},
                           {"sub", identity_url(request, *user_id)},
                           {"token_type", "access_token"},
                           {"exp", now + sessions_.timeout_ms() / 1000},
                           {"iat", now},
                           {"nbf", now}});
}

HttpResponse OAuth::revoke(const HttpRequest& request) {
  HttpResponse out = empty_answer(200);
  if (!sessions_.revoke(Form(request).get("token"))) {
    out.status = 400;
    out.content_type = "application/x-www-form-urlencoded";
    out.body = "error=unsupported_token_type&error_description=this+token+type+is+not+supported";
  }
  return out;
}

}  // namespace orgsim
