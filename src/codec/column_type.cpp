#include "codec/column_type.h"

#include <fmt/format.h>

namespace duet::codec {

ColumnType column_type(const FieldSchema& field) {
  switch (field.type) {
    case FieldType::id:
    case FieldType::reference:
      return {ColumnKind::varchar, 18};
    case FieldType::boolean:
      return {ColumnKind::boolean, 0};
    case FieldType::integer:
      return {ColumnKind::integer, 0};
    case FieldType::double_number:
    case FieldType::currency:
    case FieldType::percent:
      return {ColumnKind::double_precision, 0};
    case FieldType::date:
      return {ColumnKind::date, 0};
    case FieldType::datetime:
      return {ColumnKind::timestamp, 0};
    case FieldType::time:
      return {ColumnKind::time, 0};
    case FieldType::string:
    case FieldType::textarea:
    case FieldType::picklist:
    case FieldType::multipicklist:
    case FieldType::combobox:
    case FieldType::email:
    case FieldType::phone:
    case FieldType::url:
    case FieldType::encryptedstring:
      if (field.length <= 0 || field.length > kMaxVarcharLength) return {ColumnKind::text, 0};
      return {ColumnKind::varchar, field.length};
    case FieldType::address:
    case FieldType::location:
    case FieldType::base64:
    case FieldType::any:
      break;
  }
  return {ColumnKind::text, 0};
}

std::string sql_name(ColumnType type) {
  switch (type.kind) {
    case ColumnKind::varchar:
      return fmt::format("varchar({})", type.length);
    case ColumnKind::text:
      return "text";
    case ColumnKind::boolean:
      return "boolean";
    case ColumnKind::integer:
      return "integer";
    case ColumnKind::double_precision:
      return "double precision";
    case ColumnKind::date:
      return "date";
    case ColumnKind::timestamp:
      return "timestamp without time zone";
    case ColumnKind::time:
      return "time without time zone";
  }
  return "text";
}

}  // namespace duet::codec
