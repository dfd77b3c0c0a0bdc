#include "runtime/access.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/logging.h"
#include "postgres/migrations.h"
#include "runtime/secrets.h"
#include "salesforce/address.h"

namespace duet::runtime {
namespace {

using postgres::AccessStore;
using postgres::AuditEntry;
using postgres::Session;
using postgres::StoredToken;
using postgres::StoredUser;

constexpr std::size_t kShortestPassword = 12;
constexpr std::size_t kLongestPassword = 256;
constexpr std::size_t kLongestName = 64;
constexpr std::string_view kTokenPrefix = "duet_";
constexpr std::size_t kSecretDigits = 64;
/// A session's last use is noted at most that often.
constexpr TimeMs kNoteEveryMs = 30'000;

bool is_user_name(std::string_view name) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= kLongestName && plain(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return plain(c) || c == '.' || c == '_' || c == '-' || c == '@'; });
}

std::unexpected<Error> bad(std::string message) { return fail(ErrorKind::bad_data, std::move(message)); }

Result<void> check_wish(const UserWish& wish) {
  if (!is_user_name(wish.name))
    return bad("a user's name is 1 to 64 of a–z, 0–9, dot, dash, underscore and @, and begins with a letter or digit");
  if (wish.role && !role_from_name(*wish.role)) return bad("a role is viewer, operator or admin");
  if (!wish.password) return {};
  if (wish.password->size() < kShortestPassword || wish.password->size() > kLongestPassword)
    return bad(fmt::format("a password has {} to {} bytes", kShortestPassword, kLongestPassword));
  if (*wish.password == wish.name) return bad("the password is the name");
  return {};
}

/// The schema may be older than this program, or not there: a person may come before the first sync.
Result<std::unique_ptr<Session>> connect_migrated(const std::string& url) {
  auto session = DUET_TRY(Session::connect(url, postgres::SessionRole::admin));
  DUET_TRY(postgres::migrate(*session));
  return session;
}

std::unexpected<Error> no_user(const std::string& name) {
  return fail(ErrorKind::not_found, fmt::format("there is no user {}", name), {}, "see: duet user list");
}

std::unexpected<Error> last_admin() {
  return fail(ErrorKind::rejected, "nobody could administer Duet any more", "LAST_ADMIN",
              "give another user the role admin first");
}

}  // namespace

std::string_view name_of(Role role) {
  switch (role) {
    case Role::viewer:
      return "viewer";
    case Role::operator_:
      return "operator";
    case Role::admin:
      break;
  }
  return "admin";
}

std::optional<Role> role_from_name(std::string_view name) {
  for (Role role : {Role::viewer, Role::operator_, Role::admin}) {
    if (name == name_of(role)) return role;
  }
  return std::nullopt;
}

AuditEntry audit_of(const Caller& caller, std::string action, std::string target) {
  AuditEntry entry;
  entry.actor = caller.name;
  entry.role = name_of(caller.role);
  entry.via = caller.via;
  entry.action = std::move(action);
  entry.target = std::move(target);
  entry.outcome = "ok";
  return entry;
}

Access::Access(std::string database_url, std::string root_token, ports::Clock& clock)
    : url_(std::move(database_url)), root_token_(std::move(root_token)), clock_(clock) {}

Result<void> Access::with_session(const Use& use) {
  std::lock_guard lock(mutex_);
  for (int tries = 0;; ++tries) {
    if (!session_ || session_->broken()) session_ = DUET_TRY(connect_migrated(url_));
    auto done = use(*session_);
    if (done || !session_->broken() || tries > 0) return done;
  }
}

Result<void> Access::note(const AuditEntry& entry) {
  return with_session([&](Session& session) -> Result<void> {
    const postgres::Statement statement = postgres::audit_statement(entry);
    DUET_TRY(session.query(statement.sql, statement.params));
    return {};
  });
}

Result<std::optional<Caller>> Access::of_token(const std::string& token) {
  if (!root_token_.empty() && equal_secrets(token, root_token_))
    return std::optional(Caller{"token", Role::admin, "token", {}, {}, 0});
  if (!token.starts_with(kTokenPrefix) || token.size() != kTokenPrefix.size() + kSecretDigits)
    return std::optional<Caller>();
  std::optional<Caller> caller;
  DUET_TRY(with_session([&](Session& session) -> Result<void> {
    const auto found = DUET_TRY(AccessStore(session).find_token(sha256_hex(token)));
    if (found)
      caller = Caller{"token:" + found->name, role_from_name(found->role).value_or(Role::viewer), "token", {}, {}, 0};
    return {};
  }));
  return caller;
}

