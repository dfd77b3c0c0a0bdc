#include "postgres/access_store.h"

#include <fmt/format.h>

namespace duet::postgres {
namespace {

constexpr std::string_view kUserColumns =
    "u.name, u.role, u.password_hash, u.disabled, (extract(epoch FROM u.created_at) * 1000)::bigint, (extract(epoch "
    "FROM "
    "u.last_login_at) * 1000)::bigint";
constexpr std::string_view kTokenColumns =
    "id, name, role, (extract(epoch FROM created_at) * 1000)::bigint, created_by, (extract(epoch FROM expires_at) * "
    "1000)::bigint, (extract(epoch FROM last_used_at) * 1000)::bigint";

StoredUser read_user(const Rows& rows, std::size_t i) {
  return {std::string(rows.text(i, 0)), std::string(rows.text(i, 1)), std::string(rows.text(i, 2)),
          rows.boolean(i, 3),           rows.integer(i, 4),           rows.integer(i, 5)};
}

StoredToken read_token(const Rows& rows, std::size_t i) {
  return {rows.integer(i, 0), std::string(rows.text(i, 1)), std::string(rows.text(i, 2)),
          rows.integer(i, 3), std::string(rows.text(i, 4)), rows.integer(i, 5),
          rows.integer(i, 6)};
}

}  // namespace

Result<std::vector<StoredUser>> AccessStore::users() {
  const Rows rows =
      DUET_TRY(session_.query(fmt::format("SELECT {} FROM duet.access_user AS u ORDER BY name", kUserColumns)));
  std::vector<StoredUser> users;
  for (std::size_t i = 0; i < rows.size(); ++i) users.push_back(read_user(rows, i));
  return users;
}

Result<std::optional<StoredUser>> AccessStore::find_user(const std::string& name) {
  const Rows rows = DUET_TRY(
      session_.query(fmt::format("SELECT {} FROM duet.access_user AS u WHERE name = $1", kUserColumns), {name}));
  if (rows.empty()) return std::optional<StoredUser>();
  return std::optional(read_user(rows, 0));
}

Result<bool> AccessStore::add_user(const std::string& name, const std::string& role, const std::string& password_hash) {
  const Rows rows = DUET_TRY(session_.query(
      "INSERT INTO duet.access_user (name, role, password_hash) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
      {name, role, password_hash}));
  return rows.affected() == 1;
}

Result<bool> AccessStore::keeping_an_admin(Statement change) {
  // Two admins who remove each other must not both succeed.
  DUET_TRY(session_.execute("BEGIN; LOCK TABLE duet.access_user IN SHARE ROW EXCLUSIVE MODE"));
  const auto changed = [&]() -> Result<bool> {
    constexpr std::string_view kAdmins = "SELECT count(*) FROM duet.access_user WHERE role = 'admin' AND NOT disabled";
    const long before = DUET_TRY(session_.query(kAdmins)).integer(0, 0);
    const long affected = DUET_TRY(session_.query(change.sql, std::move(change.params))).affected();
    const long after = DUET_TRY(session_.query(kAdmins)).integer(0, 0);
    return affected == 1 && (after > 0 || before == 0);
  }();
  if (session_.broken()) return changed;
  DUET_TRY(session_.execute(changed && *changed ? "COMMIT" : "ROLLBACK"));
  return changed;
}

Result<bool> AccessStore::change_user(const std::string& name, const UserChange& change) {
  const bool changed = DUET_TRY(keeping_an_admin(
      {"UPDATE duet.access_user SET role = coalesce($2, role), password_hash = coalesce($3, password_hash), disabled = "
       "coalesce($4::boolean, disabled) WHERE name = $1",
       {name, change.role, change.password_hash,
        change.disabled ? Param(*change.disabled ? "true" : "false") : std::nullopt}}));
  if (changed) DUET_TRY(remove_sessions(name, {}));
  return changed;
}

Result<bool> AccessStore::remove_user(const std::string& name) {
  return keeping_an_admin({"DELETE FROM duet.access_user WHERE name = $1", {name}});
}

Result<void> AccessStore::add_session(const std::string& hash, const std::string& user, const std::string& csrf) {
  const std::vector<Statement> statements = {
      {"INSERT INTO duet.access_session (hash, user_name, csrf) VALUES (decode($1, 'hex'), $2, $3)",
       {hash, user, csrf}},
      {"UPDATE duet.access_user SET last_login_at = now() WHERE name = $1", {user}}};
  DUET_TRY(session_.run(statements));
  return {};
}

Result<std::optional<StoredSession>> AccessStore::find_session(const std::string& hash) {
  const Rows rows = DUET_TRY(session_.query(
      fmt::format(
          "SELECT {}, s.csrf, (extract(epoch FROM now() - s.created_at) * 1000)::bigint, (extract(epoch FROM "
          "now() - s.seen_at) * 1000)::bigint FROM duet.access_session AS s JOIN duet.access_user AS u ON u.name "
          "= s.user_name WHERE s.hash = decode($1, 'hex') AND NOT u.disabled",
          kUserColumns),
      {hash}));
  if (rows.empty()) return std::optional<StoredSession>();
  return std::optional(
      StoredSession{read_user(rows, 0), std::string(rows.text(0, 6)), rows.integer(0, 7), rows.integer(0, 8)});
}

Result<void> AccessStore::touch_session(const std::string& hash) {
  DUET_TRY(session_.query("UPDATE duet.access_session SET seen_at = now() WHERE hash = decode($1, 'hex')", {hash}));
  return {};
}

Result<void> AccessStore::remove_session(const std::string& hash) {
  DUET_TRY(session_.query("DELETE FROM duet.access_session WHERE hash = decode($1, 'hex')", {hash}));
  return {};
}

Result<void> AccessStore::remove_sessions(const std::string& user, const std::string& except_hash) {
  DUET_TRY(session_.query("DELETE FROM duet.access_session WHERE user_name = $1 AND hash <> decode($2, 'hex')",
                          {user, except_hash}));
  return {};
}

Result<void> AccessStore::purge_sessions(TimeMs idle_ms, TimeMs age_ms) {
  DUET_TRY(
      session_.query("DELETE FROM duet.access_session WHERE seen_at < now() - $1::bigint * interval '1 "
                     "millisecond' OR created_at < now() - $2::bigint * interval '1 millisecond'",
                     {std::to_string(idle_ms), std::to_string(age_ms)}));
  return {};
}

Result<std::vector<StoredToken>> AccessStore::tokens() {
  const Rows rows =
      DUET_TRY(session_.query(fmt::format("SELECT {} FROM duet.access_token ORDER BY id", kTokenColumns)));
  std::vector<StoredToken> tokens;
  for (std::size_t i = 0; i < rows.size(); ++i) tokens.push_back(read_token(rows, i));
  return tokens;
}

Result<StoredToken> AccessStore::add_token(const std::string& name, const std::string& role, const std::string& hash,
                                           const std::string& created_by, TimeMs expires_at) {
  const Rows rows = DUET_TRY(session_.query(
      fmt::format("INSERT INTO duet.access_token (name, role, hash, created_by, expires_at) VALUES ($1, $2, decode($3, "
                  "'hex'), $4, CASE WHEN $5::bigint > 0 THEN to_timestamp($5::bigint / 1000.0) END) RETURNING {}",
                  kTokenColumns),
      {name, role, hash, created_by, std::to_string(expires_at)}));
  return read_token(rows, 0);
}

Result<std::optional<StoredToken>> AccessStore::find_token(const std::string& hash) {
  const Rows rows = DUET_TRY(session_.query(
      fmt::format("SELECT {}, last_used_at > now() - interval '1 minute' FROM duet.access_token WHERE hash = "
                  "decode($1, 'hex') AND (expires_at IS NULL OR expires_at > now())",
                  kTokenColumns),
      {hash}));
  if (rows.empty()) return std::optional<StoredToken>();
  const StoredToken found = read_token(rows, 0);
  if (!rows.boolean(0, 7))
    DUET_TRY(session_.query("UPDATE duet.access_token SET last_used_at = now() WHERE id = $1::bigint",
                            {std::to_string(found.id)}));
  return std::optional(found);
}

Result<bool> AccessStore::remove_token(std::int64_t id) {
  const Rows rows =
      DUET_TRY(session_.query("DELETE FROM duet.access_token WHERE id = $1::bigint", {std::to_string(id)}));
  return rows.affected() == 1;
}

}  // namespace duet::postgres
