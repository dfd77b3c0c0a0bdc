#pragma once

#include <string_view>

#include "model/breaker.h"
#include "postgres/rows.h"

namespace duet::postgres {

/// $1 mapping.
inline constexpr std::string_view kSelectBreaker =
    "SELECT state, window_from, deletes FROM duet.breaker WHERE mapping_id = $1::bigint";

/// What kSelectBreaker found; a mapping without a row has a closed breaker.
inline Breaker read_breaker(const Rows& rows) {
  if (rows.empty()) return {};
  return {breaker_state_from_name(rows.text(0, 0)), rows.integer(0, 1), rows.integer(0, 2)};
}

}  // namespace duet::postgres
