#include "postgres/synced_schema.h"

#include <fmt/format.h>

#include "postgres/lock_keys.h"
#include "postgres/sql_files.h"

namespace duet::postgres {
namespace {

Result<std::string> hstore_schema(Session& session) {
  constexpr std::string_view kFind =
      "SELECT n.nspname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE "
      "e.extname = 'hstore'";
  Rows rows = DUET_TRY(session.query(kFind));
  if (rows.empty()) {
    if (auto created = session.execute("CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA public"); !created) {
      Error error{ErrorKind::config,
                  created.error().code,
                  "the extension hstore is missing and cannot be created",
                  "let a superuser or the owner of the database run: CREATE EXTENSION hstore",
                  nullptr,
                  std::nullopt};
      error.cause = std::make_shared<const Error>(std::move(created).error());
      return std::unexpected(std::move(error));
    }
    rows = DUET_TRY(session.query(kFind));
  }
  return std::string(rows.text(0, 0));
}

Result<bool> trigger_exists(Session& session, const std::string& schema) {
  const Rows rows =
      DUET_TRY(session.query("SELECT FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid "
                             "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
                             "WHERE n.nspname = $1 AND c.relname = '_trigger_log' AND g.tgname = 'tlog_insert_trigger'",
                             {schema}));
  return !rows.empty();
}

}  // namespace

Result<bool> install_function(Session& session, const FunctionText& function) {
  // A comment with the hash of the text marks what is ours and which text it has.
  const std::string comment = fmt::format("Duet {:08x}", stable_hash(function.sql));
  const Rows rows = DUET_TRY(session.query(
      "SELECT pg_catalog.obj_description(p.oid, 'pg_proc'), p.oid::pg_catalog.regprocedure FROM pg_catalog.pg_proc p "
      "JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = $1 AND p.proname = $2",
      {function.schema, function.name}));
  if (!rows.empty()) {
    const std::string_view present = rows.text(0, 0);
    if (!present.starts_with("Duet ")) return false;
    if (present == comment) return true;
  }
  DUET_TRY(session.execute(fmt::format("{}\nCOMMENT ON FUNCTION {}.{} IS {};", function.sql,
                                       session.identifier(function.schema), session.identifier(function.name),
                                       session.literal(comment))));
  return true;
}

Result<std::vector<std::string>> take_over_functions(Session& session, const std::string& schema) {
  const Rows rows = DUET_TRY(session.query(
      "SELECT p.proname, p.oid::pg_catalog.regprocedure::text FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n "
      "ON n.oid = p.pronamespace WHERE n.nspname = $1 AND (p.proname IN ('tlog_notify_trigger', "
      "'hc_capture_insert_from_row', 'hc_capture_update_from_row') OR p.proname LIKE 'hc\\_%\\_logger' OR p.proname "
      "LIKE "
      "'hc\\_%\\_status') AND coalesce(pg_catalog.obj_description(p.oid, 'pg_proc'), '') NOT LIKE 'Duet %' ORDER BY 1",
      {schema}));
  std::vector<std::string> taken;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    // regprocedure quotes what must be quoted; the mark without a hash makes the text outdated.
    DUET_TRY(session.execute(fmt::format("COMMENT ON FUNCTION {} IS 'Duet takes over'", rows.text(row, 1))));
    taken.emplace_back(rows.text(row, 0));
  }
  return taken;
}

namespace {

Result<SyncedSchema> install_in_transaction(Session& session, const std::string& schema) {
  // `serve` and `import` may start together, and IF NOT EXISTS does not keep two sessions from creating one thing
  // twice.
  DUET_TRY(session.execute(fmt::format(
      "SET LOCAL lock_timeout = 0; SELECT pg_catalog.pg_advisory_xact_lock({}, 0); SET LOCAL lock_timeout = '5s'",
      kSetupLockClass)));
  SyncedSchema installed;
  installed.hstore_schema = DUET_TRY(hstore_schema(session));
  const std::map<std::string, std::string, std::less<>> names{
      {"\"schema\"", session.identifier(schema)},
      {"\"hstore\"", session.identifier(installed.hstore_schema)},
      {"'channel'", session.literal(doorbell_channel(schema))},
      {"doorbell_class", std::to_string(kDoorbellLockClass)},
      {"doorbell_object", std::to_string(doorbell_lock_object(schema))},
  };
  auto text = [&](std::string_view file) { return render_sql(sql_file(file), names); };
  DUET_TRY(session.execute(text("synced/tables.sql")));
  (void)DUET_TRY(install_function(session, {"public", "get_xmlbinary", text("synced/get_xmlbinary.sql")}));
  (void)DUET_TRY(install_function(session, {schema, "hc_capture_insert_from_row", text("synced/capture_insert.sql")}));
  (void)DUET_TRY(install_function(session, {schema, "hc_capture_update_from_row", text("synced/capture_update.sql")}));
  installed.adopted = !DUET_TRY(install_function(session, {schema, "tlog_notify_trigger", text("synced/notify.sql")}));
  if (!DUET_TRY(trigger_exists(session, schema))) DUET_TRY(session.execute(text("synced/log_trigger.sql")));
  return installed;
}

}  // namespace

Result<SyncedSchema> install_synced_schema(Session& session, const std::string& schema) {
  constexpr std::size_t kMaxChannel = 63;
  if (schema.empty() || doorbell_channel(schema).size() > kMaxChannel) {
    return fail(ErrorKind::config, "the name of the schema is empty or too long for a notification channel", {},
                fmt::format("postgres.schema may have {} bytes", kMaxChannel - doorbell_channel("").size()));
  }
  DUET_TRY(session.execute("BEGIN"));
  auto installed = install_in_transaction(session, schema);
  if (!installed) {
    if (!session.broken()) (void)session.execute("ROLLBACK");
    return installed;
  }
  DUET_TRY(session.execute("COMMIT"));
  return installed;
}

}  // namespace duet::postgres
