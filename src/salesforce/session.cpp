#include "salesforce/session.h"

#include <nlohmann/json.hpp>

#include "codec/change_event_value.h"
#include "codec/soql.h"
#include "salesforce/jwt.h"
#include "salesforce/login_error.h"

namespace duet::salesforce {
namespace {

using codec::url_encode;

constexpr auto kRetryAfterFailure = std::chrono::seconds(5);
constexpr auto kRetryAfterRefusal = std::chrono::seconds(60);
constexpr long kLoginTimeoutMs = 30'000;
constexpr std::size_t kMaxLoginBody = 1024 * 1024;
constexpr std::size_t kMaxTokenLength = 16 * 1024;

TimeMs wall_clock() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::unexpected<Error> missing(std::string_view what) {
  return fail(ErrorKind::config, "The connection has no " + std::string(what) + ": set it in duet.toml", "CONFIG");
}

/// The audience that a sign-in at the org's own domain may need instead of that domain.
std::string common_audience(const Origin& login) {
  if (!login.host.ends_with(".salesforce.com")) return {};
  bool sandbox = login.host.find("--") != std::string::npos || login.host.find(".sandbox.") != std::string::npos;
  return sandbox ? "https://test.salesforce.com" : "https://login.salesforce.com";
}

/// Organisation and user from `https://login.salesforce.com/id/00D…/005…`.
void read_identity(std::string_view id, Login& login) {
  auto user = id.rfind('/');
  if (user == std::string_view::npos || user == 0) return;
  auto org = id.rfind('/', user - 1);
  if (org == std::string_view::npos) return;
  login.org_id = codec::record_id_18(id.substr(org + 1, user - org - 1));
  login.user_id = codec::record_id_18(id.substr(user + 1));
}

std::string text_of(const nlohmann::json& answer, const char* key) {
  return answer.is_object() && answer.contains(key) && answer[key].is_string() ? answer[key].get<std::string>()
                                                                               : std::string();
}

}  // namespace

Session::Session(ConnectionSettings settings, std::stop_token stop)
    : settings_(std::move(settings)), stop_(std::move(stop)) {}

HttpClient Session::make_client(std::stop_token stop) const {
  return HttpClient({settings_.ca_file, settings_.connect_timeout_ms, std::move(stop)});
}

Result<std::shared_ptr<const Login>> Session::login() {
  std::lock_guard lock(mutex_);
  if (login_) return login_;
  return sign_in();
}

Result<std::shared_ptr<const Login>> Session::renew(std::uint64_t refused_generation) {
  std::lock_guard lock(mutex_);
  if (login_ && login_->generation > refused_generation) return login_;
  login_ = nullptr;
  return sign_in();
}

Result<std::shared_ptr<const Login>> Session::sign_in() {
  if (failure_ && Clock::now() < retry_at_) return std::unexpected(*failure_);
  Origin origin = DUET_TRY(parse_origin(settings_.login_url));
  if (origin.scheme != "https" && !is_loopback(origin.host)) {
    return fail(ErrorKind::config, "The login address must begin with https://", "URL", settings_.login_url);
  }
  Result<Login> login = request_token(origin.text());
  if (!login && settings_.auth == AuthFlow::jwt &&
      login.error().detail.find("audience is invalid") != std::string::npos) {
    if (std::string audience = common_audience(origin); !audience.empty() && audience != origin.text())
      login = request_token(audience);
  }
  if (!login) {
    failure_ = login.error();
    retry_at_ = Clock::now() + (login.error().kind == ErrorKind::config ? kRetryAfterRefusal : kRetryAfterFailure);
    return std::unexpected(std::move(login).error());
  }
  failure_.reset();
  login->generation = ++generation_;
  login_ = std::make_shared<const Login>(std::move(*login));
  return login_;
}

Result<std::string> Session::token_request(const std::string& audience) const {
  const ConnectionSettings& s = settings_;
  if (s.client_id.empty()) return missing("client_id");
  std::string client = "&client_id=" + url_encode(s.client_id);
  if (!s.client_secret.empty()) client += "&client_secret=" + url_encode(s.client_secret);
  switch (s.auth) {
    case AuthFlow::jwt:
      if (s.username.empty()) return missing("username");
      if (s.private_key.empty()) return missing("private_key");
      return "grant_type=" + url_encode("urn:ietf:params:oauth:grant-type:jwt-bearer") + "&assertion=" +
             DUET_TRY(make_login_assertion(s.private_key, s.client_id, s.username, audience, wall_clock()));
    case AuthFlow::client_credentials:
      if (s.client_secret.empty()) return missing("client_secret");
      return "grant_type=client_credentials" + client;
    case AuthFlow::refresh_token:
      if (s.refresh_token.empty()) return missing("refresh_token");
      return "grant_type=refresh_token" + client +
             "&refresh_token=" + url_encode(rotated_refresh_token_.empty() ? s.refresh_token : rotated_refresh_token_);
    case AuthFlow::password:
      if (s.username.empty()) return missing("username");
      if (s.password.empty()) return missing("password");
      return "grant_type=password" + client + "&username=" + url_encode(s.username) +
             "&password=" + url_encode(s.password);
  }
  return missing("auth");
}

Result<Login> Session::request_token(const std::string& audience) {
  Origin origin = DUET_TRY(parse_origin(settings_.login_url));
  std::string body = DUET_TRY(token_request(audience));
  if (!client_) client_ = make_client(stop_);
  HttpRequest request{.method = "POST",
                      .url = origin.text() + "/services/oauth2/token",
                      .headers = {"Content-Type: application/x-www-form-urlencoded", "Accept: application/json"},
                      .body = body,
                      .timeout_ms = kLoginTimeoutMs,
                      .max_body = kMaxLoginBody};
  auto response = client_->perform(request);
  if (!response) {
    Error error = std::move(response).error().error;
    error.detail = settings_.login_url + ": " + error.detail;
    return std::unexpected(std::move(error));
  }
  gauges_.observe(*response);
  if (response->status != 200) return std::unexpected(login_error(response->status, response->body, settings_));

  nlohmann::json answer = nlohmann::json::parse(response->body, nullptr, false);
  Login login;
  login.access_token = text_of(answer, "access_token");
  bool clean = !login.access_token.empty() && login.access_token.size() <= kMaxTokenLength &&
               login.access_token.find_first_of("\r\n \t") == std::string::npos;
  if (!clean)
    return fail(ErrorKind::bad_data, "The login answer holds no usable access token", "LOGIN", settings_.login_url);
  login.instance_url = DUET_TRY(trusted_instance(text_of(answer, "instance_url"), origin)).text();
  read_identity(text_of(answer, "id"), login);
  if (std::string rotated = text_of(answer, "refresh_token");
      settings_.auth == AuthFlow::refresh_token && !rotated.empty()) {
    rotated_refresh_token_ = rotated;
  }
  return login;
}

}  // namespace duet::salesforce
