#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace duet::codec {

/// One cell of a row as it stands in the CSV, without the quotes around it.
struct CsvCell {
  std::string_view raw;
  bool escaped = false;  ///< `raw` holds doubled quotes

  /// An empty cell is null: Salesforce's CSV does not tell the two apart (spec/salesforce-api.md §3.2).
  bool empty() const { return raw.empty(); }
};

/// Appends the cell's text to `out`, doubled quotes made single.
void append_unescaped(const CsvCell& cell, std::string& out);

/// The cell's text; `scratch` holds it where it is not simply `raw`.
std::string_view unescape(const CsvCell& cell, std::string& scratch);

/// Longest text of a Salesforce field, 131,072 characters, in UTF-8.
inline constexpr std::size_t kMaxCsvCellBytes = 131'072 * 4;
/// A row: an object's long text fields hold 1.6 million characters together.
inline constexpr std::size_t kMaxCsvRowBytes = 16 << 20;
/// An object has at most 800 custom fields besides its standard ones.
inline constexpr std::size_t kMaxCsvColumns = 2'000;

/// Streaming reader of RFC 4180 as Bulk API 2.0 writes query results: rows of quoted cells, comma, LF or CRLF. Input
/// comes in chunks of any size; memory is bounded by one row. Rows that lie whole in a chunk are not copied. One thread
/// at a time.
class BulkCsvReader {
 public:
  /// Gives the reader more bytes, which must stay valid until next() has asked for input again. The chunk before must
  /// be used up.
  void feed(std::string_view chunk);

  /// Declares the end of the input: a last row needs no line end.
  void end() { ended_ = true; }

  /// The next row, or nothing when more input is needed (after end(): when there is none). Valid until the next call of
  /// any member. Blank lines are skipped. `bad_data` with the number of the row for a stray quote, a cell or row over
  /// its bound, or an unclosed quote.
  Result<std::optional<std::span<const CsvCell>>> next();

  /// Rows given so far, the header among them.
  long rows() const { return rows_; }

 private:
  enum class State { cell_start, quoted, quote_seen, unquoted };
  enum class Scan { row, need_input, refused };

  /// Goes on at `position_` with the row that begins at data[0].
  Scan scan(std::string_view data);
  Scan end_row(std::size_t row_end);
  Scan refuse(const char* message);
  Scan scan_carry();
  Scan scan_chunk();
  Scan scan_rest();
  bool end_cell(std::size_t end);
  std::unexpected<Error> refusal() const;

  struct Extent {
    std::size_t begin;
    std::size_t end;
    bool escaped;
  };

  std::string_view chunk_;
  std::string carry_;         ///< a row that lies in more than one chunk, and what of the chunk has been taken with it
  std::size_t taken_ = 0;     ///< bytes at the start of chunk_ that carry_ holds too
  bool carry_given_ = false;  ///< the caller has the row in carry_
  bool ended_ = false;

  State state_ = State::cell_start;
  std::size_t position_ = 0;
  std::size_t cell_begin_ = 0;
  bool escaped_ = false;
  std::size_t row_end_ = 0;  ///< first byte after the row's line end
  std::vector<Extent> extents_;
  std::string_view row_;
  std::vector<CsvCell> cells_;
  long rows_ = 0;
  const char* refusal_ = nullptr;
};

}  // namespace duet::codec
