#include "codec/value_text.h"

#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace duet::codec {
namespace {

/// `10:00:00.120` → `10:00:00.12`, `10:00:00.000` → `10:00:00`, as the server prints it.
std::string without_trailing_zeros(std::string text) {
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

std::string timestamp_text(TimeMs time) {
  std::string text = format_timestamp(time);
  text.pop_back();
  text[text.find('T')] = ' ';
  return without_trailing_zeros(std::move(text));
}

std::string double_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  return fmt::format("{}", value);
}

struct Formatter {
  std::optional<std::string> operator()(Absent) const { return std::nullopt; }
  std::optional<std::string> operator()(Null) const { return std::nullopt; }
  std::optional<std::string> operator()(bool value) const { return value ? "t" : "f"; }
  std::optional<std::string> operator()(std::int64_t value) const { return fmt::format("{}", value); }
  std::optional<std::string> operator()(double value) const { return double_text(value); }
  std::optional<std::string> operator()(const std::string& value) const { return value; }
  std::optional<std::string> operator()(Date value) const { return format_date(value.days); }
  std::optional<std::string> operator()(DateTime value) const { return timestamp_text(value.ms); }
  std::optional<std::string> operator()(TimeOfDay value) const {
    return without_trailing_zeros(format_time_of_day(value.ms));
  }
};

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Value integer_from(std::string_view text) {
  if (auto value = number<std::int64_t>(text)) return *value;
  if (auto value = number<double>(text)) return *value;
  return std::string(text);
}

Value double_from(std::string_view text) {
  if (auto value = number<double>(text)) return *value;
  return std::string(text);
}

Value boolean_from(std::string_view text) {
  if (text == "t" || text == "true") return true;
  if (text == "f" || text == "false") return false;
  return std::string(text);
}

template <class T, class Parsed>
Value value_or_text(const Result<Parsed>& parsed, std::string_view text) {
  if (parsed) return T{*parsed};
  return std::string(text);
}

}  // namespace

std::optional<std::string> to_postgres(const Value& value) { return std::visit(Formatter{}, value); }

Value from_postgres(FieldType type, std::string_view text) {
  switch (type) {
    case FieldType::boolean:
      return boolean_from(text);
    case FieldType::integer:
      return integer_from(text);
    case FieldType::double_number:
    case FieldType::currency:
    case FieldType::percent:
      return double_from(text);
    case FieldType::date:
      return value_or_text<Date>(parse_date(text), text);
    case FieldType::datetime:
      return value_or_text<DateTime>(parse_timestamp(text), text);
    case FieldType::time:
      return value_or_text<TimeOfDay>(parse_time_of_day(text), text);
    default:
      return std::string(text);
  }
}

}  // namespace duet::codec
