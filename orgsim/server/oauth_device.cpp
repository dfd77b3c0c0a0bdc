// The device flow: a device shows its user a code, and asks until the user has typed it in. There is no page for that:
// GET /setup/connect?user_code=X approves for the user of login_hint, or the integration user; &deny=true refuses.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "orgsim/server/json_answer.h"
#include "orgsim/server/oauth_form.h"

namespace orgsim {
namespace {

constexpr std::int64_t kDeviceMs = 10 * 60 * 1000;
constexpr std::size_t kDevicesMax = 1000;
constexpr int kPollSeconds = 5;

}  // namespace

HttpResponse OAuth::device_code(const HttpRequest& request, const Form& form) {
  if (auto refused = refuse_client(form, false)) return *std::move(refused);
  std::string user_code = sessions_.make_secret().substr(0, 8);
  std::ranges::transform(user_code, user_code.begin(),
                         [](char c) { return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c); });
  const std::string device_code = sessions_.make_secret();
  const std::int64_t now_ms = wall_clock_ms();
  {
    const std::scoped_lock lock(codes_mutex_);
    std::erase_if(devices_, [now_ms](const auto& entry) { return entry.second.made_ms + kDeviceMs < now_ms; });
    if (devices_.size() >= kDevicesMax) devices_.erase(devices_.begin());
    devices_[device_code] = {.user_code = user_code, .user_id = {}, .denied = false, .made_ms = now_ms};
  }
  return json_answer(200, {{"device_code", device_code},
                           {"user_code", user_code},
                           {"verification_uri", request.origin() + "/setup/connect"},
                           {"interval", kPollSeconds}});
}

HttpResponse OAuth::device_grant(const HttpRequest& request, const Form& form) {
  if (auto refused = refuse_client(form, false)) return *std::move(refused);
  Device device;
  {
    const std::scoped_lock lock(codes_mutex_);
    const auto found = devices_.find(form.get("code"));
    if (found == devices_.end()) return oauth_error("invalid_grant", "invalid device code");
    device = found->second;
    const bool is_over = device.denied || !device.user_id.empty() || device.made_ms + kDeviceMs < wall_clock_ms();
    if (!is_over) return oauth_error("authorization_pending", "User has not yet approved or denied the device");
    devices_.erase(found);
  }
  if (device.denied) return oauth_error("access_denied", "end-user denied authorization");
  if (device.user_id.empty()) return oauth_error("invalid_grant", "expired device code");
  return grant(request, device.user_id, sessions_.make_refresh_token(device.user_id));
}

HttpResponse OAuth::connect_device(const HttpRequest& request) {
  const Form form(request);
  const std::string hint = form.get("login_hint");
  const std::optional<std::string> user =
      hint.empty() ? std::optional(host_.access()->integration_user_id()) : user_by_name(hint);
  const std::string user_code = form.get("user_code");
  const std::scoped_lock lock(codes_mutex_);
  const auto found = std::ranges::find_if(
      devices_, [&](const auto& entry) { return equals_ignoring_case(entry.second.user_code, user_code); });
  if (user_code.empty() || found == devices_.end() || !user) {
    return oauth_error("invalid_request", "The code is not valid.");
  }
  found->second.denied = form.get("deny") == "true";
  if (!found->second.denied) found->second.user_id = *user;
  HttpResponse out =
      text_answer(200, found->second.denied ? "The device was refused.\n" : "The device is connected.\n");
  out.content_type = "text/plain;charset=UTF-8";
  return out;
}

}  // namespace orgsim
