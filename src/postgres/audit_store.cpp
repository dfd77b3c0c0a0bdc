#include "postgres/audit_store.h"

namespace duet::postgres {
namespace {

Param unless_empty(const std::string& text) { return text.empty() ? std::nullopt : Param(text); }

Param connection_param(const std::optional<int>& id) { return id ? Param(std::to_string(*id)) : std::nullopt; }

}  // namespace

Statement audit_statement(const AuditEntry& entry) {
  return {
      "INSERT INTO duet.audit (connection_id, actor, role, via, action, target, detail, outcome) VALUES ($1::integer, "
      "$2, "
      "$3, $4, $5, $6, $7, $8)",
      {connection_param(entry.connection_id), entry.actor, unless_empty(entry.role), entry.via, entry.action,
       unless_empty(entry.target), entry.detail.empty() ? "{}" : entry.detail, entry.outcome}};
}

Result<std::vector<StoredAuditEntry>> list_audit(Session& session, const AuditFilter& filter) {
  const Rows rows = DUET_TRY(session.query(
      "SELECT id, (extract(epoch FROM at) * 1000)::bigint, connection_id, actor, role, via, action, target, detail, "
      "outcome, encode(hash, 'hex') FROM duet.audit WHERE ($1::integer IS NULL OR connection_id IS NULL OR "
      "connection_id "
      "= $1::integer) AND ($2::text IS NULL OR actor = $2) AND starts_with(action, $3) AND ($4::bigint = 0 OR at >= "
      "to_timestamp($4::bigint / 1000.0)) AND ($5::bigint = 0 OR id < $5::bigint) AND ($7::text IS NULL OR target = "
      "$7) "
      "ORDER BY id DESC LIMIT $6::bigint",
      {connection_param(filter.connection_id), unless_empty(filter.actor), filter.action, std::to_string(filter.since),
       std::to_string(filter.before_id), std::to_string(filter.limit), unless_empty(filter.target)}));
  std::vector<StoredAuditEntry> entries;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    StoredAuditEntry stored;
    stored.id = rows.integer(i, 0);
    stored.at = rows.integer(i, 1);
    if (!rows.is_null(i, 2)) stored.entry.connection_id = static_cast<int>(rows.integer(i, 2));
    stored.entry.actor = rows.text(i, 3);
    stored.entry.role = rows.text(i, 4);
    stored.entry.via = rows.text(i, 5);
    stored.entry.action = rows.text(i, 6);
    stored.entry.target = rows.text(i, 7);
    stored.entry.detail = rows.text(i, 8);
    stored.entry.outcome = rows.text(i, 9);
    stored.hash = rows.text(i, 10);
    entries.push_back(std::move(stored));
  }
  return entries;
}

Result<std::optional<std::int64_t>> find_broken_audit(Session& session) {
  const Rows rows = DUET_TRY(session.query("SELECT duet.audit_broken_at()"));
  if (rows.is_null(0, 0)) return std::optional<std::int64_t>();
  return std::optional(rows.integer(0, 0));
}

}  // namespace duet::postgres
