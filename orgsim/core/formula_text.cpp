#include "orgsim/core/formula_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include "orgsim/core/field_value.h"
#include "orgsim/core/time_text.h"
#include "orgsim/core/value.h"

namespace orgsim {

namespace {

using F = FormulaFunction;

constexpr std::size_t kMaxText = 65'536;
constexpr std::size_t kUtf16Pair = 4;  // bytes of a UTF-8 sequence that takes two code units

std::string_view view_of(const FormulaValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr ? std::string_view(*text) : std::string_view();
}

FormulaValue bounded(std::string text) {
  if (text.size() > kMaxText) return FormulaError{};
  return text;
}

/// Numbers in full, without zeros at the end.
std::string number_text(double value) {
  std::array<char, 400> text{};
  const double shown = value == 0 ? 0 : value;  // no -0
  const auto end = std::to_chars(text.data(), text.data() + text.size(), shown, std::chars_format::fixed).ptr;
  return {text.data(), end};
}

std::optional<double> parse_number(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::string text_of_any(const FormulaValue& value) {
  if (const auto* number = std::get_if<double>(&value)) return number_text(*number);
  if (const auto* date = std::get_if<FormulaDate>(&value)) return date_text(date->days);
  if (const auto* moment = std::get_if<FormulaMoment>(&value)) {
    std::string text = rest_datetime(moment->ms).substr(0, 19);
    text[10] = ' ';
    return text + "Z";
  }
  return std::string(view_of(value));
}

std::size_t sequence_length(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  if (byte < 0xC0) return 1;
  return byte < 0xE0 ? 2 : (byte < 0xF0 ? 3 : 4);
}

/// The byte where this many UTF-16 code units end.
std::size_t byte_at(std::string_view text, double units) {
  std::size_t at = 0;
  for (double passed = 0; at < text.size(); at += sequence_length(text[at])) {
    passed += sequence_length(text[at]) == kUtf16Pair ? 2 : 1;
    if (!(passed <= units)) break;
  }
  return std::min(at, text.size());
}

/// The capital of a two-byte letter (Latin-1, Greek, Cyrillic); others are their own.
unsigned upper_letter(unsigned code) {
  constexpr unsigned kLatinStep = 0x20;
  constexpr unsigned kCyrillicStep = 0x50;
  if ((code >= 0xE0 && code <= 0xFE && code != 0xF7) || (code >= 0x3B1 && code <= 0x3C9 && code != 0x3C2) ||
      (code >= 0x430 && code <= 0x44F)) {
    return code - kLatinStep;
  }
  return code >= 0x450 && code <= 0x45F ? code - kCyrillicStep : code;
}

std::string upper_case(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    if (lead >= 0xC0 && lead < 0xE0 && at + 1 < text.size()) {
      const unsigned code = upper_letter((lead & 0x1FU) << 6 | (static_cast<unsigned char>(text[at + 1]) & 0x3FU));
      out.push_back(static_cast<char>(0xC0U | code >> 6));
      out.push_back(static_cast<char>(0x80U | (code & 0x3FU)));
      at += 2;
    } else {
      out.push_back(lead >= 'a' && lead <= 'z' ? static_cast<char>(lead - 32) : text[at]);
      ++at;
    }
  }
  return out;
}

FormulaValue trimmed(std::string_view text) {
  const auto from = text.find_first_not_of(" \t\r\n");
  if (from == std::string_view::npos) return std::string();
  return std::string(text.substr(from, text.find_last_not_of(" \t\r\n") + 1 - from));
}

FormulaValue part(F function, std::span<const FormulaValue> arguments) {
  const std::string_view text = view_of(arguments[0]);
  const auto number = [&](std::size_t at) {
    const auto* value = std::get_if<double>(&arguments[at]);
    return value != nullptr ? std::max(0.0, std::trunc(*value)) : 0.0;
  };
  if (function == F::left) return std::string(text.substr(0, byte_at(text, number(1))));
  if (function == F::right) {
    const double skipped = static_cast<double>(utf16_length(text)) - number(1);
    return std::string(text.substr(byte_at(text, std::max(0.0, skipped))));
  }
  const std::string_view rest = text.substr(byte_at(text, std::max(0.0, number(1) - 1)));
  return std::string(rest.substr(0, byte_at(rest, number(2))));
}

FormulaValue find_place(std::span<const FormulaValue> arguments) {
  const std::string_view wanted = view_of(arguments[0]);
  const std::string_view text = view_of(arguments[1]);
  const auto* start = arguments.size() > 2 ? std::get_if<double>(&arguments[2]) : nullptr;
  const std::size_t from = start != nullptr ? byte_at(text, std::max(0.0, *start - 1)) : 0;
  const auto found = wanted.empty() ? std::string_view::npos : text.find(wanted, from);
  return found == std::string_view::npos ? 0.0 : static_cast<double>(utf16_length(text.substr(0, found)) + 1);
}

FormulaValue substitute(std::span<const FormulaValue> arguments) {
  const std::string_view text = view_of(arguments[0]);
  const std::string_view old = view_of(arguments[1]);
  if (old.empty()) return std::string(text);
  std::string out;
  std::size_t at = 0;
  for (auto found = text.find(old); found != std::string_view::npos && out.size() <= kMaxText;
       found = text.find(old, at)) {
    out += text.substr(at, found - at);
    out += view_of(arguments[2]);
    at = found + old.size();
  }
  out += text.substr(at);
  return bounded(std::move(out));
}

FormulaValue rounded(std::span<const FormulaValue> arguments) {
  const auto* number = std::get_if<double>(&arguments[0]);
  const auto* digits = std::get_if<double>(&arguments[1]);
  if (number == nullptr || digits == nullptr) return {};
  constexpr double kMostDigits = 18;
  const int scale = static_cast<int>(std::trunc(std::clamp(*digits, -kMostDigits, kMostDigits)));
  return round_to_scale(*number, scale);
}

}  // namespace

FormulaValue call_text_function(FormulaFunction function, std::span<const FormulaValue> arguments) {
  switch (function) {
    case F::concatenate:
      return bounded(std::string(view_of(arguments[0])).append(view_of(arguments[1])));
    case F::is_number:
      return parse_number(view_of(arguments[0])).has_value();
    case F::is_picklist_value:
      return view_of(arguments[0]) == view_of(arguments[1]);
    case F::text:
      return text_of_any(arguments[0]);
    case F::length:
      return static_cast<double>(utf16_length(view_of(arguments[0])));
    case F::upper:
      return upper_case(view_of(arguments[0]));
    case F::lower:
      return fold_case(view_of(arguments[0]));
    case F::trim:
      return trimmed(view_of(arguments[0]));
    case F::left:
    case F::right:
    case F::middle:
      return part(function, arguments);
    case F::contains:
      return view_of(arguments[0]).find(view_of(arguments[1])) != std::string_view::npos;
    case F::begins:
      return view_of(arguments[0]).starts_with(view_of(arguments[1]));
    case F::find:
      return find_place(arguments);
    case F::substitute:
      return substitute(arguments);
    case F::line_break:
      return std::string("\n");
    case F::value: {
      if (is_blank(arguments[0])) return {};
      const auto number = parse_number(view_of(arguments[0]));
      return number ? FormulaValue(*number) : FormulaValue(FormulaError{});
    }
    default:
      return rounded(arguments);
  }
}

}  // namespace orgsim
