#pragma once

#include <string>

#include "api/backend.h"
#include "runtime/access.h"

namespace duet::api {

/// The gate on runtime::Access: its answers as JSON. Thread safe.
class AppGate final : public Gate {
 public:
  explicit AppGate(runtime::Access& access) : access_(access) {}

  Result<std::optional<Caller>> of_token(const std::string& token) override { return access_.of_token(token); }
  Result<std::optional<Caller>> of_session(const std::string& cookie, bool seen) override {
    return access_.of_session(cookie, seen);
  }
  Result<runtime::Login> login(const std::string& user, const std::string& password,
                               const std::string& address) override {
    return access_.login(user, password, address);
  }
  Result<void> logout(const Caller& caller) override { return access_.logout(caller); }
  Result<void> change_password(const Caller& caller, const std::string& password, const std::string& new_password,
                               const std::string& address) override {
    return access_.change_password(caller, password, new_password, address);
  }

  Result<std::string> users() override;
  Result<std::string> add_user(const Caller& caller, const runtime::UserWish& wish) override;
  Result<std::string> change_user(const Caller& caller, const runtime::UserWish& wish) override;
  Result<void> remove_user(const Caller& caller, const std::string& name) override {
    return access_.remove_user(caller, name);
  }
  Result<std::string> tokens() override;
  Result<std::string> add_token(const Caller& caller, const std::string& name, const std::string& role,
                                TimeMs expires_at) override;
  Result<void> remove_token(const Caller& caller, std::int64_t id) override { return access_.remove_token(caller, id); }

 private:
  runtime::Access& access_;
};

}  // namespace duet::api
