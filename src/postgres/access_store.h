#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "postgres/session.h"

namespace duet::postgres {

struct StoredUser {
  std::string name;
  std::string role;
  std::string password_hash;
  bool disabled = false;
  TimeMs created_at = 0;
  TimeMs last_login_at = 0;  ///< 0: never
};

struct StoredSession {
  StoredUser user;
  std::string csrf;
  TimeMs age_ms = 0;
  TimeMs idle_ms = 0;
};

struct StoredToken {
  std::int64_t id = 0;
  std::string name;
  std::string role;
  TimeMs created_at = 0;
  std::string created_by;
  TimeMs expires_at = 0;    ///< 0: never
  TimeMs last_used_at = 0;  ///< 0: never
};

struct UserChange {
  std::optional<std::string> role = {};
  std::optional<std::string> password_hash = {};
  std::optional<bool> disabled = {};
};

/// Users, sessions and API tokens (duet.access_…). Secrets come hashed, as lower-case hex. One thread at a time.
class AccessStore {
 public:
  explicit AccessStore(Session& session) : session_(session) {}

  Result<std::vector<StoredUser>> users();
  Result<std::optional<StoredUser>> find_user(const std::string& name);
  /// False when there is a user of that name.
  Result<bool> add_user(const std::string& name, const std::string& role, const std::string& password_hash);
  /// Changes a user and ends its sessions. False when there is none, or when no admin who may log in would be left.
  Result<bool> change_user(const std::string& name, const UserChange& change);
  /// The same.
  Result<bool> remove_user(const std::string& name);

  Result<void> add_session(const std::string& hash, const std::string& user, const std::string& csrf);
  /// The session of a user who is not disabled.
  Result<std::optional<StoredSession>> find_session(const std::string& hash);
  Result<void> touch_session(const std::string& hash);
  Result<void> remove_session(const std::string& hash);
  /// Ends all sessions of a user but one.
  Result<void> remove_sessions(const std::string& user, const std::string& except_hash);
  Result<void> purge_sessions(TimeMs idle_ms, TimeMs age_ms);

  Result<std::vector<StoredToken>> tokens();
  Result<StoredToken> add_token(const std::string& name, const std::string& role, const std::string& hash,
                                const std::string& created_by, TimeMs expires_at);
  /// A token that has not expired; notes, at most once a minute, that it was used.
  Result<std::optional<StoredToken>> find_token(const std::string& hash);
  Result<bool> remove_token(std::int64_t id);

 private:
  /// Runs a change of users if an admin who may log in is left after it, or there was none before.
  Result<bool> keeping_an_admin(Statement change);

  Session& session_;
};

}  // namespace duet::postgres
