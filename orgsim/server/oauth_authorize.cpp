// The web-server flow: authorize gives a code, the token endpoint takes it, with or without PKCE (spec §1.1, §1.2).
// There is no login page: whoever asks is the user named by login_hint, or the integration user.
#include <fmt/format.h>
#include <openssl/sha.h>

#include "orgsim/server/jwt.h"
#include "orgsim/server/oauth_form.h"

namespace orgsim {
namespace {

constexpr std::int64_t kCodeMs = 15 * 60 * 1000;
constexpr std::size_t kCodesMax = 1000;

std::string challenge_of(const std::string& verifier) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(verifier.data()), verifier.size(), digest);
  return base64url_encode({reinterpret_cast<const char*>(digest), sizeof digest});
}

bool is_target(std::string_view uri) {
  return uri.find("://") != std::string_view::npos && uri.find_first_of("\r\n") == std::string_view::npos;
}

}  // namespace

HttpResponse OAuth::authorize(const HttpRequest& request) {
  const Form form(request);
  if (form.client_id != credentials_.client_id) return oauth_error("invalid_client_id", "client identifier invalid");
  const std::string target = form.get("redirect_uri");
  if (!is_target(target)) return oauth_error("redirect_uri_missing", "missing required redirect_uri");
  if (form.get("response_type") != "code")
    return oauth_error("unsupported_response_type", "response type not supported");
  const std::string hint = form.get("login_hint");
  const std::optional<std::string> user =
      hint.empty() ? std::optional(host_.access()->integration_user_id()) : user_by_name(hint);
  HttpResponse out;
  out.status = 302;
  out.content_type = "text/html;charset=UTF-8";
  std::string location = target + (target.find('?') == std::string::npos ? "?" : "&");
  if (user) {
    const std::string code = "aPrx" + sessions_.make_secret();
    const std::int64_t now_ms = wall_clock_ms();
    const std::scoped_lock lock(codes_mutex_);
    std::erase_if(codes_, [now_ms](const auto& entry) { return entry.second.made_ms + kCodeMs < now_ms; });
    if (codes_.size() >= kCodesMax) codes_.erase(codes_.begin());
    codes_[code] = {
        .user_id = *user, .redirect_uri = target, .challenge = form.get("code_challenge"), .made_ms = now_ms};
    location += "code=" + percent_encode(code);
  } else {
    location += "error=access_denied&error_description=end-user+denied+authorization";
  }
  if (const std::string state = form.get("state"); !state.empty()) location += "&state=" + percent_encode(state);
  out.set_header("Location", location);
  return out;
}

HttpResponse OAuth::code_grant(const HttpRequest& request, const Form& form) {
  Code code;
  {
    const std::scoped_lock lock(codes_mutex_);
    const auto found = codes_.find(form.get("code"));
    if (found == codes_.end()) return oauth_error("invalid_grant", "invalid authorization code");
    // A code is good once, even for a request that is refused.
    code = std::move(found->second);
    codes_.erase(found);
  }
  if (code.made_ms + kCodeMs < wall_clock_ms()) return oauth_error("invalid_grant", "expired authorization code");
  // A public client proves itself by PKCE alone.
  if (auto refused = refuse_client(form, code.challenge.empty())) return *std::move(refused);
  if (form.get("redirect_uri") != code.redirect_uri) {
    return oauth_error("redirect_uri_mismatch", "redirect_uri must match configuration");
  }
  if (!code.challenge.empty() && challenge_of(form.get("code_verifier")) != code.challenge) {
    return oauth_error("invalid_grant", "invalid code verifier");
  }
  return grant(request, code.user_id, sessions_.make_refresh_token(code.user_id));
}

}  // namespace orgsim
