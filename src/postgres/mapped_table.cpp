#include "postgres/mapped_table.h"

#include <fmt/format.h>

#include "codec/column_type.h"
#include "codec/value_text.h"
#include "postgres/lock_keys.h"
#include "postgres/session.h"

namespace duet::postgres {
namespace {

std::string cast_of(const FieldSchema& field) {
  const codec::ColumnType type = codec::column_type(field);
  if (type.kind == codec::ColumnKind::varchar || type.kind == codec::ColumnKind::text) return {};
  return "::" + codec::sql_name(type);
}

KeyKind key_kind_of(const FieldSchema& field) {
  if (!is_text(field.type)) return KeyKind::number;
  return field.case_sensitive ? KeyKind::exact_text : KeyKind::text;
}

bool is_id(const MappedField& field) { return equals_ignoring_case(field.schema.name, "Id"); }

}  // namespace

std::string column_of(const MappedField& field) { return is_id(field) ? "sfid" : field.column; }

std::string derived_name(std::string_view prefix, std::string_view name, std::string_view suffix) {
  std::string full = fmt::format("{}{}{}", prefix, name, suffix);
  if (full.size() <= kMaxIdentifier) return full;
  const std::string hash = fmt::format("_{:08x}", stable_hash(full));
  return full.substr(0, kMaxIdentifier - hash.size()) + hash;
}

MappedTable::MappedTable(const Session& session, const std::string& schema, const Mapping& mapping)
    : mapping_id(mapping.id),
      object(mapping.object),
      name(mapping.table),
      qualified(fmt::format("{}.{}", session.identifier(schema), session.identifier(mapping.table))),
      log(fmt::format("{}._trigger_log", session.identifier(schema))),
      ordered(mapping.ordered) {
  for (const MappedField& field : mapping.fields) {
    if (is_id(field)) continue;
    by_field.emplace(field.schema.name, columns.size());
    by_column.emplace(field.column, columns.size());
    if (!mapping.upsert_field.empty() && equals_ignoring_case(field.schema.name, mapping.upsert_field)) {
      key_kind = key_kind_of(field.schema);
      key_column = columns.size();
    }
    columns.push_back(
        {field.schema.name, field.column, session.identifier(field.column), field.schema.type, cast_of(field.schema)});
  }
}

std::string MappedTable::fold(const std::string& expression) const {
  switch (key_kind) {
    case KeyKind::text:
      return fmt::format("lower(btrim({}))", expression);
    case KeyKind::exact_text:
      return fmt::format("btrim({})", expression);
    case KeyKind::none:
    case KeyKind::number:
      break;
  }
  return expression;
}

std::string MappedTable::match_key(const FieldSchema& field, const std::string& expression) {
  if (!is_text(field.type)) return expression;
  return field.case_sensitive ? fmt::format("btrim({}::text)", expression)
                              : fmt::format("lower(btrim({}::text))", expression);
}

std::string MappedTable::row_key(std::string_view alias) const {
  if (key_kind == KeyKind::none) return "NULL::text";
  return fold(fmt::format("{}.{}{}", alias, columns[key_column].quoted, key_kind == KeyKind::number ? "" : "::text"));
}

std::optional<std::string> MappedTable::key_param(const std::string& key) const {
  if (key.empty() || key_kind == KeyKind::none) return std::nullopt;
  if (key_kind != KeyKind::number) return key;
  const Value number = codec::from_postgres(FieldType::double_number, key);
  if (!std::holds_alternative<double>(number)) return std::nullopt;
  return codec::to_postgres(number);
}

}  // namespace duet::postgres
