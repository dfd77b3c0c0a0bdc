#include "orgsim/core/field_value.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>

#include "orgsim/core/ascii.h"
#include "orgsim/core/ids.h"
#include "orgsim/core/time_text.h"

namespace orgsim {

namespace {

constexpr std::string_view kWhiteSpace = " \t\n\r\f\v";
constexpr std::size_t kShownText = 255;

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(kWhiteSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kWhiteSpace) - first + 1);
}

std::string with_lf_only(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') {
      out.push_back(text[i]);
    } else if (i + 1 == text.size() || text[i + 1] != '\n') {
      out.push_back('\n');
    }
  }
  return out;
}

std::string shown(const Value& input) {
  if (const auto* text = std::get_if<std::string>(&input)) return text->substr(0, kShownText);
  if (const auto* flag = std::get_if<bool>(&input)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&input)) return fmt::format("{}", *integer);
  if (const auto* number = std::get_if<double>(&input)) return fmt::format("{}", *number);
  return "null";
}

std::string_view token_name(const Value& input) {
  if (std::holds_alternative<std::string>(input)) return "VALUE_STRING";
  if (const auto* flag = std::get_if<bool>(&input)) return *flag ? "VALUE_TRUE" : "VALUE_FALSE";
  return std::holds_alternative<double>(input) ? "VALUE_NUMBER_FLOAT" : "VALUE_NUMBER_INT";
}

std::string_view java_name(FieldType type) {
  if (type == FieldType::datetime) return "datetime";
  if (type == FieldType::int_ || type == FieldType::long_) return "int";
  if (is_number(type)) return "double";
  if (is_text(type)) return "string";
  if (type == FieldType::reference) return "reference";
  return type_name(type);
}

std::unexpected<Error> wrong_type(const FieldDef& field, const Value& input, bool csv) {
  if (csv || is_null(input)) {
    return fail(codes::kInvalidTypeOnField, fmt::format("{}: value not of required type: {}", field.name, shown(input)),
                {field.name});
  }
  return fail(
      codes::kJsonParser,
      fmt::format("Cannot deserialize instance of {} from {} value {} or request may be missing a required field at "
                  "[line:1, column:2]",
                  java_name(field.type), token_name(input), shown(input)));
}

bool is_email(std::string_view text) {
  const auto at = text.find('@');
  if (at == std::string_view::npos || at == 0 || text.find('@', at + 1) != std::string_view::npos) return false;
  const std::string_view domain = text.substr(at + 1);
  const auto dot = domain.rfind('.');
  return dot != std::string_view::npos && dot > 0 && dot + 1 < domain.size() &&
         text.find_first_of(" \t\n,;<>()") == std::string_view::npos && domain.find("..") == std::string_view::npos;
}

const PicklistEntry* find_entry(const FieldDef& field, std::string_view value) {
  const auto found = std::ranges::find(field.picklist, value, &PicklistEntry::value);
  return found == field.picklist.end() || !found->active ? nullptr : &*found;
}

/// A restricted picklist whose entries the org data does not know lets every value through.
bool is_restricted(const FieldDef& field) { return field.restricted_picklist && !field.picklist.empty(); }

std::unexpected<Error> bad_picklist(const FieldDef& field, std::string_view value) {
  return fail(codes::kBadPicklist, fmt::format("{}: bad value for restricted picklist field: {}", field.label, value),
              {field.name});
}

/// Entries once each, those of the picklist first and in its order.
Outcome<std::string> multi_select(const FieldDef& field, std::string_view text) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const auto end = std::min(text.find(';'), text.size());
    const std::string_view part = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.empty() || std::ranges::find(parts, part) != parts.end()) continue;
    if (is_restricted(field) && find_entry(field, part) == nullptr) return bad_picklist(field, part);
    parts.push_back(part);
  }
  const auto rank = [&field](std::string_view part) {
    const PicklistEntry* entry = find_entry(field, part);
    return entry == nullptr ? field.picklist.size() : static_cast<std::size_t>(entry - field.picklist.data());
  };
  std::ranges::stable_sort(parts, {}, rank);
  return fmt::format("{}", fmt::join(parts, ";"));
}

