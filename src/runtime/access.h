#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ports/clock.h"
#include "postgres/access_store.h"
#include "postgres/audit_store.h"
#include "runtime/login_limiter.h"

namespace duet::runtime {

/// Each may do what those before it may.
enum class Role { viewer, operator_, admin };

std::string_view name_of(Role role);
std::optional<Role> role_from_name(std::string_view name);

/// Who is asking.
struct Caller {
  std::string name;
  Role role = Role::viewer;
  std::string via;           ///< session | token | cli
  std::string csrf;          ///< of a session
  std::string session_hash;  ///< of a session
  TimeMs expires_at = 0;     ///< of a session, unless it is used before
};

/// The entry of the audit log for what this caller did; connection, detail and outcome are to be filled.
postgres::AuditEntry audit_of(const Caller& caller, std::string action, std::string target);

struct Login {
  std::string cookie;
  Caller caller;
};

/// A new user or a change of one.
struct UserWish {
  std::string name;
  std::optional<std::string> role;
  std::optional<std::string> password;
  std::optional<bool> disabled;
};

struct NewToken {
  std::string text;  ///< never shown again
  postgres::StoredToken stored;
};

/// How long a session lives without a request, and at most.
inline constexpr TimeMs kSessionIdleMs = 60 * 60'000L;
inline constexpr TimeMs kSessionAgeMs = 12 * 60 * 60'000L;

/// Users, sessions and API tokens, kept in one database (spec/reliability.md §4). Writes the audit log. Errors:
/// `throttled` with retry_after_ms, `forbidden`, `duplicate`, `not_found`, `bad_data`; `rejected` with code LAST_ADMIN.
/// Thread safe.
class Access {
 public:
  /// `root_token` is the bearer token of the configuration: an admin's, and it needs no database. Empty: there is none.
  Access(std::string database_url, std::string root_token, ports::Clock& clock);

  /// Whose bearer token this is; nothing when it is nobody's.
  Result<std::optional<Caller>> of_token(const std::string& token);
  /// Whose session this is. `seen` keeps it from idling out.
  Result<std::optional<Caller>> of_session(const std::string& cookie, bool seen);

  /// `address` is where the request comes from.
  Result<Login> login(const std::string& user, const std::string& password, const std::string& address);
  Result<void> logout(const Caller& caller);
  Result<void> change_password(const Caller& caller, const std::string& password, const std::string& new_password,
                               const std::string& address);

  Result<std::vector<postgres::StoredUser>> users();
  Result<postgres::StoredUser> add_user(const Caller& caller, const UserWish& wish);
  Result<postgres::StoredUser> change_user(const Caller& caller, const UserWish& wish);
  Result<void> remove_user(const Caller& caller, const std::string& name);

  Result<std::vector<postgres::StoredToken>> tokens();
  Result<NewToken> add_token(const Caller& caller, const std::string& name, const std::string& role, TimeMs expires_at);
  Result<void> remove_token(const Caller& caller, std::int64_t id);

 private:
  using Use = std::function<Result<void>(postgres::Session& session)>;

  /// Runs on the database's session, once more when it broke.
  Result<void> with_session(const Use& use);
  Result<void> check_password(const std::string& user, const std::string& password, const std::string& address);
  Result<void> note(const postgres::AuditEntry& entry);

  const std::string url_;
  const std::string root_token_;
  ports::Clock& clock_;
  std::mutex mutex_;  ///< of session_
  std::unique_ptr<postgres::Session> session_;
  std::mutex login_mutex_;  ///< of limiter_; one password at a time is computed, which bounds memory too
  LoginLimiter limiter_;
};

}  // namespace duet::runtime
