#include "postgres/record_view.h"

#include <algorithm>

#include <fmt/format.h>

#include "codec/hstore.h"
#include "codec/lane_json.h"
#include "codec/value_text.h"
#include "postgres/mapped_table.h"
#include "postgres/record_rows.h"

namespace duet::postgres {
namespace {

FieldValues fields_of(const MappedTable& table, std::string_view hstore) {
  FieldValues fields;
  const auto pairs = codec::parse_hstore(hstore);
  if (!pairs) return fields;
  for (const auto& [name, text] : *pairs) {
    const auto found = table.by_column.find(name);
    if (found == table.by_column.end()) continue;
    const MappedColumn& column = table.columns[found->second];
    fields.emplace(column.field, text ? codec::from_postgres(column.type, *text) : Value(Null{}));
  }
  return fields;
}

Param unless_empty(const std::string& text) { return text.empty() ? std::nullopt : Param(text); }

}  // namespace

Result<RecordView> RecordReader::read(const Mapping& mapping, const RecordRef& ref) {
  const MappedTable table(session_, schema_, mapping);
  const Param row_id = ref.row_id ? Param(std::to_string(*ref.row_id)) : std::nullopt;
  const Rows rows = DUET_TRY(session_.query(
      fmt::format("SELECT {}, t._hc_err FROM {} AS t WHERE t.id = $1::bigint OR t.sfid = $2 ORDER BY t.id LIMIT 1",
                  row_columns(table), table.qualified),
      {row_id, unless_empty(ref.sfid)}));
  RecordView view;
  std::string sfid = ref.sfid;
  Param id = row_id;
  if (!rows.empty()) {
    view.row = read_row(table, rows, 0).row;
    view.error_text = rows.text(0, 4 + table.columns.size());
    id = std::to_string(view.row->id);
    if (!view.row->sfid.empty()) sfid = view.row->sfid;
  }
  const Rows lanes = DUET_TRY(
      session_.query("SELECT state FROM duet.lane WHERE mapping_id = $1::bigint AND (row_id = $2::bigint OR sfid = $3) "
                     "ORDER BY id LIMIT 1",
                     {std::to_string(mapping.id), id, unless_empty(sfid)}));
  if (!lanes.empty()) view.lane = DUET_TRY(codec::lane_from_json(lanes.text(0, 0)));
  return view;
}

Result<RecordHistory> RecordReader::history(const Mapping& mapping, std::int64_t row_id, std::size_t limit) {
  const MappedTable table(session_, schema_, mapping);
  const std::string select =
      "SELECT id, {} AS archived, (extract(epoch FROM created_at) * 1000)::bigint AS at, state, action, sf_message, "
      "old, "
      "\"values\" FROM {} WHERE table_name = $1 AND record_id = $2::bigint";
  const Rows rows = DUET_TRY(session_.query(
      fmt::format("{} UNION ALL {} ORDER BY at DESC, id DESC LIMIT $3::bigint",
                  fmt::format(fmt::runtime(select), false, table.log),
                  fmt::format(fmt::runtime(select), true, session_.identifier(schema_) + "._trigger_log_archive")),
      {table.name, std::to_string(row_id), std::to_string(limit + 1)}));
  RecordHistory history;
  history.truncated = rows.size() > limit;
  for (std::size_t i = 0; i < std::min(rows.size(), limit); ++i) {
    LoggedChange change;
    change.id = rows.integer(i, 0);
    change.archived = rows.boolean(i, 1);
    change.at = rows.integer(i, 2);
    change.state = rows.text(i, 3);
    change.action = rows.text(i, 4);
    change.message = rows.text(i, 5);
    change.before = fields_of(table, rows.text(i, 6));
    change.after = fields_of(table, rows.text(i, 7));
    history.changes.push_back(std::move(change));
  }
  return history;
}

Result<std::optional<std::int64_t>> RecordReader::former_row(const Mapping& mapping, const std::string& sfid) {
  const MappedTable table(session_, schema_, mapping);
  const Rows rows = DUET_TRY(session_.query(
      fmt::format(
          "SELECT record_id FROM ((SELECT record_id FROM {0} WHERE table_name = $1 AND sfid = $2 ORDER BY id DESC "
          "LIMIT 1) UNION ALL (SELECT record_id FROM {1}._trigger_log_archive WHERE table_name = $1 AND sfid = $2 "
          "ORDER BY id DESC LIMIT 1) UNION ALL (SELECT record_id FROM duet.journal WHERE mapping_id = $3::bigint "
          "AND sfid = $2 AND record_id IS NOT NULL ORDER BY id DESC LIMIT 1)) AS known LIMIT 1",
          table.log, session_.identifier(schema_)),
      {table.name, sfid, std::to_string(mapping.id)}));
  if (rows.empty()) return std::optional<std::int64_t>();
  return std::optional(rows.integer(0, 0));
}

}  // namespace duet::postgres
