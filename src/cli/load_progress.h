#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "runtime/config.h"

namespace duet::cli {

/// Waits until the tables of the objects are loaded, and shows rows, rate and time left on standard error: one line
/// that changes on a terminal, plain lines otherwise; nothing when `quiet`. `timeout` after a day, or when no `duet
/// serve` runs for a minute.
Result<void> wait_until_loaded(const runtime::ConnectionConfig& connection, const std::vector<std::string>& objects,
                               bool quiet);

/// One line of progress: `loading 2 of 5 tables, 12,000 of 50,000 rows, 4,000 rows/s, 9.5 s left`.
struct LoadSnapshot {
  std::size_t tables = 0;
  std::size_t loaded_tables = 0;
  long rows = 0;
  long expected_rows = 0;  ///< 0: not known
};
std::string progress_text(const LoadSnapshot& now, long elapsed_ms, long rows_at_start);

}  // namespace duet::cli
