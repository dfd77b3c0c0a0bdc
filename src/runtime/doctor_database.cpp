#include <fmt/format.h>

#include "runtime/doctor.h"

namespace duet::runtime {
namespace {

constexpr std::int64_t kOldestServer = 130'000;

/// One statement whose columns are facts; a failure is a finding of its own.
std::optional<postgres::Rows> ask(postgres::Session& session, Findings& findings, const std::string& check,
                                  const std::string& sql, std::vector<postgres::Param> params = {}) {
  auto rows = session.query(sql, std::move(params));
  if (!rows) {
    findings.error(check, rows.error());
    return std::nullopt;
  }
  return std::move(*rows);
}

void examine_server(postgres::Session& session, Findings& findings) {
  const auto rows = ask(
      session, findings, "database.version",
      "SELECT pg_catalog.current_setting('server_version_num')::integer, pg_catalog.current_setting('server_version'), "
      "pg_catalog.pg_is_in_recovery()");
  if (!rows) return;
  const std::string version(rows->text(0, 1));
  if (rows->integer(0, 0) < kOldestServer) {
    findings.error("database.version", fmt::format("PostgreSQL {} is too old", version),
                   "upgrade to PostgreSQL 13 or later");
  } else if (rows->boolean(0, 2)) {
    findings.error("database.version", "this server is a standby: nothing can be written",
                   "point postgres.url at the primary");
  } else {
    findings.ok("database.version", fmt::format("PostgreSQL {}", version));
  }
}

void examine_rights(postgres::Session& session, const std::string& schema, Findings& findings) {
  const auto rows =
      ask(session, findings, "database.rights",
          "SELECT current_user, has_database_privilege(current_database(), 'CREATE'), "
          "(SELECT has_schema_privilege(oid, 'CREATE, USAGE') FROM pg_catalog.pg_namespace WHERE nspname = $1), "
          "(SELECT has_schema_privilege(oid, 'CREATE, USAGE') FROM pg_catalog.pg_namespace WHERE nspname = 'duet'), "
          "EXISTS (SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE "
          "n.nspname = 'public' AND p.proname = 'get_xmlbinary') OR has_schema_privilege('public', 'CREATE')",
          {schema});
  if (!rows) return;
  const std::string user(rows->text(0, 0));
  bool good = true;
  const auto missing = [&](std::string what, std::string sql) {
    good = false;
    findings.error("database.rights", std::move(what), "let the owner of the database run: " + std::move(sql));
  };
  const std::string role = session.identifier(user);
  for (const auto& [column, name] : {std::pair<std::size_t, std::string>{2, schema}, {3, "duet"}}) {
    if (rows->is_null(0, column) && !rows->boolean(0, 1)) {
      missing(fmt::format("the schema {} does not exist and {} may not create it", name, user),
              fmt::format("CREATE SCHEMA {} AUTHORIZATION {}", session.identifier(name), role));
    } else if (!rows->is_null(0, column) && !rows->boolean(0, column)) {
      missing(fmt::format("{} may not use or create objects in the schema {}", user, name),
              fmt::format("GRANT USAGE, CREATE ON SCHEMA {} TO {}", session.identifier(name), role));
    }
  }
  if (!rows->boolean(0, 4)) {
    missing(fmt::format("{} may not create the function public.get_xmlbinary()", user),
            fmt::format("GRANT CREATE ON SCHEMA public TO {}", role));
  }
  if (good) findings.ok("database.rights", fmt::format("{} has the rights it needs", user));
}

void examine_hstore(postgres::Session& session, Findings& findings) {
  const auto rows = ask(session, findings, "database.hstore",
                        "SELECT (SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'hstore'), "
                        "EXISTS (SELECT FROM pg_catalog.pg_available_extensions WHERE name = 'hstore'), "
                        "has_database_privilege(current_database(), 'CREATE')");
  if (!rows) return;
  if (!rows->is_null(0, 0)) {
    findings.ok("database.hstore", fmt::format("the extension hstore {} is installed", rows->text(0, 0)));
  } else if (!rows->boolean(0, 1)) {
    findings.error("database.hstore", "the extension hstore is not available on this server",
                   "install the server's contrib package");
  } else if (!rows->boolean(0, 2)) {
    findings.error("database.hstore", "the extension hstore is not installed and may not be created",
                   "let the owner of the database run: CREATE EXTENSION hstore");
  } else {
    findings.ok("database.hstore", "the extension hstore will be created by the import");
  }
}

/// The settings that decide whether an app's changes are captured (spec/heroku-connect.md §3.2 and §1.1).
void examine_capture_settings(postgres::Session& session, Findings& findings) {
  const auto rows =
      ask(session, findings, "database.settings",
          "SELECT s.setting FROM pg_catalog.pg_db_role_setting r CROSS JOIN LATERAL unnest(r.setconfig) s(setting) "
          "LEFT JOIN pg_catalog.pg_database d ON d.oid = r.setdatabase "
          "WHERE (r.setdatabase = 0 OR d.datname = current_database()) AND s.setting ~ '^(xmlbinary|search_path)='");
  if (!rows) return;
  bool good = true;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const std::string_view setting = rows->text(i, 0);
    if (setting.starts_with("xmlbinary=") && setting != "xmlbinary=base64") {
      good = false;
      findings.error("database.settings",
                     fmt::format("{} is set for the database or a role: its changes are not captured", setting),
                     "ALTER DATABASE or ALTER ROLE … RESET xmlbinary");
    } else if (setting.starts_with("search_path=") && setting.find("public") == std::string_view::npos) {
      good = false;
      findings.warn("database.settings",
                    "a search_path without public is set for the database or a role: apps' triggers that call "
                    "get_xmlbinary() fail there",
                    "add public to it: ALTER DATABASE or ALTER ROLE … SET search_path = …, public");
    }
  }
  const auto reset = ask(session, findings, "database.settings",
                         "SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'xmlbinary'");
  if (reset && reset->text(0, 0) != "base64") {
    good = false;
    findings.error("database.settings",
                   fmt::format("xmlbinary is {} by default: no change of an app is captured", reset->text(0, 0)),
                   "set xmlbinary = base64 in the server's configuration");
  }
  if (good) findings.ok("database.settings", "xmlbinary and search_path let changes be captured");
}

void examine_log_sequence(postgres::Session& session, const std::string& schema, Findings& findings) {
  constexpr std::int64_t kLast = 2'147'483'647;
  const auto rows = ask(
      session, findings, "database.sequences",
      "SELECT sequencename, COALESCE(last_value, 0) FROM pg_catalog.pg_sequences WHERE schemaname = $1 ORDER BY 2 DESC",
      {schema});
  if (!rows || rows->empty()) return;
  bool good = true;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const std::int64_t percent = rows->integer(i, 1) * 100 / kLast;
    if (percent < 80) continue;
    good = false;
    findings.error("database.sequences",
                   fmt::format("the sequence {} has used {} % of its integers; when it is used up, writes of apps fail",
                               rows->text(i, 0), percent),
                   "plan to alter the column and the sequence to bigint");
  }
  if (good) findings.ok("database.sequences", "all sequences of the schema have room");
}

}  // namespace

void examine_database(postgres::Session& session, const std::string& schema, Findings& findings) {
  examine_server(session, findings);
  examine_rights(session, schema, findings);
  examine_hstore(session, findings);
  examine_capture_settings(session, findings);
  examine_log_sequence(session, schema, findings);
}

}  // namespace duet::runtime
