#pragma once

#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/schema.h"
#include "orgsim/core/value.h"

namespace orgsim {

/// Writes Bulk API 2.0 result CSV (spec §0.11, §3.2): every cell quoted, quotes doubled, null as "", date-times with Z,
/// LF or CRLF. The hot path of a load: no allocation per cell. Used by one thread.
class CsvWriter {
 public:
  CsvWriter(char delimiter, bool crlf) : delimiter_(delimiter), crlf_(crlf) {}

  void header(const std::vector<std::string>& names);
  void cell(FieldType type, const CellView& value);
  void end_row();

  size_t size() const { return used_; }
  /// The text so far; the writer starts again with an empty buffer.
  std::string take();

 private:
  char* reserve(size_t bytes);
  void begin_cell(char*& out);
  void text(std::string_view value);

  char delimiter_;
  bool crlf_;
  bool row_started_ = false;
  std::string buffer_;
  size_t used_ = 0;
  /// The last day written, as text: rows of one load share a few days.
  int64_t day_ = std::numeric_limits<int64_t>::min();
  char day_text_[10] = {};
};

/// A double as Java's Double.toString writes it, which is how the org writes numbers in CSV: "3.0", "1.5E7".
/// Writes at most kDoubleTextMax characters and returns their end.
char* write_double(double value, char* out);
inline constexpr size_t kDoubleTextMax = 32;

}  // namespace orgsim
