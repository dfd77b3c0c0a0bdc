#include "postgres/issue_maintenance.h"

#include "postgres/sql_files.h"

namespace duet::postgres {

Result<void> maintain_issues(Session& session, const std::string& schema, const IssueRetention& retention) {
  const std::string connection = std::to_string(retention.connection_id);
  const Rows extension =
      DUET_TRY(session.query("SELECT n.nspname FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace "
                             "WHERE e.extname = 'hstore'"));
  if (!extension.empty()) {
    const std::string sql = render_sql(
        sql_file("queries/supersede_issues.sql"),
        {{"log", session.identifier(schema) + "._trigger_log"}, {"hstore", session.identifier(extension.text(0, 0))}});
    DUET_TRY(session.query(sql, {connection}));
  }
  if (retention.journal_days > 0) {
    DUET_TRY(session.query(
        "DELETE FROM duet.journal WHERE id IN (SELECT id FROM duet.journal WHERE connection_id = $1::integer AND "
        "created_at < pg_catalog.now() - $2::integer * interval '1 day' ORDER BY created_at LIMIT 10000)",
        {connection, std::to_string(retention.journal_days)}));
  }
  if (retention.issue_days > 0) {
    DUET_TRY(session.query(
        "DELETE FROM duet.issue WHERE id IN (SELECT id FROM duet.issue WHERE connection_id = $1::integer AND state <> "
        "'open' AND updated_at < pg_catalog.now() - $2::integer * interval '1 day' ORDER BY updated_at LIMIT 10000)",
        {connection, std::to_string(retention.issue_days)}));
  }
  return {};
}

}  // namespace duet::postgres
