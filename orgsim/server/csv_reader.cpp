#include "orgsim/server/csv_reader.h"

#include <fmt/format.h>

namespace orgsim {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

CsvReader::CsvReader(std::string_view text, char delimiter) : text_(text), delimiter_(delimiter) {
  if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
}

bool CsvReader::fail(std::string_view message) {
  error_ = fmt::format("Failed to parse CSV: row {}: {}", row_, message);
  cells_.clear();
  return false;
}

bool CsvReader::at_row_end() const {
  return at_ == text_.size() || text_[at_] == '\n' ||
         (text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n');
}

void CsvReader::skip_blank_lines() {
  while (at_ < text_.size() && at_row_end()) at_ += text_[at_] == '\r' ? 2 : 1;
}

bool CsvReader::next() {
  cells_.clear();
  if (!error_.empty()) return false;
  skip_blank_lines();
  if (at_ == text_.size()) return false;
  ++row_;
  spans_.clear();
  scratch_.clear();
  const std::size_t start = at_;
  while (true) {
    if (spans_.size() == kCellsMax) return fail("it has too many fields");
    if (!read_cell()) return false;
    if (at_ - start > kRowBytesMax) return fail("it is too long");
    if (at_row_end()) break;
    ++at_;  // the delimiter
  }
  raw_ = text_.substr(start, at_ - start);
  ended_ = at_ < text_.size();
  ended_with_crlf_ = ended_ && text_[at_] == '\r';
  if (ended_) at_ += ended_with_crlf_ ? 2 : 1;
  for (const Span& span : spans_) {
    cells_.push_back((span.unescaped ? std::string_view(scratch_) : text_).substr(span.begin, span.size));
  }
  return true;
}

bool CsvReader::read_cell() {
  if (at_ < text_.size() && text_[at_] == '"') return read_quoted();
  const std::size_t start = at_;
  while (!at_row_end() && text_[at_] != delimiter_) ++at_;
  spans_.push_back({start, at_ - start, false});
  return true;
}

bool CsvReader::read_quoted() {
  const std::size_t start = ++at_;
  std::size_t copied = start;
  const std::size_t scratch_start = scratch_.size();
  bool unescaped = false;
  while (true) {
    const std::size_t quote = text_.find('"', at_);
    if (quote == std::string_view::npos) return fail("EOF reached before encapsulated token finished");
    at_ = quote + 1;
    if (at_ < text_.size() && text_[at_] == '"') {
      unescaped = true;
      scratch_.append(text_, copied, at_ - copied);
      copied = ++at_;
      continue;
    }
    if (!at_row_end() && text_[at_] != delimiter_) {
      return fail("invalid character between encapsulated token and delimiter");
    }
    if (unescaped) {
      scratch_.append(text_, copied, quote - copied);
      spans_.push_back({scratch_start, scratch_.size() - scratch_start, true});
    } else {
      spans_.push_back({start, quote - start, false});
    }
    return true;
  }
}

}  // namespace orgsim