bool is_base64(std::string_view text) {
  const std::size_t padding = text.size() - (text.find_last_not_of('=') + 1);
  text.remove_suffix(padding);
  const bool complete = padding <= 2 && (padding == 0 ? text.size() % 4 != 1 : (text.size() + padding) % 4 == 0);
  return complete && std::ranges::all_of(text, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
         });
}

Outcome<Value> stored_text(const FieldDef& field, const Value& input, bool csv) {
  const auto* given = std::get_if<std::string>(&input);
  if (given == nullptr) return wrong_type(field, input, csv);
  if (!is_utf8(*given)) return wrong_type(field, input, csv);
  std::string text = with_lf_only(trim(*given));
  if (text.empty()) return Value{};
  if (field.type == FieldType::multipicklist) {
    auto joined = multi_select(field, text);
    if (!joined) return std::unexpected(joined.error());
    text = std::move(*joined);
  }
  if (field.type == FieldType::picklist && is_restricted(field) && find_entry(field, text) == nullptr) {
    return bad_picklist(field, text);
  }
  if (field.type == FieldType::base64 && !is_base64(text)) return wrong_type(field, input, csv);
  if (field.type == FieldType::email && !is_email(text)) {
    return fail(codes::kInvalidEmail, fmt::format("{}: invalid email address: {}", field.label, text), {field.name});
  }
  if (field.type != FieldType::base64 && field.length > 0 &&
      utf16_length(text) > static_cast<std::size_t>(field.length)) {
    return fail(codes::kStringTooLong,
                fmt::format("{}: data value too large: {} (max length={})", field.label,
                            std::string_view(text).substr(0, kShownText), field.length),
                {field.name});
  }
  return Value{std::move(text)};
}

std::optional<double> read_number(const Value& input) {
  if (const auto* integer = std::get_if<std::int64_t>(&input)) return static_cast<double>(*integer);
  if (const auto* number = std::get_if<double>(&input))
    return std::isfinite(*number) ? std::optional(*number) : std::nullopt;
  const auto* given = std::get_if<std::string>(&input);
  if (given == nullptr) return std::nullopt;
  std::string_view text = trim(*given);
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

Outcome<Value> stored_number(const FieldDef& field, const Value& input, bool csv) {
  if (const auto* text = std::get_if<std::string>(&input); text != nullptr && trim(*text).empty()) return Value{};
  const auto number = read_number(input);
  if (!number) return wrong_type(field, input, csv);
  const auto out_of_range = [&field, &number] {
    return fail(codes::kNumberOutsideRange,
                fmt::format("{}: value outside of valid range on numeric field: {}", field.label, *number),
                {field.name});
  };
  if (field.type == FieldType::int_ || field.type == FieldType::long_) {
    if (*number != std::floor(*number)) return wrong_type(field, input, csv);
    const double limit = field.digits > 0                ? std::pow(10.0, field.digits) - 1
                         : field.type == FieldType::int_ ? 2'147'483'647.0
                                                         : 9'007'199'254'740'991.0;
    if (std::abs(*number) > limit) return out_of_range();
    return Value{static_cast<std::int64_t>(*number)};
  }
  const double rounded = round_to_scale(*number, field.scale);
  if (field.precision > 0 && std::abs(rounded) >= std::pow(10.0, field.precision - field.scale)) return out_of_range();
  return Value{rounded == 0 ? 0.0 : rounded};
}

/// 1700-01-01 to 4000-12-31, or a time of day (§6.2).
bool in_range(FieldType type, std::int64_t value) {
  constexpr std::int64_t kFirstDay = -98'615;
  constexpr std::int64_t kLastDay = 741'807;
  if (type == FieldType::time) return value >= 0 && value < kMsPerDay;
  const std::int64_t unit = type == FieldType::date ? 1 : kMsPerDay;
  return value >= kFirstDay * unit && value < (kLastDay + 1) * unit;
}

Outcome<Value> stored_moment(const FieldDef& field, const Value& input, bool csv) {
  const auto* given = std::get_if<std::string>(&input);
  const auto* integer = std::get_if<std::int64_t>(&input);
  if (given == nullptr && integer == nullptr) return wrong_type(field, input, csv);
  const std::string_view text = given != nullptr ? trim(*given) : std::string_view();
  if (given != nullptr && text.empty()) return Value{};
  std::optional<std::int64_t> value;
  if (integer != nullptr) {
    value = *integer;
  } else if (field.type == FieldType::time) {
    value = parse_time(text);
  } else if (const auto moment = parse_datetime(text)) {
    value = field.type == FieldType::date ? (*moment - ((*moment % kMsPerDay) + kMsPerDay) % kMsPerDay) / kMsPerDay
                                          : *moment;
  } else if (const auto days = parse_date(text)) {
    value = field.type == FieldType::date ? *days : *days * kMsPerDay;
  }
  if (!value || !in_range(field.type, *value)) return wrong_type(field, input, csv);
  if (field.type == FieldType::datetime) *value -= ((*value % 1000) + 1000) % 1000;
  return Value{*value};
}

Outcome<Value> stored_boolean(const FieldDef& field, const Value& input, bool csv) {
  if (std::holds_alternative<bool>(input)) return input;
  if (const auto* text = std::get_if<std::string>(&input)) {
    const std::string_view word = trim(*text);
    if (same_name(word, "true") || word == "1") return Value{true};
    if (same_name(word, "false") || word == "0") return Value{false};
  }
  return wrong_type(field, input, csv);
}

Outcome<Value> stored_reference(const FieldDef& field, const Value& input, bool csv) {
  const auto* given = std::get_if<std::string>(&input);
  if (given == nullptr) return wrong_type(field, input, csv);
  const std::string_view text = trim(*given);
  if (text.empty()) return Value{};
  auto id = canonical_id(text);
  if (!id) {
    return fail(codes::kMalformedId,
                fmt::format("{}: id value of incorrect type: {}", field.label, text.substr(0, kShownText)),
                {field.name});
  }
  return Value{std::move(*id)};
}

}  // namespace

