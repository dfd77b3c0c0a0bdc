#include "codec/csv_to_reads.h"

#include <fmt/format.h>

#include "codec/cell_text.h"
#include "codec/csv_header.h"

namespace duet::codec {

Result<std::optional<CsvRecord>> CsvToReads::next() {
  while (true) {
    const auto row = DUET_TRY(reader_.next());
    if (!row) return std::nullopt;
    if (!cells_.empty()) return DUET_TRY(read_record(*row));
    DUET_TRY(read_header(*row));
  }
}

Result<void> CsvToReads::read_header(std::span<const CsvCell> header) {
  auto cells = DUET_TRY(cell_positions(mapping_, header));
  id_ = DUET_TRY(id_position(mapping_));
  cells_ = std::move(cells);
  return {};
}

Result<CsvRecord> CsvToReads::read_record(std::span<const CsvCell> cells) {
  DUET_TRY(check_cell_count(cells.size(), cells_.size(), reader_.rows()));
  CsvRecord record;
  record.read.sfid = unescape(cells[cells_[id_]], scratch_);
  if (record.read.sfid.empty()) {
    return fail(ErrorKind::bad_data, "a row of the Bulk result has no Id", "CSV",
                fmt::format("row {}", reader_.rows()));
  }
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    if (i == id_) continue;
    const FieldSchema& field = mapping_.fields[i].schema;
    auto value = parse_cell_value(field.type, unescape(cells[cells_[i]], scratch_));
    if (value) {
      record.read.fields.emplace(field.name, *std::move(value));
    } else if (!record.error) {
      record.error = Error{
          ErrorKind::bad_data,
          "a value is not of its field's type",
          "CSV",
          fmt::format("row {}, field {}.{}, type {}", reader_.rows(), mapping_.object, field.name, name_of(field.type)),
          nullptr,
          std::nullopt};
    }
  }
  const FieldValues& fields = record.read.fields;
  if (const auto* stamp = std::get_if<DateTime>(&value_of(fields, "SystemModstamp"))) record.read.stamp = stamp->ms;
  if (const auto* actor = std::get_if<std::string>(&value_of(fields, "LastModifiedById"))) record.read.actor = *actor;
  if (const auto* deleted = std::get_if<bool>(&value_of(fields, "IsDeleted"))) record.read.deleted = *deleted;
  return record;
}

}  // namespace duet::codec
