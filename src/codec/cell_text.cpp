#include "codec/cell_text.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/time.h"

namespace duet::codec {
namespace {

constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101;
constexpr std::uint64_t kHighBits = 0x8080'8080'8080'8080;

bool has_unplain_byte(const char* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof(word));
  return (((word - kOnes) | word) & kHighBits) != 0;  // the subtraction borrows from a NUL byte
}

/// Length of the UTF-8 sequence at the start of `text`, or 0.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  unsigned low = 0x80;
  unsigned high = 0xBF;
  if (first == 0xE0) low = 0xA0;
  if (first == 0xED) high = 0x9F;
  if (first == 0xF0) low = 0x90;
  if (first == 0xF4) high = 0x8F;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

std::optional<bool> parse_boolean(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return {};
}

std::optional<std::int32_t> parse_integer(std::string_view text) {
  std::int32_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc()) return {};
  if (stop == end) return number;
  const std::string_view fraction(stop, static_cast<std::size_t>(end - stop));
  if (fraction.size() < 2 || fraction[0] != '.' || fraction.find_first_not_of('0', 1) != std::string_view::npos)
    return {};
  return number;
}

std::optional<double> parse_number(std::string_view text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || !std::isfinite(number)) return {};
  return number;
}

bool is_plain_text(std::string_view text) {
  const char* const data = text.data();
  const std::size_t size = text.size();
  if (size < 8) {
    for (const char c : text) {
      if (static_cast<signed char>(c) <= 0) return false;
    }
    return true;
  }
  for (std::size_t at = 0; at + 8 <= size; at += 8) {
    if (has_unplain_byte(data + at)) return false;
  }
  return !has_unplain_byte(data + size - 8);
}

std::optional<std::size_t> count_characters(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) return {};
    text.remove_prefix(length);
    ++count;
  }
  return count;
}

void remove_nul_bytes(std::string& text) { std::erase(text, '\0'); }

std::optional<Value> parse_cell_value(FieldType type, std::string_view text) {
  const auto as_value = [](auto parsed, auto make) -> std::optional<Value> {
    if (!parsed) return {};
    return Value(make(*parsed));
  };
  if (text.empty()) return Null{};
  switch (type) {
    case FieldType::boolean:
      return as_value(parse_boolean(text), [](bool value) { return value; });
    case FieldType::integer:
      return as_value(parse_integer(text), [](std::int32_t value) { return std::int64_t{value}; });
    case FieldType::double_number:
    case FieldType::currency:
    case FieldType::percent:
      return as_value(parse_number(text), [](double value) { return value; });
    case FieldType::date:
      return as_value(parse_date(text), [](std::int32_t days) { return Date{days}; });
    case FieldType::datetime:
      return as_value(parse_timestamp(text), [](TimeMs ms) { return DateTime{ms}; });
    case FieldType::time:
      return as_value(parse_time_of_day(text), [](std::int64_t ms) { return TimeOfDay{ms}; });
    default:
      break;
  }
  if (!is_plain_text(text) && !count_characters(text)) return {};
  std::string value(text);
  remove_nul_bytes(value);
  if (value.empty()) return Null{};
  return Value(std::move(value));
}

}  // namespace duet::codec
