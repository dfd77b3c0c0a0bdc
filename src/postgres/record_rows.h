#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/record.h"
#include "postgres/mapped_table.h"
#include "postgres/rows.h"

namespace duet::postgres {

/// A row of a mapped table with what only the store needs.
struct LockedRow {
  Row row;
  std::string key;  ///< of the upsert field, folded for comparison; empty without one
};

/// Select list for read_row(), over the table as `t`: id, sfid, _hc_lastop, folded key, columns.
std::string row_columns(const MappedTable& table);
LockedRow read_row(const MappedTable& table, const Rows& rows, std::size_t index);

/// Select list for read_captured(), over the log as `l`.
std::string_view captured_columns();
/// A log row in terms of the mapping. A text that is no hstore (apps write to the log as well) leaves values and names
/// empty.
CapturedChange read_captured(const MappedTable& table, const Rows& rows, std::size_t index);

}  // namespace duet::postgres