Result<std::optional<Caller>> Access::of_session(const std::string& cookie, bool seen) {
  if (cookie.size() != kSecretDigits) return std::optional<Caller>();
  const std::string hash = sha256_hex(cookie);
  std::optional<Caller> caller;
  DUET_TRY(with_session([&](Session& session) -> Result<void> {
    AccessStore store(session);
    const auto found = DUET_TRY(store.find_session(hash));
    if (!found) return {};
    if (found->idle_ms > kSessionIdleMs || found->age_ms > kSessionAgeMs) return store.remove_session(hash);
    if (seen && found->idle_ms > kNoteEveryMs) DUET_TRY(store.touch_session(hash));
    caller = Caller{found->user.name,
                    role_from_name(found->user.role).value_or(Role::viewer),
                    "session",
                    found->csrf,
                    hash,
                    clock_.now() + std::min(kSessionIdleMs, kSessionAgeMs - found->age_ms)};
    return {};
  }));
  return caller;
}

Result<void> Access::check_password(const std::string& user, const std::string& password, const std::string& address) {
  if (password.size() > kLongestPassword || user.size() > kLongestName)
    return fail(ErrorKind::forbidden, "name or password is wrong");
  std::lock_guard lock(login_mutex_);
  const std::string by_user = "user " + user;
  // Behind a proxy on this machine everybody comes from it: one who guesses must not slow down all.
  const std::string by_address = salesforce::is_loopback(address) ? by_user : "address " + address;
  const TimeMs now = clock_.monotonic();
  if (const TimeMs wait = std::max(limiter_.wait(by_user, now), limiter_.wait(by_address, now)); wait > 0) {
    Error error{ErrorKind::throttled, {}, "too many wrong passwords", "wait before the next try", nullptr, wait};
    return std::unexpected(std::move(error));
  }
  std::string hash;
  DUET_TRY(with_session([&](Session& session) -> Result<void> {
    const auto found = DUET_TRY(AccessStore(session).find_user(user));
    if (found && !found->disabled) hash = found->password_hash;
    return {};
  }));
  if (verify_password(hash, password)) {
    limiter_.succeeded(by_user);
    limiter_.succeeded(by_address);
    return {};
  }
  const TimeMs then = clock_.monotonic();
  limiter_.failed(by_user, then);
  if (by_address != by_user) limiter_.failed(by_address, then);
  log(LogLevel::warn, "login refused", {{"user", is_user_name(user) ? user : "?"}, {"address", address}});
  return fail(ErrorKind::forbidden, "name or password is wrong");
}

Result<Login> Access::login(const std::string& user, const std::string& password, const std::string& address) {
  AuditEntry entry;
  entry.actor = is_user_name(user) ? user : "?";
  entry.via = "session";
  entry.action = "session.login";
  if (auto checked = check_password(user, password, address); !checked) {
    entry.outcome = name_of(checked.error().kind);
    if (checked.error().kind == ErrorKind::forbidden) DUET_TRY(note(entry));
    return std::unexpected(std::move(checked).error());
  }
  Login login;
  login.cookie = random_secret();
  const std::string hash = sha256_hex(login.cookie);
  DUET_TRY(with_session([&](Session& session) -> Result<void> {
    AccessStore store(session);
    DUET_TRY(store.purge_sessions(kSessionIdleMs, kSessionAgeMs));
    return store.add_session(hash, user, random_secret());
  }));
  const auto caller = DUET_TRY(of_session(login.cookie, false));
  if (!caller) return fail(ErrorKind::forbidden, "name or password is wrong");
  login.caller = *caller;
  entry.role = name_of(login.caller.role);
  entry.outcome = "ok";
  DUET_TRY(note(entry));
  return login;
}

Result<void> Access::logout(const Caller& caller) {
  DUET_TRY(with_session([&](Session& session) { return AccessStore(session).remove_session(caller.session_hash); }));
  return note(audit_of(caller, "session.logout", {}));
}

Result<void> Access::change_password(const Caller& caller, const std::string& password, const std::string& new_password,
                                     const std::string& address) {
  if (caller.via != "session") return bad("only a user has a password");
  DUET_TRY(check_wish({caller.name, std::nullopt, new_password, std::nullopt}));
  DUET_TRY(check_password(caller.name, password, address));
  const std::string hash = hash_password(new_password);
  DUET_TRY(with_session([&](Session& session) -> Result<void> {
    DUET_TRY(session.query("UPDATE duet.access_user SET password_hash = $2 WHERE name = $1", {caller.name, hash}));
    return AccessStore(session).remove_sessions(caller.name, caller.session_hash);
  }));
  return note(audit_of(caller, "session.password", {}));
}

