#include "postgres/match_rows.h"

#include <fmt/format.h>

#include "codec/value_text.h"
#include "postgres/array_text.h"

namespace duet::postgres {

Result<std::vector<ports::MatchingRow>> match_rows(TransactionSession& transaction, const MappedTable& table,
                                                   const Mapping& mapping, std::span<const ports::WantedMatch> wanted) {
  if (wanted.empty() || mapping.match.empty()) return std::vector<ports::MatchingRow>{};
  ArrayText sfids;
  for (const ports::WantedMatch& each : wanted) sfids.add(std::string_view(each.sfid));
  std::vector<Param> params{std::to_string(table.mapping_id), table.name, std::move(sfids).finish()};
  std::string arrays = "pg_catalog.unnest($3::text[])";
  std::string names = "sfid";
  std::string condition = "coalesce(r.sfid, '') = ''";
  for (const std::string& name : mapping.match) {
    const MappedField* field = mapping.find(name);
    if (!field) return fail(ErrorKind::bug, "A match field is not mapped", "MATCH", name);
    ArrayText values;
    for (const ports::WantedMatch& each : wanted) values.add(codec::to_postgres(value_of(each.values, name)));
    params.push_back(std::move(values).finish());
    const MappedColumn& column = table.columns[table.by_field.find(field->schema.name)->second];
    // Folded values are texts; the others have their column's type.
    arrays += fmt::format(", pg_catalog.unnest(${}::text[])", params.size());
    names += fmt::format(", m{}", params.size());
    const std::string value = fmt::format("w.m{}{}", params.size(), is_text(field->schema.type) ? "" : column.cast);
    condition += fmt::format(" AND {} = {}", MappedTable::match_key(field->schema, "r." + column.quoted),
                             MappedTable::match_key(field->schema, value));
  }
  std::string sql = fmt::format(
      "SELECT w.n, t.id, coalesce(t.sfid, ''), "
      "EXISTS (SELECT FROM duet.lane l WHERE l.mapping_id = $1::bigint AND l.row_id = t.id AND (l.in_flight OR "
      "l.settle_by IS NOT NULL)), "
      "EXISTS (SELECT FROM {log} g WHERE g.state IN ('NEW', 'PENDING') AND g.table_name = $2 AND g.record_id = t.id) "
      "FROM ROWS FROM ({arrays}) WITH ORDINALITY AS w({names}, n) JOIN LATERAL ("
      "SELECT r.id, r.sfid FROM {table} AS r WHERE {condition} "
      "UNION SELECT s.id, s.sfid FROM {table} AS s WHERE w.sfid <> '' AND s.sfid = w.sfid) AS t ON true ORDER BY 1, 2",
      fmt::arg("log", table.log), fmt::arg("arrays", arrays), fmt::arg("names", names),
      fmt::arg("table", table.qualified), fmt::arg("condition", condition));
  const auto rows = DUET_TRY(transaction.run({{std::move(sql), std::move(params)}}));
  std::vector<ports::MatchingRow> found;
  for (std::size_t i = 0; i < rows.front().size(); ++i) {
    found.push_back({static_cast<std::size_t>(rows.front().integer(i, 0) - 1), rows.front().integer(i, 1),
                     std::string(rows.front().text(i, 2)), rows.front().boolean(i, 3), rows.front().boolean(i, 4)});
  }
  return found;
}

}  // namespace duet::postgres
