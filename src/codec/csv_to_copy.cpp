#include "codec/csv_to_copy.h"

#include <fmt/format.h>

#include "base/time.h"
#include "codec/cell_text.h"
#include "codec/csv_header.h"

namespace duet::codec {

std::vector<std::string> copy_columns(const Mapping& mapping) {
  std::vector<std::string> columns;
  columns.reserve(mapping.fields.size() + 1);
  for (const MappedField& field : mapping.fields) {
    columns.push_back(equals_ignoring_case(field.schema.name, "Id") ? "sfid" : field.column);
  }
  columns.emplace_back("_hc_lastop");
  return columns;
}

Result<void> CsvToCopy::convert(std::string_view chunk) {
  reader_.feed(chunk);
  return convert_rows();
}

Result<void> CsvToCopy::finish() {
  reader_.end();
  DUET_TRY(convert_rows());
  if (columns_.empty()) out_.begin();
  out_.end();
  return {};
}

Result<void> CsvToCopy::convert_rows() {
  while (true) {
    const auto row = DUET_TRY(reader_.next());
    if (!row) return {};
    DUET_TRY(columns_.empty() ? read_header(*row) : convert_row(*row));
  }
}

Result<void> CsvToCopy::read_header(std::span<const CsvCell> header) {
  const std::vector<std::size_t> cells = DUET_TRY(cell_positions(mapping_, header));
  id_cell_ = cells[DUET_TRY(id_position(mapping_))];
  for (std::size_t i = 0; i < cells.size(); ++i) {
    columns_.push_back({&mapping_.fields[i], column_type(mapping_.fields[i].schema), cells[i]});
  }
  out_.begin();
  return {};
}

Result<void> CsvToCopy::convert_row(std::span<const CsvCell> cells) {
  DUET_TRY(check_cell_count(cells.size(), columns_.size(), reader_.rows()));
  const std::size_t start = out_.size();
  out_.begin_row(static_cast<std::int16_t>(columns_.size() + 1));
  for (const Column& column : columns_) {
    const CsvCell& cell = cells[column.cell];
    if (cell.empty()) {
      out_.null();
    } else if (!write(column.type, cell)) {
      out_.truncate(start);
      return refuse_row(column, cells);
    }
  }
  if (cells[id_cell_].empty()) {
    return fail(ErrorKind::bad_data, "a row of the Bulk result has no Id", "CSV",
                fmt::format("row {}", reader_.rows()));
  }
  out_.text("SYNCED");
  ++rows_;
  return {};
}

Result<void> CsvToCopy::refuse_row(const Column& column, std::span<const CsvCell> cells) {
  Error error{ErrorKind::bad_data,
              "a value does not fit its column",
              "CSV",
              fmt::format("row {}, field {}.{}, column type {}", reader_.rows(), mapping_.object,
                          column.field->schema.name, sql_name(column.type)),
              nullptr,
              std::nullopt};
  const CsvCell& id = cells[id_cell_];
  // Without an Id of the right form nobody could read the record on its own.
  if (id.raw.size() != 18 || !is_plain_text(id.raw)) return std::unexpected(std::move(error));
  if (refused_.size() == kMaxRefusedRows) {
    error.message = fmt::format("more than {} records do not fit the table", kMaxRefusedRows);
    return std::unexpected(std::move(error));
  }
  refused_.push_back({std::string(id.raw), std::move(error)});
  return {};
}

template <class T>
bool CsvToCopy::write_if(const T& parsed, void (CopyWriter::*write)(typename T::value_type)) {
  if (!parsed) return false;
  (out_.*write)(*parsed);
  return true;
}

bool CsvToCopy::write(ColumnType type, const CsvCell& cell) {
  switch (type.kind) {
    case ColumnKind::varchar:
    case ColumnKind::text:
      return write_text(type, cell);
    case ColumnKind::boolean:
      return write_if(parse_boolean(cell.raw), &CopyWriter::boolean);
    case ColumnKind::integer:
      return write_if(parse_integer(cell.raw), &CopyWriter::integer);
    case ColumnKind::double_precision:
      return write_if(parse_number(cell.raw), &CopyWriter::double_precision);
    case ColumnKind::date:
      return write_if(parse_date(cell.raw), &CopyWriter::date);
    case ColumnKind::timestamp:
      return write_if(parse_timestamp(cell.raw), &CopyWriter::timestamp);
    case ColumnKind::time:
      return write_if(parse_time_of_day(cell.raw), &CopyWriter::time_of_day);
  }
  return false;
}

bool CsvToCopy::write_text(ColumnType type, const CsvCell& cell) {
  std::string_view text = unescape(cell, scratch_);
  std::size_t characters = text.size();
  if (!is_plain_text(text)) {
    const auto count = count_characters(text);
    if (!count) return false;
    characters = *count;
    if (text.find('\0') != std::string_view::npos) {
      std::string without_nul(text);
      characters -= std::erase(without_nul, '\0');
      scratch_ = std::move(without_nul);
      text = scratch_;
      if (text.empty()) {
        out_.null();
        return true;
      }
    }
  }
  if (type.kind == ColumnKind::varchar && characters > static_cast<std::size_t>(type.length)) return false;
  out_.text(text);
  return true;
}

}  // namespace duet::codec
