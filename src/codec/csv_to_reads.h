#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/bulk_csv.h"
#include "model/change.h"
#include "model/mapping.h"

namespace duet::codec {

struct CsvRecord {
  RecordRead read;  ///< all mapped fields but Id; deleted when IsDeleted says so
  /// bad_data: a field's text is no value of its type. The field is absent, so the read is not whole. Names row and
  /// field, never the value.
  std::optional<Error> error;
};

/// A Bulk query's CSV as records, for loads that merge. Memory is bounded by one row. One thread at a time; the mapping
/// outlives it.
class CsvToReads {
 public:
  explicit CsvToReads(const Mapping& mapping) : mapping_(mapping) {}

  /// More bytes, valid until next() has given nothing; take all records out before.
  void feed(std::string_view chunk) { reader_.feed(chunk); }
  void end() { reader_.end(); }

  /// The next record, or nothing when more input is needed. The first row must name every mapped field once, else
  /// `schema_changed`; `bad_data` for a malformed CSV and a row without Id.
  Result<std::optional<CsvRecord>> next();

 private:
  Result<void> read_header(std::span<const CsvCell> header);
  Result<CsvRecord> read_record(std::span<const CsvCell> cells);

  const Mapping& mapping_;
  BulkCsvReader reader_;
  std::vector<std::size_t> cells_;  ///< by position in mapping_.fields; empty until the header has been read
  std::size_t id_ = 0;
  std::string scratch_;
};

}  // namespace duet::codec
