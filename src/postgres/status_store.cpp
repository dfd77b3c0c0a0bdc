#include "postgres/status_store.h"

#include <fmt/format.h>

#include "postgres/array_text.h"
#include "postgres/sql_files.h"

namespace duet::postgres {

Result<MappingCounts> count_mapping(Session& session, const std::string& schema, const Mapping& mapping) {
  const std::string table = fmt::format("{}.{}", session.identifier(schema), session.identifier(mapping.table));
  const std::string log = fmt::format("{}._trigger_log", session.identifier(schema));
  const std::string id = std::to_string(mapping.id);
  const Statement statements[] = {
      {"SELECT coalesce((SELECT reltuples::bigint FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass($1)), 0)",
       {table}},
      {render_sql(sql_file("queries/count_log.sql"), {{"log", log}}), {mapping.table}},
      {std::string(sql_file("queries/count_lanes.sql")), {id}},
      {"SELECT count(*) FROM duet.spool WHERE mapping_id = $1::bigint", {id}},
      {"SELECT count(*) FROM duet.stale WHERE mapping_id = $1::bigint", {id}},
  };
  const auto rows = DUET_TRY(session.run(statements));
  MappingCounts counts;
  counts.rows = rows[0].integer(0, 0);
  if (counts.rows < 0)
    counts.rows = DUET_TRY(session.query(fmt::format("SELECT count(*) FROM {}", table))).integer(0, 0);
  counts.new_log = rows[1].integer(0, 0);
  counts.pending_log = rows[1].integer(0, 1);
  counts.oldest_new_ms = rows[1].integer(0, 2);
  counts.lanes = rows[2].integer(0, 0);
  counts.lanes_sendable = rows[2].integer(0, 1);
  counts.lanes_in_flight = rows[2].integer(0, 2);
  counts.lanes_unsettled = rows[2].integer(0, 3);
  counts.lanes_dirty = rows[2].integer(0, 4);
  counts.lanes_parked = rows[2].integer(0, 5);
  counts.spooled = rows[3].integer(0, 0);
  counts.stale = rows[4].integer(0, 0);
  return counts;
}

Result<std::vector<SequenceUse>> sequence_use(Session& session, const std::string& schema,
                                              const std::vector<Mapping>& mappings) {
  std::vector<std::string> tables{"_trigger_log"};
  for (const Mapping& mapping : mappings) tables.push_back(mapping.table);
  const Rows rows = DUET_TRY(session.query(sql_file("queries/sequence_use.sql"), {schema, array_of(tables)}));
  std::vector<SequenceUse> uses;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    uses.push_back({std::string(rows.text(i, 0)),
                    static_cast<double>(rows.integer(i, 1)) / static_cast<double>(rows.integer(i, 2))});
  }
  return uses;
}

Result<std::vector<StoredPosition>> list_positions(Session& session, int connection_id) {
  const Rows rows =
      DUET_TRY(session.query("SELECT source, (extract(epoch FROM updated_at) * 1000)::bigint FROM duet.position WHERE "
                             "connection_id = $1::integer ORDER BY source",
                             {std::to_string(connection_id)}));
  std::vector<StoredPosition> positions;
  for (std::size_t i = 0; i < rows.size(); ++i) positions.push_back({std::string(rows.text(i, 0)), rows.integer(i, 1)});
  return positions;
}

}  // namespace duet::postgres
