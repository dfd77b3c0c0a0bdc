#include "salesforce/login_error.h"

#include <array>
#include <string>

#include <nlohmann/json.hpp>

namespace duet::salesforce {
namespace {

struct Advice {
  std::string_view error;        ///< empty: any
  std::string_view description;  ///< a part of it; empty: any
  ErrorKind kind;
  std::string_view message;
};

/// First match wins.
constexpr auto kAdvice = std::to_array<Advice>({
    {"", "token request is already being processed", ErrorKind::throttled,
     "Another sign-in with the same refresh token is running"},
    {"", "login rate exceeded", ErrorKind::throttled, "The user signed in too often within the hour"},
    {"", "rate limit", ErrorKind::throttled, "The org allows no more sign-ins for now"},
    {"", "hasn't approved this consumer", ErrorKind::config,
     "The user has not approved the app: in the app's policies set Permitted Users to 'Admin approved users are "
     "pre-authorized' and assign the "
     "integration user one of its profiles or permission sets"},
    {"", "not admin approved", ErrorKind::config,
     "The user is not approved for the app: assign the integration user one of the app's profiles or permission sets"},
    {"invalid_app_access", "", ErrorKind::config,
     "The user may not use the app: assign the integration user one of the app's profiles or permission sets"},
    {"", "app must be installed", ErrorKind::config,
     "The app is not installed in this org: an administrator must install and approve it"},
    {"", "audience is invalid", ErrorKind::config,
     "The login address is not the one of this org: use https://login.salesforce.com for production, "
     "https://test.salesforce.com for sandboxes"},
    {"", "request not supported on this domain", ErrorKind::config,
     "This way to sign in needs the org's own address: set login_url to https://<your domain>.my.salesforce.com"},
    {"", "no client credentials user", ErrorKind::config,
     "The app has no 'Run As' user: choose one in the client credentials flow of the app's policies"},
    {"", "ip restricted", ErrorKind::config,
     "The user may not sign in from this address: allow it in the user's profile or relax the app's IP rule"},
    {"inactive_user", "", ErrorKind::config, "The user is deactivated in the org"},
    {"inactive_org", "", ErrorKind::config, "The org is locked or closed"},
    {"invalid_client_id", "", ErrorKind::config,
     "The org does not know client_id: check it, and allow some minutes after creating the app"},
    {"invalid_client", "client identifier", ErrorKind::config,
     "The org does not know client_id: check it, and allow some minutes after creating the app"},
    {"invalid_client", "", ErrorKind::config, "The client_secret is wrong"},
    {"unsupported_grant_type", "", ErrorKind::config,
     "The app does not allow this way to sign in: enable it in the app's OAuth settings"},
    {"", "invalid assertion", ErrorKind::config, "The private key does not belong to the certificate of the app"},
    {"", "expired access/refresh token", ErrorKind::config,
     "The refresh token was revoked or has expired: authorize the app again"},
    {"", "expired authorization code", ErrorKind::config,
     "The refresh token was revoked or has expired: authorize the app again"},
    {"invalid_grant", "authentication failure", ErrorKind::config,
     "Username or password is wrong, or this address is not trusted: append the user's security token to the password"},
    {"invalid_grant", "", ErrorKind::config, "The org refused the sign-in: check user, credentials and app"},
});

std::string text_of(const nlohmann::json& answer, const char* key) {
  return answer.is_object() && answer.contains(key) && answer[key].is_string() ? answer[key].get<std::string>()
                                                                               : std::string();
}

}  // namespace

Error login_error(int status, std::string_view body, const ConnectionSettings& settings) {
  nlohmann::json answer = nlohmann::json::parse(body, nullptr, false);
  std::string code = text_of(answer, "error");
  std::string description = text_of(answer, "error_description");
  Error error{ErrorKind::config, code, "The org refused the sign-in", settings.login_url, nullptr, {}};
  if (code.empty()) {
    error.code = "HTTP " + std::to_string(status);
    bool passing = status == 420 || status == 429 || status >= 500;
    error.kind = passing ? ErrorKind::network : ErrorKind::config;
    error.message = passing ? "Salesforce's login service does not work at the moment"
                            : "The login address does not answer like Salesforce: check login_url";
    return error;
  }
  for (const Advice& advice : kAdvice) {
    if (!advice.error.empty() && advice.error != code) continue;
    if (description.find(advice.description) == std::string::npos) continue;
    error.kind = advice.kind;
    error.message = advice.message;
    break;
  }
  // The org's own words; they name the reason and never a secret.
  if (!description.empty()) error.detail += ": " + description.substr(0, 200);
  return error;
}

}  // namespace duet::salesforce
