#include "postgres/record_rows.h"

#include <fmt/format.h>

#include "codec/hstore.h"
#include "codec/value_text.h"

namespace duet::postgres {
namespace {

constexpr std::size_t kFirstColumn = 4;

Value value_of_column(const MappedColumn& column, const std::optional<std::string>& text) {
  if (!text) return Null{};
  return codec::from_postgres(column.type, *text);
}

LogAction action_of(std::string_view text) {
  if (text == "INSERT") return LogAction::insert;
  if (text == "DELETE") return LogAction::remove;
  return LogAction::update;
}

}  // namespace

std::string row_columns(const MappedTable& table) {
  std::string list = fmt::format("t.id, t.sfid, t._hc_lastop, {}", table.row_key("t"));
  for (const MappedColumn& column : table.columns) list += fmt::format(", t.{}", column.quoted);
  return list;
}

LockedRow read_row(const MappedTable& table, const Rows& rows, std::size_t index) {
  LockedRow locked;
  locked.row.id = rows.integer(index, 0);
  locked.row.sfid = rows.text(index, 1);
  locked.row.last_op = rows.text(index, 2);
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const MappedColumn& column = table.columns[i];
    const std::size_t at = kFirstColumn + i;
    locked.row.values.emplace(column.field, rows.is_null(index, at)
                                                ? Value(Null{})
                                                : codec::from_postgres(column.type, rows.text(index, at)));
  }
  locked.key = rows.text(index, 3);
  if (table.key_kind == KeyKind::number && !locked.key.empty())
    locked.key = table.key_param(locked.key).value_or(std::string());
  return locked;
}

std::string_view captured_columns() {
  return "l.id, l.action, l.record_id, l.sfid, l.old, l.\"values\", "
         "(extract(epoch FROM coalesce(l.created_at, clock_timestamp())) * 1000)::bigint";
}

CapturedChange read_captured(const MappedTable& table, const Rows& rows, std::size_t index) {
  CapturedChange change;
  change.log_id = rows.integer(index, 0);
  change.action = action_of(rows.text(index, 1));
  change.row_id = rows.integer(index, 2);
  change.sfid = rows.text(index, 3);
  change.captured_at = rows.integer(index, 6);
  if (auto old = codec::parse_hstore(rows.text(index, 4))) {
    for (const auto& [name, text] : *old) {
      auto column = table.by_column.find(name);
      if (column == table.by_column.end()) continue;
      const MappedColumn& mapped = table.columns[column->second];
      change.old_values.emplace(mapped.field, value_of_column(mapped, text));
    }
  }
  if (change.action == LogAction::remove || (change.action == LogAction::insert && !table.ordered)) return change;
  if (auto values = codec::parse_hstore(rows.text(index, 5))) {
    for (const auto& [name, text] : *values) {
      const auto found = table.by_column.find(name);
      if (found == table.by_column.end()) continue;
      const MappedColumn& column = table.columns[found->second];
      if (change.action == LogAction::update) change.changed.push_back(column.field);
      if (table.ordered) change.new_values.emplace(column.field, value_of_column(column, text));
    }
  }
  return change;
}

}  // namespace duet::postgres
