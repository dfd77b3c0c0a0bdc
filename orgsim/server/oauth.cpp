#include "orgsim/server/oauth.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "orgsim/server/json_answer.h"
#include "orgsim/server/jwt.h"
#include "orgsim/server/oauth_form.h"

namespace orgsim {
namespace {

using nlohmann::json;

constexpr std::string_view kLoginHosts[] = {"https://login.salesforce.com", "https://test.salesforce.com"};
constexpr std::string_view kJwtGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Seconds since the epoch from a number or text of seconds, or from milliseconds as the sf CLI sends (spec §0.15).
std::optional<std::int64_t> expiry_seconds(const json& claim) {
  constexpr double kMillisecondsFrom = 1e11;
  double value = 0;
  if (claim.is_number()) {
    value = claim.get<double>();
  } else if (claim.is_string()) {
    const auto& text = claim.get_ref<const std::string&>();
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc{}) return std::nullopt;
  } else {
    return std::nullopt;
  }
  if (!(value >= 0 && value < 1e18)) return std::nullopt;
  return static_cast<std::int64_t>(value >= kMillisecondsFrom ? value / 1000 : value);
}

std::string_view without_slash(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  return url;
}

bool is_own_audience(const HttpRequest& request, const json& claim) {
  if (claim.is_array()) {
    return std::any_of(claim.begin(), claim.end(), [&](const json& one) { return is_own_audience(request, one); });
  }
  if (!claim.is_string()) return false;
  const std::string_view audience = without_slash(claim.get_ref<const std::string&>());
  for (const std::string_view host : kLoginHosts) {
    if (equals_ignoring_case(audience, host)) return true;
  }
  return equals_ignoring_case(audience, "http://" + request.host) ||
         equals_ignoring_case(audience, "https://" + request.host);
}

std::string signature(const std::string& secret, const std::string& text) {
  unsigned char mark[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), mark, &size);
  return base64url_encode({reinterpret_cast<const char*>(mark), size});
}

}  // namespace

std::string_view bearer_token(const HttpRequest& request) {
  const std::string_view header = request.header("authorization");
  const std::size_t blank = header.find(' ');
  if (blank == std::string_view::npos) return {};
  const std::string_view scheme = header.substr(0, blank);
  if (!equals_ignoring_case(scheme, "bearer") && !equals_ignoring_case(scheme, "oauth")) return {};
  std::string_view token = header.substr(blank);
  while (token.starts_with(' ')) token.remove_prefix(1);
  return token;
}

HttpResponse OAuth::serve(const HttpRequest& request, std::string_view name) {
  usage_.count_free("oauth");
  if (equals_ignoring_case(name, "token")) {
    return request.method == "POST" ? token(request) : method_not_allowed(request, "POST");
  }
  if (equals_ignoring_case(name, "authorize")) return authorize(request);
  if (equals_ignoring_case(name, "userinfo")) return userinfo(request);
  if (equals_ignoring_case(name, "introspect")) return introspect(request);
  if (equals_ignoring_case(name, "revoke")) return revoke(request);
  return not_found();
}

HttpResponse OAuth::token(const HttpRequest& request) {
  const Form form(request);
  const std::string grant_type = form.get("grant_type");
  if (form.get("response_type") == "device_code") return device_code(request, form);
  if (grant_type == "device") return device_grant(request, form);
  if (grant_type == "password") return password_grant(request, form);
  if (grant_type == "client_credentials") return client_credentials_grant(request, form);
  if (grant_type == "refresh_token") return refresh_grant(request, form);
  if (grant_type == "authorization_code") return code_grant(request, form);
  if (grant_type == kJwtGrant) return jwt_grant(request, form);
  if (grant_type.empty()) return oauth_error("invalid_request", "must include a grant type");
  return oauth_error("unsupported_grant_type", "grant type not supported");
}

