#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace orgsim {

/// Reads uploaded Bulk CSV row by row (spec §3.1): quoted cells with doubled quotes and line breaks inside, LF or CRLF
/// after rows, a byte order mark and blank lines skipped. Memory is that of one row beside the text, which must outlive
/// the reader. Used by one thread.
class CsvReader {
 public:
  /// The org's bounds on one record.
  static constexpr std::size_t kCellsMax = 5'000;
  static constexpr std::size_t kRowBytesMax = 4 * 400'000;

  CsvReader(std::string_view text, char delimiter);

  /// Reads the next row; false at the end and at text that is no CSV, which error() then names.
  bool next();
  /// Unescaped; valid until the next call.
  [[nodiscard]] const std::vector<std::string_view>& cells() const { return cells_; }
  /// The row as it was uploaded, without its line ending.
  [[nodiscard]] std::string_view raw() const { return raw_; }
  /// Whether the row ended with CR LF.
  [[nodiscard]] bool ended_with_crlf() const { return ended_with_crlf_; }
  /// Whether the row was ended at all, and not by the end of the text.
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  /// Where a cell lies: in the text, or unescaped in the scratch buffer.
  struct Span {
    std::size_t begin = 0;
    std::size_t size = 0;
    bool unescaped = false;
  };

  bool read_cell();
  bool read_quoted();
  bool fail(std::string_view message);
  [[nodiscard]] bool at_row_end() const;
  void skip_blank_lines();

  std::string_view text_;
  char delimiter_;
  std::size_t at_ = 0;
  std::size_t row_ = 0;
  std::vector<Span> spans_;
  std::string scratch_;
  std::vector<std::string_view> cells_;
  std::string_view raw_;
  bool ended_with_crlf_ = false;
  bool ended_ = false;
  std::string error_;
};

}  // namespace orgsim
