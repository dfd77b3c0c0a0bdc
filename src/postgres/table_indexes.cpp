#include "postgres/table_indexes.h"

#include <algorithm>

#include <fmt/format.h>

#include "postgres/mapped_table.h"

namespace duet::postgres {
namespace {

void want(std::vector<WantedIndex>& indexes, const std::string& column, bool unique) {
  auto same = std::ranges::find(indexes, column, &WantedIndex::column);
  if (same != indexes.end()) {
    same->unique |= unique;
    return;
  }
  indexes.push_back({{}, column, unique, {}});
}

}  // namespace

std::vector<WantedIndex> wanted_indexes(const Session& session, const Mapping& mapping) {
  std::vector<WantedIndex> indexes;
  want(indexes, "sfid", true);
  if (const MappedField* stamp = mapping.find("SystemModstamp")) want(indexes, stamp->column, false);
  const MappedField* key = mapping.upsert_field.empty() ? nullptr : mapping.find(mapping.upsert_field);
  if (key) want(indexes, key->column, true);
  for (const MappedIndex& index : mapping.indexes) {
    if (const MappedField* field = mapping.find(index.field)) want(indexes, column_of(*field), index.unique);
  }
  for (WantedIndex& index : indexes) {
    index.name = derived_name(index.unique ? "hcu_idx_" : "hc_idx_", mapping.table, "_" + index.column);
  }
  if (key) {
    const MappedTable table(session, "public", mapping);
    if (table.key_kind != KeyKind::number) {
      const std::string expression = table.fold(fmt::format("{}::text", session.identifier(key->column)));
      indexes.push_back({derived_name("duet_key_", mapping.table, "_" + key->column), key->column, false, expression});
    }
  }
  if (const MappedField* match = mapping.match.empty() ? nullptr : mapping.find(mapping.match.front())) {
    indexes.push_back({derived_name("duet_match_", mapping.table, "_" + match->column), match->column, false,
                       MappedTable::match_key(match->schema, session.identifier(match->column))});
  }
  return indexes;
}

Result<std::vector<WantedIndex>> missing_indexes(Session& session, const std::string& schema, const Mapping& mapping) {
  const Rows rows = DUET_TRY(session.query(
      "SELECT i.relname, a.attname, x.indisunique FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = "
      "x.indexrelid "
      "JOIN pg_catalog.pg_class c ON c.oid = x.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND x.indnatts = 1 AND a.attnum = x.indkey[0] AND "
      "x.indpred IS NULL "
      "WHERE n.nspname = $1 AND c.relname = $2 AND x.indisvalid",
      {schema, mapping.table}));
  auto present = [&](const WantedIndex& index) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows.text(i, 0) == index.name) return true;
      if (index.expression.empty() && rows.text(i, 1) == index.column && (rows.boolean(i, 2) || !index.unique))
        return true;
    }
    return false;
  };
  std::vector<WantedIndex> missing = wanted_indexes(session, mapping);
  std::erase_if(missing, present);
  return missing;
}

std::string create_index_sql(const Session& session, const std::string& schema, const Mapping& mapping,
                             const WantedIndex& index, bool concurrently) {
  const std::string table = fmt::format("{}.{}", session.identifier(schema), session.identifier(mapping.table));
  return fmt::format("CREATE {}INDEX {}{} ON {} ({}){}", index.unique ? "UNIQUE " : "",
                     concurrently ? "CONCURRENTLY " : "", session.identifier(index.name), table,
                     index.expression.empty() ? session.identifier(index.column) : "(" + index.expression + ")",
                     index.expression.empty() ? std::string() : fmt::format(" WHERE {}", kWithoutSfid));
}

}  // namespace duet::postgres
