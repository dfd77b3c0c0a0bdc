#include "postgres/log_maintenance.h"

#include <functional>

#include <fmt/format.h>

#include "postgres/sql_files.h"

namespace duet::postgres {
namespace {

using Names = std::map<std::string, std::string, std::less<>>;

/// An app's save without a change made the row PENDING, and nothing else will settle it. Rows are locked first: what an
/// app does to them meanwhile must be seen. Those that are locked are being changed, and settle with that change.
Result<std::int64_t> settle_ignored(Session& session, const std::string& schema, const Names& names,
                                    const std::string& batch) {
  const Rows tables =
      DUET_TRY(session.query(render_sql(sql_file("queries/settle_ignored.sql"), names), {batch, schema}));
  std::int64_t count = 0;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const std::string name(tables.text(i, 0));
    count += tables.integer(i, 2);
    Names table = names;
    table["table"] = fmt::format("{}.{}", session.identifier(schema), session.identifier(name));
    if (tables.is_null(i, 3)) continue;
    const Statement statements[] = {
        {render_sql("SELECT id FROM :table WHERE id = ANY($1::integer[]) AND _hc_lastop = 'PENDING' ORDER BY id FOR NO "
                    "KEY UPDATE SKIP LOCKED",
                    table),
         {std::string(tables.text(i, 1))}},
        {render_sql(sql_file("queries/settle_unchanged_rows.sql"), table),
         {schema, name, std::string(tables.text(i, 1))}},
        {"SELECT duet.assert_xmlbinary()", {}},
    };
    DUET_TRY(session.run(statements));
  }
  return count;
}

Result<std::int64_t> in_transaction(Session& session, const std::function<Result<std::int64_t>()>& work) {
  DUET_TRY(session.execute("BEGIN"));
  auto done = work();
  if (done) {
    DUET_TRY(session.execute("COMMIT"));
  } else if (!session.broken()) {
    (void)session.execute("ROLLBACK");
  }
  return done;
}

}  // namespace

Result<LogMaintenance> maintain_log(Session& session, const std::string& schema, const LogRetention& retention) {
  const std::string quoted = session.identifier(schema);
  const Names names{{"log", quoted + "._trigger_log"}, {"archive", quoted + "._trigger_log_archive"}};
  const std::string batch = std::to_string(retention.batch);
  LogMaintenance done;
  done.requeued =
      DUET_TRY(session.query(render_sql(sql_file("queries/requeue_archived.sql"), names), {batch})).affected();
  done.ignored = DUET_TRY(in_transaction(session, [&] { return settle_ignored(session, schema, names, batch); }));
  done.archived = DUET_TRY(session.query(render_sql(sql_file("queries/archive_processed.sql"), names),
                                         {std::to_string(retention.archive_after_ms),
                                          std::to_string(retention.archive_failed_after_ms), batch}))
                      .affected();
  done.purged = DUET_TRY(session.query(render_sql(sql_file("queries/purge_archive.sql"), names),
                                       {std::to_string(retention.purge_after_ms), batch}))
                    .affected();
  return done;
}

}  // namespace duet::postgres
