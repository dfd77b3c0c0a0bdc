#include "orgsim/server/csv_writer.h"

#include <charconv>
#include <cstring>
#include <utility>

#include "orgsim/core/time_text.h"

namespace orgsim {
namespace {

/// Delimiter, two quotes and the longest non-text cell.
constexpr size_t kShortCellMax = 64;

char* put_digits(char* out, uint32_t value, int count) {
  for (int i = count - 1; i >= 0; --i) {
    out[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  return out + count;
}

char* put_time_of_day(char* out, int64_t ms) {
  const auto seconds = static_cast<uint32_t>(ms / 1000);
  out = put_digits(out, seconds / 3600, 2);
  *out++ = ':';
  out = put_digits(out, seconds / 60 % 60, 2);
  *out++ = ':';
  out = put_digits(out, seconds % 60, 2);
  *out++ = '.';
  out = put_digits(out, static_cast<uint32_t>(ms % 1000), 3);
  *out++ = 'Z';
  return out;
}

char* put_text(char* out, std::string_view text) {
  if (!text.empty()) std::memcpy(out, text.data(), text.size());  // an empty view may have no address
  return out + text.size();
}

}  // namespace

char* write_double(double value, char* out) {
  const double size = value < 0 ? -value : value;
  constexpr double kPlainMin = 1e-3;
  constexpr double kPlainMax = 1e7;
  if (size == 0 || (size >= kPlainMin && size < kPlainMax)) {
    char* end = std::to_chars(out, out + kDoubleTextMax, value, std::chars_format::fixed).ptr;
    if (std::memchr(out, '.', static_cast<size_t>(end - out)) == nullptr) end = put_text(end, ".0");
    return end;
  }
  char digits[kDoubleTextMax];
  const char* end = std::to_chars(digits, digits + sizeof digits, value, std::chars_format::scientific).ptr;
  const char* mark = static_cast<const char*>(std::memchr(digits, 'e', static_cast<size_t>(end - digits)));
  if (mark == nullptr) return put_text(out, {digits, static_cast<size_t>(end - digits)});
  const std::string_view mantissa(digits, static_cast<size_t>(mark - digits));
  out = put_text(out, mantissa);
  if (mantissa.find('.') == std::string_view::npos) out = put_text(out, ".0");
  *out++ = 'E';
  int exponent = 0;
  std::from_chars(mark + (mark[1] == '+' ? 2 : 1), end, exponent);
  return std::to_chars(out, out + 8, exponent).ptr;
}

char* CsvWriter::reserve(size_t bytes) {
  if (buffer_.size() - used_ < bytes) buffer_.resize(std::max(buffer_.size() * 2, used_ + bytes + 65536));
  return buffer_.data() + used_;
}

void CsvWriter::begin_cell(char*& out) {
  if (row_started_) *out++ = delimiter_;
  row_started_ = true;
  *out++ = '"';
}

void CsvWriter::header(const std::vector<std::string>& names) {
  for (const std::string& name : names) text(name);
  end_row();
}

void CsvWriter::text(std::string_view value) {
  // The worst case is a text of quotes only.
  char* const start = reserve(value.size() * 2 + kShortCellMax);
  char* out = start;
  begin_cell(out);
  const void* quote = value.empty() ? nullptr : std::memchr(value.data(), '"', value.size());
  if (quote == nullptr) {
    out = put_text(out, value);
  } else {
    for (const char c : value) {
      if (c == '"') *out++ = '"';
      *out++ = c;
    }
  }
  *out++ = '"';
  used_ += static_cast<size_t>(out - start);
}

void CsvWriter::cell(FieldType type, const CellView& value) {
  if (const auto* string = std::get_if<std::string_view>(&value)) return text(*string);
  char* const start = reserve(kShortCellMax);
  char* out = start;
  begin_cell(out);
  if (const auto* flag = std::get_if<bool>(&value)) {
    out = put_text(out, *flag ? "true" : "false");
  } else if (const auto* number = std::get_if<double>(&value)) {
    out = write_double(*number, out);
  } else if (const auto* integer = std::get_if<int64_t>(&value)) {
    if (type == FieldType::datetime || type == FieldType::date) {
      const bool has_time = type == FieldType::datetime;
      const int64_t day = has_time ? (*integer - (*integer < 0 ? kMsPerDay - 1 : 0)) / kMsPerDay : *integer;
      if (day != day_) {
        const std::string day_text = date_text(day);
        std::memcpy(day_text_, day_text.data(), std::min(day_text.size(), sizeof day_text_));
        day_ = day;
      }
      out = put_text(out, {day_text_, sizeof day_text_});
      if (has_time) {
        *out++ = 'T';
        out = put_time_of_day(out, *integer - day * kMsPerDay);
      }
    } else if (type == FieldType::time) {
      out = put_time_of_day(out, *integer);
    } else {
      out = std::to_chars(out, out + 24, *integer).ptr;
    }
  }
  *out++ = '"';
  used_ += static_cast<size_t>(out - start);
}

void CsvWriter::end_row() {
  char* out = reserve(2);
  if (crlf_) *out++ = '\r';
  *out = '\n';
  used_ += crlf_ ? 2 : 1;
  row_started_ = false;
}

std::string CsvWriter::take() {
  std::string out(buffer_.data(), used_);
  used_ = 0;
  return out;
}

}  // namespace orgsim
