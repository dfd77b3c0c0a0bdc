#include "codec/soql.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "codec/value_text.h"

namespace duet::codec {
namespace {

constexpr std::size_t kMaxNameLength = 255;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_unreserved(char c) { return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~'; }

}  // namespace

bool is_api_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameLength && is_letter(name[0]) &&
         std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

std::string soql_text(std::string_view text) {
  std::string result = "'";
  for (char c : text) {
    switch (c) {
      case '\\':
        result += "\\\\";
        break;
      case '\'':
        result += "\\'";
        break;
      case '"':
        result += "\\\"";
        break;
      case '\n':
        result += "\\n";
        break;
      case '\r':
        result += "\\r";
        break;
      case '\t':
        result += "\\t";
        break;
      case '\b':
        result += "\\b";
        break;
      case '\f':
        result += "\\f";
        break;
      default:
        result += c;
    }
  }
  result += '\'';
  return result;
}

std::string soql_datetime(TimeMs time) { return format_timestamp(time); }

Result<std::string> soql_key(std::string_view key, FieldType type) {
  bool is_number = type == FieldType::integer || type == FieldType::double_number || type == FieldType::currency ||
                   type == FieldType::percent;
  if (!is_number) return soql_text(key);
  double number = 0;
  auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), number);
  if (error != std::errc() || end != key.data() + key.size() || !std::isfinite(number)) {
    return fail(ErrorKind::bad_data, "A key of a number field is no number", "KEY");
  }
  char buffer[512];
  auto written = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::fixed);
  return std::string(buffer, written.ptr);
}

Result<std::string> soql_value(const Value& value, FieldType type) {
  const std::optional<std::string> text = to_postgres(value);
  if (!text) return fail(ErrorKind::bad_data, "A condition needs a value", "MATCH");
  if (std::holds_alternative<std::string>(value)) return soql_text(*text);
  if (std::holds_alternative<Date>(value)) return *text;
  if (std::holds_alternative<std::int64_t>(value) || std::holds_alternative<double>(value))
    return soql_key(*text, type == FieldType::integer ? type : FieldType::double_number);
  return fail(ErrorKind::bad_data, "A value of this type cannot be named in a condition", "MATCH");
}

std::string url_encode(std::string_view text) {
  std::string result;
  result.reserve(text.size() + text.size() / 4);
  for (char c : text) {
    if (is_unreserved(c)) {
      result += c;
    } else {
      constexpr std::string_view kHex = "0123456789ABCDEF";
      auto byte = static_cast<unsigned char>(c);
      result += '%';
      result += kHex[byte >> 4];
      result += kHex[byte & 15];
    }
  }
  return result;
}

bool is_field_path(std::string_view name) {
  const auto dot = name.find('.');
  return dot == std::string_view::npos ? is_api_name(name)
                                       : is_api_name(name.substr(0, dot)) && is_api_name(name.substr(dot + 1));
}

Result<std::string> soql_select(std::span<const std::string> fields, std::string_view object, std::string_view tail) {
  std::string query = "SELECT ";
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!is_field_path(fields[i]))
      return fail(ErrorKind::config, "A mapped field has a name that no Salesforce field can have", "NAME", fields[i]);
    if (i > 0) query += ',';
    query += fields[i];
  }
  if (!is_api_name(object))
    return fail(ErrorKind::config, "A mapped object has a name that no Salesforce object can have", "NAME",
                std::string(object));
  query += " FROM ";
  query += object;
  if (!tail.empty()) query += ' ';
  query += tail;
  return query;
}

std::vector<std::vector<std::string>> split_by_length(std::span<const std::string> literals, std::size_t budget) {
  constexpr std::size_t kEncodedComma = 3;
  std::vector<std::vector<std::string>> lists;
  std::size_t used = 0;
  for (const std::string& literal : literals) {
    std::size_t length = url_encode(literal).size() + kEncodedComma;
    if (lists.empty() || used + length > budget) {
      lists.emplace_back();
      used = 0;
    }
    lists.back().push_back(literal);
    used += length;
  }
  return lists;
}

}  // namespace duet::codec
