#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace duet::codec {

/// Positions of fields, top level or in one compound field (spec/salesforce-api.md §4.5).
struct FieldPositions {
  int parent = -1;             ///< position of the compound field, or -1 for the top level
  std::vector<int> positions;  ///< ascending
};

/// Decodes `["0x<HEX>", "<parent>-0x<HEX>", …]`: bit 0 of the last hex digit is position 0. Both hex cases and odd
/// numbers of digits are read. The top-level element may be missing. `bad_data` for anything else, for more than 1,000
/// elements or 8,192 digits.
Result<std::vector<FieldPositions>> decode_change_bitmap(std::span<const std::string_view> elements);

}  // namespace duet::codec
