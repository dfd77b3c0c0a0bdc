#pragma once

#include <string>

#include "model/schema.h"

namespace duet::codec {

/// PostgreSQL types that mapped columns have (spec/heroku-connect.md §1.3).
enum class ColumnKind { varchar, text, boolean, integer, double_precision, date, timestamp, time };

struct ColumnType {
  ColumnKind kind = ColumnKind::text;
  int length = 0;  ///< characters, for varchar

  bool operator==(const ColumnType&) const = default;
};

/// Longer texts get a column of type text.
inline constexpr int kMaxVarcharLength = 10'000;

/// The type that the column of a field is created with. Address, location and base64 fields have no column; for them it
/// is text.
ColumnType column_type(const FieldSchema& field);

/// As DDL spells it: `varchar(80)`, `timestamp without time zone`.
std::string sql_name(ColumnType type);

}  // namespace duet::codec
