#include "api/app_gate.h"

#include <nlohmann/json.hpp>

#include "runtime/value_json.h"

namespace duet::api {
namespace {

using Json = nlohmann::ordered_json;
using runtime::json_text;
using runtime::time_or_null;

Json to_json(const postgres::StoredUser& user) {
  return {{"name", user.name},
          {"role", user.role},
          {"disabled", user.disabled},
          {"created_at", time_or_null(user.created_at)},
          {"last_login_at", time_or_null(user.last_login_at)}};
}

Json to_json(const postgres::StoredToken& token) {
  return {{"id", token.id},
          {"name", token.name},
          {"role", token.role},
          {"created_at", time_or_null(token.created_at)},
          {"created_by", token.created_by},
          {"expires_at", time_or_null(token.expires_at)},
          {"last_used_at", time_or_null(token.last_used_at)}};
}

}  // namespace

Result<std::string> AppGate::users() {
  Json out;
  Json& list = out["users"] = Json::array();
  for (const postgres::StoredUser& user : DUET_TRY(access_.users())) list.push_back(to_json(user));
  return json_text(out);
}

Result<std::string> AppGate::add_user(const Caller& caller, const runtime::UserWish& wish) {
  return json_text(to_json(DUET_TRY(access_.add_user(caller, wish))));
}

Result<std::string> AppGate::change_user(const Caller& caller, const runtime::UserWish& wish) {
  return json_text(to_json(DUET_TRY(access_.change_user(caller, wish))));
}

Result<std::string> AppGate::tokens() {
  Json out;
  Json& list = out["tokens"] = Json::array();
  for (const postgres::StoredToken& token : DUET_TRY(access_.tokens())) list.push_back(to_json(token));
  return json_text(out);
}

Result<std::string> AppGate::add_token(const Caller& caller, const std::string& name, const std::string& role,
                                       TimeMs expires_at) {
  const runtime::NewToken token = DUET_TRY(access_.add_token(caller, name, role, expires_at));
  Json out = to_json(token.stored);
  out["token"] = token.text;
  return json_text(out);
}

}  // namespace duet::api
