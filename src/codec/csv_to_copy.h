#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/bulk_csv.h"
#include "codec/column_type.h"
#include "codec/copy_binary.h"
#include "model/mapping.h"

namespace duet::codec {

/// The columns of a mapping's table that CsvToCopy fills, in the order of its rows: one per mapped field (Id is
/// `sfid`), then
/// `_hc_lastop`.
std::vector<std::string> copy_columns(const Mapping& mapping);

/// A record that the table cannot hold. It is not among the rows: it must be read and reported on its own.
struct RefusedRow {
  std::string sfid;
  Error error;  ///< bad_data; names the row and the field, never the value
};

/// With more refused rows than this the mapping does not fit the object, and the conversion fails.
inline constexpr std::size_t kMaxRefusedRows = 1'000;

/// The hot path of a load: a Bulk query's CSV to binary COPY for copy_columns(), with no values in between. Every row
/// is written as `SYNCED`. Texts lose their NUL bytes; a text that is empty then is null. One thread at a time; mapping
/// and `out` outlive it.
class CsvToCopy {
 public:
  CsvToCopy(const Mapping& mapping, CopyWriter& out) : mapping_(mapping), out_(out) {}

  /// Converts every row that ends in `chunk`. The first row must name every mapped field once, else `schema_changed`.
  /// `bad_data` for a malformed CSV, a row without Id, and too many refused rows. After an error the conversion is
  /// over.
  Result<void> convert(std::string_view chunk);

  /// Converts what is left and ends the COPY data. No input at all gives no rows.
  Result<void> finish();

  /// Rows written, the refused not among them.
  long rows() const { return rows_; }
  const std::vector<RefusedRow>& refused() const { return refused_; }

 private:
  struct Column {
    const MappedField* field;
    ColumnType type;
    std::size_t cell;
  };

  Result<void> convert_rows();
  Result<void> read_header(std::span<const CsvCell> header);
  Result<void> convert_row(std::span<const CsvCell> cells);
  Result<void> refuse_row(const Column& column, std::span<const CsvCell> cells);
  bool write(ColumnType type, const CsvCell& cell);
  bool write_text(ColumnType type, const CsvCell& cell);
  template <class T>
  bool write_if(const T& parsed, void (CopyWriter::*write)(typename T::value_type));

  const Mapping& mapping_;
  CopyWriter& out_;
  BulkCsvReader reader_;
  std::vector<Column> columns_;  ///< empty until the header has been read
  std::size_t id_cell_ = 0;
  std::string scratch_;
  long rows_ = 0;
  std::vector<RefusedRow> refused_;
};

}  // namespace duet::codec
