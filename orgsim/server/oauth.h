#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "orgsim/server/api_usage.h"
#include "orgsim/server/http_message.h"
#include "orgsim/server/org_host.h"
#include "orgsim/server/sessions.h"

namespace orgsim {

/// What a client needs to log in; printed in the ready line.
struct Credentials {
  std::string username;
  std::string password;
  std::string security_token;
  std::string client_id;
  std::string client_secret;
  /// PEM; verifies JWT bearer assertions.
  std::string jwt_public_key;
};

/// The OAuth endpoints of spec §1: token (password, refresh_token, client_credentials, JWT bearer,
/// authorization_code), authorize, userinfo, introspect, revoke, and the identity URL.
class OAuth {
 public:
  OAuth(OrgHost& host, Sessions& sessions, ApiUsage& usage, Credentials credentials)
      : host_(host), sessions_(sessions), usage_(usage), credentials_(std::move(credentials)) {}

  /// `/services/oauth2/{name}`.
  HttpResponse serve(const HttpRequest& request, std::string_view name);
  /// `/setup/connect`: where a user approves a device.
  HttpResponse connect_device(const HttpRequest& request);
  /// `/id/{org}/{user}`.
  HttpResponse identity(const HttpRequest& request);
  const Credentials& credentials() const { return credentials_; }
  /// The user whom this name and password + security token belong to.
  std::optional<std::string> check_password(std::string_view username, std::string_view password);

 private:
  struct Form;
  HttpResponse token(const HttpRequest& request);
  HttpResponse password_grant(const HttpRequest& request, const Form& form);
  HttpResponse client_credentials_grant(const HttpRequest& request, const Form& form);
  HttpResponse refresh_grant(const HttpRequest& request, const Form& form);
  HttpResponse code_grant(const HttpRequest& request, const Form& form);
  HttpResponse authorize(const HttpRequest& request);
  HttpResponse jwt_grant(const HttpRequest& request, const Form& form);
  HttpResponse userinfo(const HttpRequest& request);
  HttpResponse introspect(const HttpRequest& request);
  HttpResponse revoke(const HttpRequest& request);

  std::optional<HttpResponse> refuse_client(const Form& form, bool secret_required) const;
  HttpResponse grant(const HttpRequest& request, const std::string& user_id, std::string_view refresh_token);
  std::optional<std::string> user_by_name(std::string_view username);
  std::string identity_url(const HttpRequest& request, const std::string& user_id);

  OrgHost& host_;
  Sessions& sessions_;
  ApiUsage& usage_;
  const Credentials credentials_;

  /// An authorization code that nobody has used yet.
  struct Code {
    std::string user_id;
    std::string redirect_uri;
    std::string challenge;  ///< PKCE, S256; empty when the client sent none
    std::int64_t made_ms = 0;
  };
  /// A device that waits for its user (oauth_device.cpp).
  struct Device {
    std::string user_code;
    std::string user_id;  ///< empty until somebody has approved
    bool denied = false;
    std::int64_t made_ms = 0;
  };
  HttpResponse device_code(const HttpRequest& request, const Form& form);
  HttpResponse device_grant(const HttpRequest& request, const Form& form);

  std::map<std::string, Device> devices_;  ///< by device code; guarded by codes_mutex_
  std::mutex codes_mutex_;
  std::map<std::string, Code> codes_;
};

/// The token of "Authorization: Bearer X" or "OAuth X"; empty when there is none (spec §1.4).
std::string_view bearer_token(const HttpRequest& request);

}  // namespace orgsim
