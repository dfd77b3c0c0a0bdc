#include "codec/bulk_csv.h"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <fmt/format.h>

namespace duet::codec {
namespace {

/// What is copied from a chunk at once to complete a row that began in the chunk before.
constexpr std::size_t kCarryPiece = 4'096;

/// Position of the next `"` at or after `begin`, or `end`. Cells are short: memchr's call would cost more than its
/// search.
inline std::size_t find_quote(const char* data, std::size_t begin, std::size_t end) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  for (; begin + 16 <= end; begin += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(data + begin));
    const auto found = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, quote)));
    if (found != 0) return begin + static_cast<std::size_t>(std::countr_zero(found));
  }
#endif
  const void* found = begin == end ? nullptr : std::memchr(data + begin, '"', end - begin);
  return found == nullptr ? end : static_cast<std::size_t>(static_cast<const char*>(found) - data);
}

std::size_t find_unquoted_end(std::string_view data, std::size_t begin) {
  const std::size_t found = data.find_first_of(",\n\"", begin);
  return found == std::string_view::npos ? data.size() : found;
}

}  // namespace

void append_unescaped(const CsvCell& cell, std::string& out) {
  std::string_view rest = cell.raw;
  while (cell.escaped) {
    const std::size_t quote = rest.find('"');
    if (quote == std::string_view::npos) break;
    out.append(rest.substr(0, quote + 1));
    rest.remove_prefix(quote + 2);  // inside a cell quotes come in twos
  }
  out.append(rest);
}

std::string_view unescape(const CsvCell& cell, std::string& scratch) {
  if (!cell.escaped) return cell.raw;
  scratch.clear();
  append_unescaped(cell, scratch);
  return scratch;
}

void BulkCsvReader::feed(std::string_view chunk) { chunk_ = chunk; }

Result<std::optional<std::span<const CsvCell>>> BulkCsvReader::next() {
  while (true) {
    if (refusal_ != nullptr) return refusal();
    if (carry_given_) {
      carry_.clear();
      carry_given_ = false;
    }
    Scan scanned = carry_.empty() ? scan_chunk() : scan_carry();
    if (scanned == Scan::need_input && ended_) {
      if (carry_.empty()) return std::nullopt;
      scanned = scan_rest();
    }
    if (scanned == Scan::refused) return refusal();
    if (scanned == Scan::need_input) return std::nullopt;
    if (extents_.empty()) continue;  // a blank line

    ++rows_;
    cells_.resize(extents_.size());
    for (std::size_t i = 0; i < extents_.size(); ++i) {
      const Extent& extent = extents_[i];
      cells_[i] = {std::string_view(row_.data() + extent.begin, extent.end - extent.begin), extent.escaped};
    }
    return std::span<const CsvCell>(cells_);
  }
}

BulkCsvReader::Scan BulkCsvReader::scan_chunk() {
  if (chunk_.empty()) return Scan::need_input;
  const Scan scanned = scan(chunk_);
  if (scanned == Scan::row) {
    row_ = chunk_.substr(0, row_end_);
    chunk_.remove_prefix(row_end_);
  } else if (scanned == Scan::need_input) {
    carry_.assign(chunk_);
    chunk_ = {};
  }
  return scanned;
}

BulkCsvReader::Scan BulkCsvReader::scan_carry() {
  while (!chunk_.empty()) {
    taken_ = std::min(chunk_.size(), kCarryPiece);
    carry_.append(chunk_.substr(0, taken_));
    const Scan scanned = scan(carry_);
    if (scanned == Scan::row) {
      // The row ends in the piece just taken: what follows it is read from the chunk.
      taken_ -= carry_.size() - row_end_;
      row_ = std::string_view(carry_).substr(0, row_end_);
      carry_given_ = true;
    }
    chunk_.remove_prefix(taken_);
    if (scanned != Scan::need_input) return scanned;
    if (carry_.size() > kMaxCsvRowBytes) return refuse("a row is longer than 16 MiB");
  }
  return Scan::need_input;
}

BulkCsvReader::Scan BulkCsvReader::scan_rest() {
  carry_.push_back('\n');
  const Scan scanned = scan(carry_);
  if (scanned == Scan::need_input) return refuse("the input ends inside a quoted cell");
  row_ = carry_;
  carry_given_ = true;
  return scanned;
}

BulkCsvReader::Scan BulkCsvReader::scan(std::string_view data) {
  const char* const bytes = data.data();
  const std::size_t size = data.size();
  std::size_t p = position_;
  if (p == 0) extents_.clear();
  while (p < size) {
    switch (state_) {
      case State::cell_start:
        escaped_ = false;
        if (bytes[p] == '"') {
          cell_begin_ = ++p;
          state_ = State::quoted;
        } else if (bytes[p] == '\n' && extents_.empty()) {
          return end_row(p + 1);
        } else {
          cell_begin_ = p;
          state_ = State::unquoted;
        }
        break;
      case State::quoted:
        p = find_quote(bytes, p, size);
        if (p < size) {
          ++p;
          state_ = State::quote_seen;
        }
        break;
      case State::quote_seen:
        if (bytes[p] == ',') {
          if (!end_cell(p - 1)) return Scan::refused;
          ++p;
        } else if (bytes[p] == '"') {
          escaped_ = true;
          ++p;
          state_ = State::quoted;
        } else if (bytes[p] == '\n') {
          if (!end_cell(p - 1)) return Scan::refused;
          return end_row(p + 1);
        } else if (bytes[p] == '\r') {
          if (p + 1 == size) {
            position_ = p;
            return Scan::need_input;
          }
          if (bytes[p + 1] != '\n') return refuse("a carriage return without a line feed follows a cell");
          if (!end_cell(p - 1)) return Scan::refused;
          return end_row(p + 2);
        } else {
          return refuse("text follows the closing quote of a cell");
        }
        break;
      case State::unquoted:
        p = find_unquoted_end(data, p);
        if (p == size) break;
        if (bytes[p] == '"') return refuse("a quote stands inside an unquoted cell");
        const bool ends_row = bytes[p] == '\n';
        const bool crlf = ends_row && p > cell_begin_ && bytes[p - 1] == '\r';
        if (crlf && p == 1) return end_row(p + 1);
        if (!end_cell(crlf ? p - 1 : p)) return Scan::refused;
        ++p;
        if (ends_row) return end_row(p);
        break;
    }
  }
  position_ = p;
  return Scan::need_input;
}

bool BulkCsvReader::end_cell(std::size_t end) {
  if (end - cell_begin_ > kMaxCsvCellBytes) {
    refuse("a cell is longer than the longest text of a Salesforce field");
    return false;
  }
  if (extents_.size() == kMaxCsvColumns) {
    refuse("a row has more than 2,000 cells");
    return false;
  }
  extents_.push_back({cell_begin_, end, escaped_});
  state_ = State::cell_start;
  return true;
}

BulkCsvReader::Scan BulkCsvReader::end_row(std::size_t row_end) {
  if (row_end > kMaxCsvRowBytes) return refuse("a row is longer than 16 MiB");
  state_ = State::cell_start;
  position_ = 0;
  row_end_ = row_end;
  return Scan::row;
}

BulkCsvReader::Scan BulkCsvReader::refuse(const char* message) {
  refusal_ = message;
  return Scan::refused;
}

std::unexpected<Error> BulkCsvReader::refusal() const {
  return fail(ErrorKind::bad_data, fmt::format("the CSV is malformed: {}", refusal_), "CSV",
              fmt::format("row {}", rows_ + 1));
}

}  // namespace duet::codec
