#include "orgsim/server/sessions.h"

namespace orgsim {

std::string Sessions::random_text(std::size_t length) {
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._";
  std::string out;
  for (std::size_t i = 0; i < length; ++i) out.push_back(kAlphabet[random_.below(kAlphabet.size())]);
  return out;
}

std::string Sessions::open(const std::string& user_id, std::int64_t now_ms) {
  constexpr std::size_t kSecretLength = 92;
  const std::scoped_lock lock(mutex_);
  std::string token = org_id_.substr(0, 15) + "!AQ" + random_text(kSecretLength);
  if (opened_.size() >= kSessionsMax) {
    sessions_.erase(opened_.front());
    opened_.pop_front();
  }
  opened_.push_back(token);
  sessions_[token] = {user_id, now_ms};
  return token;
}

std::optional<std::string> Sessions::touch(std::string_view token, std::int64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  const auto found = sessions_.find(std::string(token));
  if (found == sessions_.end()) return std::nullopt;
  if (now_ms - found->second.used_ms > timeout_ms_) {
    sessions_.erase(found);
    return std::nullopt;
  }
  found->second.used_ms = now_ms;
  return found->second.user_id;
}

std::string Sessions::make_secret() {
  constexpr std::size_t kLength = 60;
  const std::scoped_lock lock(mutex_);
  return random_text(kLength);
}

std::string Sessions::make_refresh_token(const std::string& user_id) {
  constexpr std::size_t kLength = 80;
  const std::scoped_lock lock(mutex_);
  std::string token = "5Aep861" + random_text(kLength);
  if (refresh_tokens_.size() < kSessionsMax) refresh_tokens_[token] = user_id;
  return token;
}

std::optional<std::string> Sessions::refresh_user(std::string_view refresh_token) {
  const std::scoped_lock lock(mutex_);
  const auto found = refresh_tokens_.find(std::string(refresh_token));
  if (found == refresh_tokens_.end()) return std::nullopt;
  return found->second;
}

bool Sessions::revoke(std::string_view token) {
  const std::scoped_lock lock(mutex_);
  const std::string key(token);
  return sessions_.erase(key) + refresh_tokens_.erase(key) > 0;
}

void Sessions::revoke_all() {
  const std::scoped_lock lock(mutex_);
  sessions_.clear();
  opened_.clear();
}

void Sessions::set_timeout_ms(std::int64_t timeout_ms) {
  const std::scoped_lock lock(mutex_);
  timeout_ms_ = timeout_ms;
}

std::int64_t Sessions::timeout_ms() const {
  const std::scoped_lock lock(mutex_);
  return timeout_ms_;
}

}  // namespace orgsim
