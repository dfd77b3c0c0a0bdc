#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "codec/column_type.h"
#include "model/mapping.h"
#include "postgres/session.h"

namespace duet::postgres {

struct WantedColumn {
  std::string name;
  codec::ColumnType type;
  std::string ddl;  ///< type with what belongs to it, as CREATE TABLE has it
};

/// Columns of a mapped table in the order of creation: fields, then sfid, id, _hc_lastop, _hc_err
/// (spec/heroku-connect.md §1.2).
Result<std::vector<WantedColumn>> wanted_columns(const Mapping& mapping);

struct TableColumns {
  struct Column {
    std::string name;
    std::string type;  ///< format_type()
    bool has_default = false;
  };
  std::vector<Column> columns;  ///< empty when there is no such table

  const Column* find(std::string_view name) const;
};

Result<TableColumns> read_columns(Session& session, const std::string& schema, const std::string& table);

enum class Fit { good, shorter, wrong };

/// Whether a column of the given type can hold what the mapping wants.
Fit compare(const std::string& have, codec::ColumnType want);

}  // namespace duet::postgres