Result<std::vector<StoredUser>> Access::users() {
  std::vector<StoredUser> users;
  DUET_TRY(with_session([&](Session& session) -> Result<void> {
    users = DUET_TRY(AccessStore(session).users());
    return {};
  }));
  return users;
}

Result<StoredUser> Access::add_user(const Caller& caller, const UserWish& wish) {
  DUET_TRY(check_wish(wish));
  if (!wish.role || !wish.password) return bad("a user needs a role and a password");
  const std::string hash = hash_password(*wish.password);
  std::optional<StoredUser> user;
  DUET_TRY(with_session([&](Session& session) -> Result<void> {
    AccessStore store(session);
    if (!DUET_TRY(store.add_user(wish.name, *wish.role, hash)))
      return fail(ErrorKind::duplicate, fmt::format("there is a user {} already", wish.name));
    user = DUET_TRY(store.find_user(wish.name));
    return {};
  }));
  AuditEntry entry = audit_of(caller, "user.add", wish.name);
  entry.detail = fmt::format(R"({{"role":"{}"}})", *wish.role);
  DUET_TRY(note(entry));
  return *user;
}

Result<StoredUser> Access::change_user(const Caller& caller, const UserWish& wish) {
  DUET_TRY(check_wish(wish));
  postgres::UserChange change{wish.role, std::nullopt, wish.disabled};
  if (wish.password) change.password_hash = hash_password(*wish.password);
  std::optional<StoredUser> before;
  std::optional<StoredUser> user;
  DUET_TRY(with_session([&](Session& session) -> Result<void> {
    AccessStore store(session);
    before = DUET_TRY(store.find_user(wish.name));
    if (!before) return no_user(wish.name);
    if (!DUET_TRY(store.change_user(wish.name, change))) return last_admin();
    user = DUET_TRY(store.find_user(wish.name));
    return {};
  }));
  if (!user) return no_user(wish.name);
  AuditEntry entry = audit_of(caller, "user.change", wish.name);
  entry.detail = fmt::format(R"({{"role":["{}","{}"],"disabled":[{},{}],"password":{}}})", before->role, user->role,
                             before->disabled, user->disabled, wish.password.has_value());
  DUET_TRY(note(entry));
  return *user;
}

Result<void> Access::remove_user(const Caller& caller, const std::string& name) {
  DUET_TRY(with_session([&](Session& session) -> Result<void> {
    AccessStore store(session);
    if (!DUET_TRY(store.find_user(name))) return no_user(name);
    if (!DUET_TRY(store.remove_user(name))) return last_admin();
    return {};
  }));
  return note(audit_of(caller, "user.remove", name));
}

Result<std::vector<StoredToken>> Access::tokens() {
  std::vector<StoredToken> tokens;
  DUET_TRY(with_session([&](Session& session) -> Result<void> {
    tokens = DUET_TRY(AccessStore(session).tokens());
    return {};
  }));
  return tokens;
}

Result<NewToken> Access::add_token(const Caller& caller, const std::string& name, const std::string& role,
                                   TimeMs expires_at) {
  if (!is_user_name(name)) return bad("a token's name is 1 to 64 of a–z, 0–9, dot, dash, underscore and @");
  if (!role_from_name(role)) return bad("a role is viewer, operator or admin");
  NewToken token;
  token.text = std::string(kTokenPrefix) + random_secret();
  DUET_TRY(with_session([&](Session& session) -> Result<void> {
    token.stored =
        DUET_TRY(AccessStore(session).add_token(name, role, sha256_hex(token.text), caller.name, expires_at));
    return {};
  }));
  AuditEntry entry = audit_of(caller, "token.add", fmt::format("{}", token.stored.id));
  entry.detail = fmt::format(R"({{"name":"{}","role":"{}"}})", name, role);
  DUET_TRY(note(entry));
  return token;
}

Result<void> Access::remove_token(const Caller& caller, std::int64_t id) {
  DUET_TRY(with_session([&](Session& session) -> Result<void> {
    if (!DUET_TRY(AccessStore(session).remove_token(id)))
      return fail(ErrorKind::not_found, fmt::format("there is no token {}", id));
    return {};
  }));
  return note(audit_of(caller, "token.remove", fmt::format("{}", id)));
}

}  // namespace duet::runtime
