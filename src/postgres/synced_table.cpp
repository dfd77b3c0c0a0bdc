#include "postgres/synced_table.h"

#include <fmt/format.h>

#include "postgres/mapped_table.h"
#include "postgres/sql_files.h"
#include "postgres/table_columns.h"
#include "postgres/table_indexes.h"

namespace duet::postgres {
namespace {

std::string create_table_sql(const Session& session, const std::string& table,
                             const std::vector<WantedColumn>& columns) {
  std::string list;
  for (const WantedColumn& column : columns) {
    if (!list.empty()) list += ", ";
    list += fmt::format("{} {}", session.identifier(column.name), column.ddl);
  }
  return fmt::format("CREATE TABLE {} ({})", table, list);
}

/// Compares column by column; all that is wrong is told at once.
Result<void> plan_columns(const Session& session, const std::string& table, const Mapping& mapping,
                          const std::vector<WantedColumn>& wanted, const TableColumns& have, TablePlan& plan) {
  std::string wrong;
  auto complain = [&](const std::string& text) { wrong += (wrong.empty() ? "" : "; ") + text; };
  for (const WantedColumn& column : wanted) {
    const TableColumns::Column* present = have.find(column.name);
    const std::string type = codec::sql_name(column.type);
    if (!present) {
      if (column.name == "id" || column.name == "sfid") {
        complain(fmt::format("column {} is missing: this is no synced table; rename it or take {} out of the mapping",
                             column.name, mapping.object));
        continue;
      }
      plan.steps.push_back(
          {fmt::format("add column {} {} to {}", column.name, type, mapping.table),
           fmt::format("ALTER TABLE {} ADD COLUMN {} {}", table, session.identifier(column.name), column.ddl),
           {}});
      if (!column.name.starts_with("_hc_")) plan.added_columns.push_back(column.name);
      continue;
    }
    if (column.name == "id") {
      if (present->type != "integer" && present->type != "bigint")
        complain(fmt::format("column id has type {}, must be integer", present->type));
      if (!present->has_default) complain("column id has no default: give it a sequence");
      continue;
    }
    switch (compare(present->type, column.type)) {
      case Fit::good:
        break;
      case Fit::shorter:
        plan.notes.push_back(
            fmt::format("column {}.{} is {}, the field may hold more: values that do not fit are refused and raise an "
                        "issue; to widen it: "
                        "ALTER TABLE {} ALTER COLUMN {} TYPE {}",
                        mapping.table, column.name, present->type, table, session.identifier(column.name), type));
        break;
      case Fit::wrong:
        complain(fmt::format(
            "column {} has type {}, must be {}: ALTER TABLE {} ALTER COLUMN {} TYPE {} USING …, or rename the column",
            column.name, present->type, type, table, session.identifier(column.name), type));
        break;
    }
  }
  if (wrong.empty()) return {};
  return fail(ErrorKind::config,
              fmt::format("the table {} exists and does not fit the mapping of {}", table, mapping.object), {},
              std::move(wrong));
}

struct TriggerNames {
  std::string logger;
  std::string status;
  std::string truncator;
  std::string log_trigger;
  std::string status_trigger;
  std::string truncate_trigger;

