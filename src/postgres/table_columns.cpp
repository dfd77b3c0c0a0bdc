#include "postgres/table_columns.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "postgres/mapped_table.h"

namespace duet::postgres {
namespace {

using codec::ColumnKind;
using codec::ColumnType;

std::unexpected<Error> unmappable(const Mapping& mapping, const FieldSchema& field) {
  return fail(
      ErrorKind::config,
      fmt::format("{}.{} has type {}, which has no column type", mapping.object, field.name, name_of(field.type)), {},
      "take the field out of the mapping; a compound field's components can be mapped");
}

Result<void> check_name(const Mapping& mapping, const std::string& name) {
  if (!name.empty() && name.size() <= kMaxIdentifier) return {};
  return fail(ErrorKind::config,
              fmt::format("the name {} of object {} has {} bytes; PostgreSQL allows {}", name, mapping.object,
                          name.size(), kMaxIdentifier),
              {}, "take it out of the mapping: a name that is cut off could meet another one");
}

}  // namespace

Result<std::vector<WantedColumn>> wanted_columns(const Mapping& mapping) {
  DUET_TRY(check_name(mapping, mapping.table));
  std::vector<WantedColumn> columns;
  for (const MappedField& field : mapping.fields) {
    const std::string name = column_of(field);
    if (name == "sfid") continue;
    DUET_TRY(check_name(mapping, name));
    const FieldType type = field.schema.type;
    if (type == FieldType::address || type == FieldType::location || type == FieldType::base64)
      return unmappable(mapping, field.schema);
    const ColumnType column = codec::column_type(field.schema);
    columns.push_back({name, column, codec::sql_name(column)});
  }
  // Byte order, so that Ids can be walked through by the index.
  columns.push_back({"sfid", {ColumnKind::varchar, 18}, "varchar(18) COLLATE \"ucs_basic\""});
  columns.push_back({"id", {ColumnKind::integer, 0}, "serial PRIMARY KEY"});
  columns.push_back({"_hc_lastop", {ColumnKind::varchar, 32}, "varchar(32)"});
  columns.push_back({"_hc_err", {ColumnKind::text, 0}, "text"});
  return columns;
}

const TableColumns::Column* TableColumns::find(std::string_view name) const {
  auto found = std::ranges::find(columns, name, &Column::name);
  return found == columns.end() ? nullptr : &*found;
}

Result<TableColumns> read_columns(Session& session, const std::string& schema, const std::string& table) {
  const Rows rows = DUET_TRY(session.query(
      "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.atthasdef OR a.attidentity <> '' FROM "
      "pg_catalog.pg_attribute a "
      "JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
      {schema, table}));
  TableColumns found;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    found.columns.push_back({std::string(rows.text(i, 0)), std::string(rows.text(i, 1)), rows.boolean(i, 2)});
  }
  return found;
}

Fit compare(const std::string& have, ColumnType want) {
  const bool text_wanted = want.kind == ColumnKind::varchar || want.kind == ColumnKind::text;
  if (!text_wanted) return have == codec::sql_name(want) ? Fit::good : Fit::wrong;
  if (have == "text" || have == "character varying" || have == "citext" || have.ends_with(".citext")) return Fit::good;
  constexpr std::string_view kVarchar = "character varying(";
  if (!have.starts_with(kVarchar)) return Fit::wrong;
  int length = 0;
  std::from_chars(have.data() + kVarchar.size(), have.data() + have.size(), length);
  return want.kind == ColumnKind::varchar && length >= want.length ? Fit::good : Fit::shorter;
}

}  // namespace duet::postgres
