#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/result.h"
#include "codec/bulk_csv.h"
#include "model/mapping.h"

namespace duet::codec {

/// For each mapped field the position of its cell in the rows under this header. Names are compared ignoring case.
/// `schema_changed` when a mapped field is missing or named twice, or a column is no mapped field.
Result<std::vector<std::size_t>> cell_positions(const Mapping& mapping, std::span<const CsvCell> header);

/// Position of `Id` in mapping.fields. A mapping without it is refused (`config`): nothing could be matched.
Result<std::size_t> id_position(const Mapping& mapping);

/// A row with another number of cells than the header is `bad_data`. `row` counts the header.
Result<void> check_cell_count(std::size_t cells, std::size_t expected, long row);

}  // namespace duet::codec