std::optional<HttpResponse> OAuth::refuse_client(const Form& form, bool secret_required) const {
  if (form.client_id != credentials_.client_id) return oauth_error("invalid_client_id", "client identifier invalid");
  const bool secret_given = secret_required || !form.client_secret.empty();
  if (secret_given && form.client_secret != credentials_.client_secret) {
    return oauth_error("invalid_client", "invalid client credentials");
  }
  return std::nullopt;
}

HttpResponse OAuth::password_grant(const HttpRequest& request, const Form& form) {
  if (auto refused = refuse_client(form, true)) return *std::move(refused);
  const std::optional<std::string> user = check_password(form.get("username"), form.get("password"));
  if (!user) return oauth_error("invalid_grant", "authentication failure");
  return grant(request, *user, sessions_.make_refresh_token(*user));
}

HttpResponse OAuth::client_credentials_grant(const HttpRequest& request, const Form& form) {
  // The grant belongs to the org's own host, never to the login hosts (spec §1.1).
  for (const std::string_view host : kLoginHosts) {
    if (equals_ignoring_case("https://" + request.host.substr(0, request.host.find(':')), host)) {
      return oauth_error("invalid_grant", "request not supported on this domain");
    }
  }
  if (auto refused = refuse_client(form, true)) return *std::move(refused);
  const std::string user = host_.access()->integration_user_id();
  return grant(request, user, "");
}

HttpResponse OAuth::refresh_grant(const HttpRequest& request, const Form& form) {
  if (auto refused = refuse_client(form, false)) return *std::move(refused);
  const std::optional<std::string> user = sessions_.refresh_user(form.get("refresh_token"));
  if (!user) return oauth_error("invalid_grant", "expired access/refresh token");
  return grant(request, *user, "");
}

HttpResponse OAuth::jwt_grant(const HttpRequest& request, const Form& form) {
  const auto claims = verified_claims(form.get("assertion"), credentials_.jwt_public_key);
  if (!claims) return oauth_error("invalid_grant", "invalid assertion");
  if (claims->value("iss", json()) != credentials_.client_id) {
    return oauth_error("invalid_client_id", "client identifier invalid");
  }
  if (!is_own_audience(request, claims->value("aud", json())))
    return oauth_error("invalid_grant", "audience is invalid");
  const auto expiry = expiry_seconds(claims->value("exp", json()));
  if (!expiry || *expiry < wall_clock_ms() / 1000) return oauth_error("invalid_grant", "expired authorization code");
  const json subject = claims->value("sub", json());
  const std::optional<std::string> user =
      subject.is_string() ? user_by_name(subject.get_ref<const std::string&>()) : std::nullopt;
  if (!user) return oauth_error("invalid_grant", "user hasn't approved this consumer");
  return grant(request, *user, "");
}

HttpResponse OAuth::grant(const HttpRequest& request, const std::string& user_id, std::string_view refresh_token) {
  const std::string issued_at = std::to_string(wall_clock_ms());
  const std::string id = identity_url(request, user_id);
  json body = {{"access_token", sessions_.open(user_id, wall_clock_ms())},
               {"instance_url", request.origin()},
               {"id", id},
               {"token_type", "Bearer"},
               {"issued_at", issued_at},
               {"scope", "api id refresh_token"},
               {"signature", signature(credentials_.client_secret, id + issued_at)}};
  if (!refresh_token.empty()) body["refresh_token"] = refresh_token;
  return json_answer(200, body);
}

std::optional<std::string> OAuth::check_password(std::string_view username, std::string_view password) {
  if (password != credentials_.password + credentials_.security_token) return std::nullopt;
  return user_by_name(username);
}

std::optional<std::string> OAuth::user_by_name(std::string_view username) {
  const OrgHost::Access org = host_.access();
  if (equals_ignoring_case(username, credentials_.username)) return org->integration_user_id();
  const auto ids = org->find_by_field("User", "Username", Value(std::string(username)));
  if (username.empty() || !ids || ids->empty()) return std::nullopt;
  return ids->front();
}

std::string OAuth::identity_url(const HttpRequest& request, const std::string& user_id) {
  return fmt::format("{}/id/{}/{}", request.origin(), host_.access()->organization_id(), user_id);
}

}  // namespace orgsim
