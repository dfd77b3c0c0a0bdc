#include "postgres/row_writes.h"

#include <map>
#include <utility>

#include <fmt/format.h>

#include "codec/value_text.h"
#include "postgres/array_text.h"

namespace duet::postgres {
namespace {

constexpr std::string_view kSynced = "SYNCED";

/// One column of a statement for several rows: what it is set to, and its values.
struct ColumnValues {
  std::string target;  ///< `"phone"`
  std::string cast;    ///< `::boolean`
  ArrayText values;
};

/// The rows of one statement: the same columns for each.
struct Group {
  std::vector<PendingWrite*> writes;
  std::vector<std::int64_t> ids;
  std::vector<ColumnValues> columns;
};

/// Collects cells of one row; rows with the same columns make a group.
struct Cell {
  std::string target;
  std::string cast;
  std::optional<std::string> text;
};

using Groups = std::map<std::string, Group>;

void add_row(Groups& groups, PendingWrite* write, std::int64_t id, std::vector<Cell> cells) {
  std::string shape;
  for (const Cell& cell : cells) shape += cell.target + ",";
  Group& group = groups[shape];
  if (group.columns.empty()) {
    for (Cell& cell : cells) group.columns.push_back({cell.target, cell.cast, {}});
  }
  for (std::size_t i = 0; i < cells.size(); ++i) group.columns[i].values.add(cells[i].text);
  group.writes.push_back(write);
  group.ids.push_back(id);
}

std::vector<Cell> field_cells(const MappedTable& table, const RecordChange& change) {
  std::vector<Cell> cells;
  for (const auto& [name, value] : change.set) {
    auto column = table.by_field.find(name);
    if (column == table.by_field.end() || is_absent(value)) continue;
    const MappedColumn& mapped = table.columns[column->second];
    cells.push_back({mapped.quoted, mapped.cast, codec::to_postgres(value)});
  }
  if (change.set_sfid)
    cells.push_back({"sfid", {}, change.set_sfid->empty() ? std::nullopt : std::optional(*change.set_sfid)});
  return cells;
}

WriteStatement update_statement(const MappedTable& table, Group group) {
  const auto expected = static_cast<long>(group.writes.size());
  std::string set;
  std::string arrays;
  std::string names;
  std::vector<Param> params{array_of(group.ids)};
  for (std::size_t i = 0; i < group.columns.size(); ++i) {
    ColumnValues& column = group.columns[i];
    set += fmt::format("{}{} = v.a{}{}", i == 0 ? "" : ", ", column.target, i, column.cast);
    arrays += fmt::format(", ${}::text[]", i + 2);
    names += fmt::format(", a{}", i);
    params.push_back(std::move(column.values).finish());
  }
  std::string sql = fmt::format("UPDATE {} AS t SET {} FROM unnest($1::bigint[]{}) AS v(id{}) WHERE t.id = v.id",
                                table.qualified, set, arrays, names);
  return {{std::move(sql), std::move(params)}, expected, {}};
}

WriteStatement insert_statement(const MappedTable& table, Group group) {
  const auto expected = static_cast<long>(group.writes.size());
  std::string targets;
  std::string arrays;
  std::string names;
  std::string selected;
  std::vector<Param> params;
  for (std::size_t i = 0; i < group.columns.size(); ++i) {
    ColumnValues& column = group.columns[i];
    const std::string_view comma = i == 0 ? "" : ", ";
    targets += fmt::format("{}{}", comma, column.target);
    selected += fmt::format("{}v.a{}{}", comma, i, column.cast);
    arrays += fmt::format("{}${}::text[]", comma, i + 1);
    names += fmt::format("a{}, ", i);
    params.push_back(std::move(column.values).finish());
  }
  std::string sql =
      fmt::format("INSERT INTO {} ({}) SELECT {} FROM unnest({}) WITH ORDINALITY AS v({}n) ORDER BY v.n RETURNING id",
                  table.qualified, targets, selected, arrays, names);
  WriteStatement statement{{std::move(sql), std::move(params)}, expected, {}};
  for (PendingWrite* write : group.writes) statement.returned.push_back(&write->row_id);
  return statement;
}

WriteStatement assert_xmlbinary() { return {{"SELECT duet.assert_xmlbinary()", {}}, -1, {}}; }

void append_groups(std::vector<WriteStatement>& out, const MappedTable& table, Groups groups) {
  for (auto& [shape, group] : groups) {
    out.push_back(update_statement(table, std::move(group)));
    out.push_back(assert_xmlbinary());
  }
}

bool removes(const PendingWrite& write) { return write.change->row_action == RowAction::remove && write.row_id; }
bool inserts(const PendingWrite& write) { return write.change->row_action == RowAction::insert; }

void append_removes(std::vector<WriteStatement>& out, const MappedTable& table, std::span<PendingWrite> writes) {
  std::vector<std::int64_t> ids;
  for (const PendingWrite& write : writes) {
    if (removes(write)) ids.push_back(*write.row_id);
  }
  if (ids.empty()) return;
  out.push_back({{fmt::format("DELETE FROM {} WHERE id = ANY($1::bigint[])", table.qualified), {array_of(ids)}},
                 static_cast<long>(ids.size()),
                 {}});
  out.push_back(assert_xmlbinary());
}

void append_updates(std::vector<WriteStatement>& out, const MappedTable& table, std::span<PendingWrite> writes) {
  Groups first;
  Groups second;
  for (PendingWrite& write : writes) {
    const RecordChange& change = *write.change;
    if (removes(write) || inserts(write) || !write.row_id) continue;
    std::vector<Cell> cells = field_cells(table, change);
    const std::string& old = write.locked->last_op;
    const std::string status = change.last_op.value_or(old.empty() ? std::string(kSynced) : old);
    const bool new_status = status != old;
    if (cells.empty() && !new_status && !change.error_text) continue;
    const bool twice = !new_status && status != kSynced;
    cells.push_back({"_hc_lastop", {}, twice ? std::string(kSynced) : status});
    if (new_status && !twice) cells.push_back({"_hc_err", {}, change.error_text});
    add_row(first, &write, *write.row_id, std::move(cells));
    if (!twice) continue;
    std::vector<Cell> back{{"_hc_lastop", {}, status}};
    if (change.error_text) back.push_back({"_hc_err", {}, change.error_text});
    add_row(second, &write, *write.row_id, std::move(back));
  }
  append_groups(out, table, std::move(first));
  append_groups(out, table, std::move(second));
}

void append_inserts(std::vector<WriteStatement>& out, const MappedTable& table, std::span<PendingWrite> writes) {
  Groups groups;
  for (PendingWrite& write : writes) {
    if (!inserts(write)) continue;
    std::vector<Cell> cells = field_cells(table, *write.change);
    if (write.change->insert_id) cells.push_back({"id", "::bigint", std::to_string(*write.change->insert_id)});
    cells.push_back({"_hc_lastop", {}, std::string(kSynced)});
    add_row(groups, &write, 0, std::move(cells));
  }
  for (auto& [shape, group] : groups) {
    out.push_back(insert_statement(table, std::move(group)));
    out.push_back(assert_xmlbinary());
  }
}

}  // namespace

std::vector<WriteStatement> row_statements(const MappedTable& table, std::span<PendingWrite> writes) {
  std::vector<WriteStatement> statements;
  append_removes(statements, table, writes);
  append_updates(statements, table, writes);
  append_inserts(statements, table, writes);
  return statements;
}

std::vector<WriteStatement> inserted_status_statements(const MappedTable& table, std::span<PendingWrite> writes) {
  Groups groups;
  for (PendingWrite& write : writes) {
    if (!inserts(write) || !write.row_id) continue;
    const std::string status = write.change->last_op.value_or(std::string(kSynced));
    if (status == kSynced) continue;
    add_row(groups, &write, *write.row_id, {{"_hc_lastop", {}, status}, {"_hc_err", {}, write.change->error_text}});
  }
  std::vector<WriteStatement> statements;
  append_groups(statements, table, std::move(groups));
  return statements;
}

}  // namespace duet::postgres