  explicit TriggerNames(const std::string& table)
      : logger(derived_name("hc_", table, "_logger")),
        status(derived_name("hc_", table, "_status")),
        truncator(derived_name("duet_", table, "_truncate")),
        log_trigger(derived_name("hc_", table, "_logtrigger")),
        status_trigger(derived_name("hc_", table, "_status_trigger")),
        truncate_trigger(derived_name("duet_", table, "_truncate_trigger")) {}
};

/// Heroku Connect's own logger of a read-only mapping logs READONLY: such changes would never be sent.
Result<void> check_foreign_logger(Session& session, const std::string& schema, const Mapping& mapping,
                                  const std::string& logger) {
  if (mapping.access == Access::read_only) return {};
  const Rows rows =
      DUET_TRY(session.query("SELECT p.prosrc LIKE '%''READONLY''%' AND p.prosrc NOT LIKE '%''NEW''%' FROM "
                             "pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n "
                             "ON n.oid = p.pronamespace WHERE n.nspname = $1 AND p.proname = $2",
                             {schema, logger}));
  if (rows.empty() || !rows.boolean(0, 0)) return {};
  return fail(ErrorKind::config,
              fmt::format("the trigger function {}.{}() captures changes as read-only, but {} is mapped read_write",
                          schema, logger, mapping.object),
              {}, "run `duet attach --upgrade-triggers`, or map it read_only");
}

Result<bool> has_trigger(Session& session, const std::string& schema, const Mapping& mapping,
                         const std::string& function) {
  const Rows rows = DUET_TRY(session.query(
      "SELECT FROM pg_catalog.pg_trigger g JOIN pg_catalog.pg_class c ON c.oid = g.tgrelid JOIN "
      "pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "JOIN pg_catalog.pg_proc p ON p.oid = g.tgfoid WHERE n.nspname = $1 AND c.relname = $2 AND p.proname = $3",
      {schema, mapping.table, function}));
  return !rows.empty();
}

Result<void> install_triggers(Session& session, const std::string& schema, const SyncedSchema& synced,
                              const Mapping& mapping) {
  const TriggerNames trigger(mapping.table);
  const std::map<std::string, std::string, std::less<>> names{
      {"\"schema\"", session.identifier(schema)},
      {"\"hstore\"", session.identifier(synced.hstore_schema)},
      {"\"table\"", session.identifier(mapping.table)},
      {"'table'", session.literal(mapping.table)},
      {"\"logger\"", session.identifier(trigger.logger)},
      {"\"status\"", session.identifier(trigger.status)},
      {"\"log_trigger\"", session.identifier(trigger.log_trigger)},
      {"\"status_trigger\"", session.identifier(trigger.status_trigger)},
      {"\"truncator\"", session.identifier(trigger.truncator)},
      {"\"truncate_trigger\"", session.identifier(trigger.truncate_trigger)},
      {"'captured_state'", mapping.access == Access::read_only ? "'READONLY'" : "'NEW'"},
  };
  const bool ours =
      DUET_TRY(install_function(session, {schema, trigger.logger, render_sql(sql_file("synced/logger.sql"), names)}));
  if (!ours) DUET_TRY(check_foreign_logger(session, schema, mapping, trigger.logger));
  (void)DUET_TRY(install_function(session, {schema, trigger.status, render_sql(sql_file("synced/status.sql"), names)}));
  if (!DUET_TRY(has_trigger(session, schema, mapping, trigger.logger))) {
    DUET_TRY(session.execute(render_sql(sql_file("synced/log_trigger_of_table.sql"), names)));
  }
  if (!DUET_TRY(has_trigger(session, schema, mapping, trigger.status))) {
    DUET_TRY(session.execute(render_sql(sql_file("synced/status_trigger_of_table.sql"), names)));
  }
  // Heroku Connect does not capture TRUNCATE: a schema of its keeps its ways until its triggers are upgraded.
  if (!ours) return {};
  (void)DUET_TRY(
      install_function(session, {schema, trigger.truncator, render_sql(sql_file("synced/truncate.sql"), names)}));
  if (!DUET_TRY(has_trigger(session, schema, mapping, trigger.truncator))) {
    DUET_TRY(session.execute(render_sql(sql_file("synced/truncate_trigger_of_table.sql"), names)));
  }
  return {};
}

/// A unique index that cannot be built leaves an invalid one behind, which would pass for present by its name.
Result<void> create_concurrently(Session& session, const std::string& schema, const TableStep& step) {
  auto created = session.execute(step.sql);
  if (created) return {};
  if (!session.broken())
    (void)session.execute(fmt::format("DROP INDEX IF EXISTS {}.{}", session.identifier(schema),
                                      session.identifier(step.concurrent_index)));
  Error error{ErrorKind::config,
              created.error().code,
              fmt::format("cannot {}", step.description),
              "two rows may share the value: find and correct them",
              nullptr,
              std::nullopt};
  error.cause = std::make_shared<const Error>(std::move(created).error());
  return std::unexpected(std::move(error));
}

Result<void> carry_out(Session& session, const std::string& schema, const SyncedSchema& synced, const Mapping& mapping,
                       const TablePlan& plan) {
  for (const TableStep& step : plan.steps) {
    if (step.concurrent_index.empty()) DUET_TRY(session.execute(step.sql));
  }
  return install_triggers(session, schema, synced, mapping);
}

}  // namespace

Result<TablePlan> plan_table(Session& session, const std::string& schema, const Mapping& mapping) {
  const std::vector<WantedColumn> wanted = DUET_TRY(wanted_columns(mapping));
  const TableColumns have = DUET_TRY(read_columns(session, schema, mapping.table));
  const std::string table = fmt::format("{}.{}", session.identifier(schema), session.identifier(mapping.table));
  TablePlan plan;
  plan.exists = !have.columns.empty();
  if (!plan.exists) {
    plan.steps.push_back({fmt::format("create table {} with {} columns", mapping.table, wanted.size()),
                          create_table_sql(session, table, wanted),
                          {}});
    for (const WantedIndex& index : wanted_indexes(session, mapping)) {
      plan.steps.push_back(
          {fmt::format("create index {}", index.name), create_index_sql(session, schema, mapping, index, false), {}});
    }
    return plan;
  }
  DUET_TRY(plan_columns(session, table, mapping, wanted, have, plan));
  for (const WantedIndex& index : DUET_TRY(missing_indexes(session, schema, mapping))) {
    plan.steps.push_back({fmt::format("create index {}", index.name),
                          create_index_sql(session, schema, mapping, index, true), index.name});
  }
  return plan;
}

Result<TablePlan> ensure_table(Session& session, const std::string& schema, const SyncedSchema& synced,
                               const Mapping& mapping) {
  const TablePlan plan = DUET_TRY(plan_table(session, schema, mapping));
  DUET_TRY(session.execute("BEGIN"));
  auto done = carry_out(session, schema, synced, mapping, plan);
  if (!done) {
    if (!session.broken()) (void)session.execute("ROLLBACK");
    return std::unexpected(std::move(done).error());
  }
  DUET_TRY(session.execute("COMMIT"));
  for (const TableStep& step : plan.steps) {
    if (!step.concurrent_index.empty()) DUET_TRY(create_concurrently(session, schema, step));
  }
  return plan;
}

}  // namespace duet::postgres