std::size_t utf16_length(std::string_view text) {
  std::size_t length = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) != 0x80) length += byte >= 0xF0 ? 2 : 1;
  }
  return length;
}

double round_to_scale(double value, int scale) {
  // On the shortest decimal form, as the org rounds: in binary 2.675 is a little less and would round down.
  std::array<char, 40> text{};
  const char* end =
      std::to_chars(text.data(), text.data() + text.size(), std::abs(value), std::chars_format::scientific).ptr;
  const char* mark = std::find(static_cast<const char*>(text.data()), end, 'e');
  std::string digits;
  std::copy_if(static_cast<const char*>(text.data()), mark, std::back_inserter(digits),
               [](char c) { return c != '.'; });
  int exponent = 0;
  std::from_chars(mark + (mark[1] == '+' ? 2 : 1), end, exponent);
  const int kept = exponent + 1 + scale;
  if (kept >= static_cast<int>(digits.size())) return value;
  if (kept < 0) return 0;
  const bool up = digits[static_cast<std::size_t>(kept)] >= '5';
  digits.resize(static_cast<std::size_t>(kept));
  digits.insert(digits.begin(), '0');  // room for a carry
  for (std::size_t at = digits.size(); up && at > 0; --at) {
    digits[at - 1] = digits[at - 1] == '9' ? '0' : static_cast<char>(digits[at - 1] + 1);
    if (digits[at - 1] != '0') break;
  }
  digits += fmt::format("e{}", -scale);
  double rounded = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), rounded);
  return value < 0 ? -rounded : rounded;
}

Outcome<Value> stored_value(const FieldDef& field, const Value& input, bool csv) {
  if (is_null(input)) {
    if (field.type == FieldType::boolean) return wrong_type(field, input, csv);
    return Value{};
  }
  switch (field.type) {
    case FieldType::boolean:
      return stored_boolean(field, input, csv);
    case FieldType::date:
    case FieldType::datetime:
    case FieldType::time:
      return stored_moment(field, input, csv);
    case FieldType::id:
    case FieldType::reference:
      return stored_reference(field, input, csv);
    default:
      return is_number(field.type) ? stored_number(field, input, csv) : stored_text(field, input, csv);
  }
}

}  // namespace orgsim
