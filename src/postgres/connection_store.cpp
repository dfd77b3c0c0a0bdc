#include "postgres/connection_store.h"

#include <fmt/format.h>

namespace duet::postgres {
namespace {

constexpr const char* kPausedSetting = "paused";
constexpr const char* kOutboundPausedSetting = "outbound_paused";

std::unexpected<Error> moved(std::string what) {
  return fail(ErrorKind::config,
              "this connection belongs to another database or org; nothing is synced until you choose", {},
              fmt::format("{}. If this database has replaced the old one (restore, fail-over), run `duet attach "
                          "--accept-database`. If it is a copy, "
                          "give it its own org: drop the schema duet here and set salesforce.* in the configuration",
                          what));
}

}  // namespace

Result<DatabaseIdentity> database_identity(Session& session) {
  const Rows rows =
      DUET_TRY(session.query("SELECT s.system_identifier, d.oid, c.timeline_id FROM pg_catalog.pg_control_system() s, "
                             "pg_catalog.pg_control_checkpoint() c, "
                             "pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()"));
  return DatabaseIdentity{rows.integer(0, 0), rows.integer(0, 1), rows.integer(0, 2)};
}

Result<int> ConnectionStore::open(const std::string& name, const std::string& schema) {
  DUET_TRY(session_.query("INSERT INTO duet.connection (name, schema_name) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                          {name, schema}));
  const Rows rows =
      DUET_TRY(session_.query("SELECT id FROM duet.connection WHERE name = $1 AND schema_name = $2", {name, schema}));
  if (rows.empty()) {
    return fail(
        ErrorKind::config,
        fmt::format("in this database the connection {} has another schema than {}, or the schema another connection",
                    name, schema),
        {}, "set name and postgres.schema as they were: SELECT name, schema_name FROM duet.connection");
  }
  return static_cast<int>(rows.integer(0, 0));
}

Result<void> ConnectionStore::guard(int connection_id, const std::string& org_id) {
  const DatabaseIdentity now = DUET_TRY(database_identity(session_));
  const Rows rows = DUET_TRY(session_.query(
      "SELECT org_id, system_identifier, database_oid, timeline FROM duet.connection WHERE id = $1::integer",
      {std::to_string(connection_id)}));
  if (rows.empty()) return fail(ErrorKind::bug, "there is no such connection");
  if (rows.is_null(0, 0)) return accept(connection_id, org_id);
  const DatabaseIdentity pinned{rows.integer(0, 1), rows.integer(0, 2), rows.integer(0, 3)};
  if (pinned.system_identifier != now.system_identifier)
    return moved("the database server is another one (system identifier)");
  if (pinned.database_oid != now.database_oid)
    return moved("the database is a copy on the same server (its oid differs)");
  if (pinned.timeline != now.timeline) {
    return moved(
        fmt::format("the database was restored or promoted (timeline {}, it was {})", now.timeline, pinned.timeline));
  }
  if (rows.text(0, 0) != org_id) return moved(fmt::format("the org is {}, it was {}", org_id, rows.text(0, 0)));
  return {};
}

Result<void> ConnectionStore::accept(int connection_id, const std::string& org_id) {
  const DatabaseIdentity now = DUET_TRY(database_identity(session_));
  DUET_TRY(
      session_.query("UPDATE duet.connection SET org_id = $2, system_identifier = $3::bigint, database_oid = "
                     "$4::bigint, timeline = $5::integer WHERE id = $1::integer",
                     {std::to_string(connection_id), org_id, std::to_string(now.system_identifier),
                      std::to_string(now.database_oid), std::to_string(now.timeline)}));
  return {};
}

Result<PauseFlags> ConnectionStore::paused(int connection_id) {
  PauseFlags flags;
  flags.all = DUET_TRY(setting(connection_id, kPausedSetting)) == "true";
  flags.outbound = DUET_TRY(setting(connection_id, kOutboundPausedSetting)) == "true";
  return flags;
}

Result<void> ConnectionStore::set_paused(int connection_id, const PauseFlags& flags) {
  DUET_TRY(set_setting(connection_id, kPausedSetting, flags.all ? "true" : "false"));
  return set_setting(connection_id, kOutboundPausedSetting, flags.outbound ? "true" : "false");
}

Result<std::optional<std::string>> ConnectionStore::setting(int connection_id, const std::string& name) {
  const Rows rows =
      DUET_TRY(session_.query("SELECT value FROM duet.setting WHERE connection_id = $1::integer AND name = $2",
                              {std::to_string(connection_id), name}));
  if (rows.empty()) return std::optional<std::string>();
  return std::optional(std::string(rows.text(0, 0)));
}

Result<void> ConnectionStore::set_setting(int connection_id, const std::string& name, const std::string& value) {
  DUET_TRY(
      session_.query("INSERT INTO duet.setting (connection_id, name, value) VALUES ($1::integer, $2, $3) "
                     "ON CONFLICT (connection_id, name) DO UPDATE SET value = excluded.value, updated_at = now()",
                     {std::to_string(connection_id), name, value}));
  return {};
}

}  // namespace duet::postgres
