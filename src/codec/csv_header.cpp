#include "codec/csv_header.h"

#include <string>

#include <fmt/format.h>

namespace duet::codec {

Result<std::vector<std::size_t>> cell_positions(const Mapping& mapping, std::span<const CsvCell> header) {
  constexpr std::size_t kNone = ~std::size_t{0};
  std::vector<std::size_t> positions(mapping.fields.size(), kNone);
  std::string scratch;
  for (std::size_t cell = 0; cell < header.size(); ++cell) {
    const MappedField* const field = mapping.find(unescape(header[cell], scratch));
    if (field == nullptr) {
      return fail(ErrorKind::schema_changed, "the Bulk result has a column that was not asked for", "CSV",
                  fmt::format("object {}, column {}", mapping.object, cell + 1));
    }
    std::size_t& position = positions[static_cast<std::size_t>(field - mapping.fields.data())];
    if (position != kNone) {
      return fail(ErrorKind::schema_changed, "the Bulk result has a column twice", "CSV",
                  fmt::format("field {}.{}", mapping.object, field->schema.name));
    }
    position = cell;
  }
  for (std::size_t i = 0; i < positions.size(); ++i) {
    if (positions[i] != kNone) continue;
    return fail(ErrorKind::schema_changed, "the Bulk result lacks a mapped field", "CSV",
                fmt::format("field {}.{}", mapping.object, mapping.fields[i].schema.name));
  }
  return positions;
}

Result<std::size_t> id_position(const Mapping& mapping) {
  const MappedField* const id = mapping.find("Id");
  if (id == nullptr)
    return fail(ErrorKind::config, "the mapping has no Id", {}, fmt::format("object {}", mapping.object));
  return static_cast<std::size_t>(id - mapping.fields.data());
}

Result<void> check_cell_count(std::size_t cells, std::size_t expected, long row) {
  if (cells == expected) return {};
  return fail(ErrorKind::bad_data, "a row of the CSV has another number of cells than its header", "CSV",
              fmt::format("row {}: {} cells, header: {}", row, cells, expected));
}

}  // namespace duet::codec
