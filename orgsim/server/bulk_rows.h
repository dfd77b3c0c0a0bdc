#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/error.h"
#include "orgsim/core/write_input.h"

namespace orgsim {

/// The content types of uploaded rows; JSON and XML in Bulk API 1.0 only.
struct BulkFormat {
  enum class Kind : std::uint8_t { csv, json, xml };
  Kind kind = Kind::csv;
  char delimiter = ',';
  bool crlf = false;
  /// Bulk API 2.0 insists on the line ending that the job names; 1.0 takes both.
  bool strict_line_ending = true;
};

/// Reads the records of one upload in order. Used by one thread.
class BulkRows {
 public:
  virtual ~BulkRows() = default;
  /// The columns, or of JSON and XML nothing: each record has its own.
  [[nodiscard]] virtual const std::vector<std::string>& columns() const = 0;
  /// The next record; false at the end, or with an error().
  virtual bool next(RecordInput& record) = 0;
  /// Why the rest cannot be read; empty code when there is no such reason.
  [[nodiscard]] virtual const Error& error() const = 0;
};

/// Opens an upload, which must outlive the rows. An error is one of the whole upload, as InvalidBatch or
/// ClientInputError. An upload without a byte has no columns and no rows.
[[nodiscard]] Outcome<std::unique_ptr<BulkRows>> open_bulk_rows(std::string_view data, const BulkFormat& format);

}  // namespace orgsim
