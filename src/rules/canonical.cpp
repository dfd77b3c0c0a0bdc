#include "rules/canonical.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

namespace duet::rules {
namespace {

constexpr std::string_view kBlank = " \t\r\n\v\f";

std::string trim(std::string_view text) {
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kBlank) - first + 1));
}

std::string with_line_feeds(std::string text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') {
      out += text[i];
    } else if (i + 1 >= text.size() || text[i + 1] != '\n') {
      out += '\n';
    }
  }
  return out;
}

std::string in_set_order(const std::string& text) {
  std::vector<std::string> items;
  std::size_t from = 0;
  while (from <= text.size()) {
    const auto end = std::min(text.find(';', from), text.size());
    if (auto item = trim(std::string_view(text).substr(from, end - from)); !item.empty())
      items.push_back(std::move(item));
    from = end + 1;
  }
  std::ranges::sort(items);
  items.erase(std::unique(items.begin(), items.end()), items.end());
  return fmt::format("{}", fmt::join(items, ";"));
}

constexpr std::string_view kChecksum = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
constexpr std::size_t kShortId = 15;

std::string with_checksum(const std::string& id) {
  if (id.size() != kShortId) return id;
  std::string out = id;
  for (std::size_t group = 0; group < 3; ++group) {
    unsigned bits = 0;
    for (std::size_t i = 0; i < 5; ++i) {
      const char c = id[group * 5 + i];
      if (c >= 'A' && c <= 'Z') bits |= 1U << i;
    }
    out += kChecksum[bits];
  }
  return out;
}

Value canonical_text(const FieldSchema& field, const std::string& text) {
  std::string out = with_line_feeds(trim(text));
  if (out.empty()) return Null{};
  if (field.type == FieldType::multipicklist) out = in_set_order(out);
  if (field.type == FieldType::id || field.type == FieldType::reference) out = with_checksum(out);
  return out;
}

bool is_floating(FieldType type) {
  return type == FieldType::double_number || type == FieldType::currency || type == FieldType::percent;
}

Value canonical_number(const FieldSchema& field, double number) {
  if (field.type == FieldType::integer) return static_cast<std::int64_t>(std::llround(number));
  // Beyond 2^53 a double has no fraction to round, and scaling it would only add error.
  if (std::abs(number) < 9e15 && field.scale >= 0 && field.scale <= 18) {
    const double factor = std::pow(10.0, field.scale);
    const double scaled = number * factor;
    if (std::abs(scaled) < 9e15) number = std::round(scaled) / factor;
  }
  return number == 0.0 ? 0.0 : number;
}

}  // namespace

Value canonical(const FieldSchema& field, const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return canonical_text(field, *text);
  if (const auto* number = std::get_if<double>(&value)) return canonical_number(field, *number);
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    if (is_floating(field.type)) return canonical_number(field, static_cast<double>(*integer));
    return *integer;
  }
  if (const auto* time = std::get_if<DateTime>(&value)) {
    const TimeMs seconds = time->ms / kMsPerSecond - (time->ms % kMsPerSecond < 0 ? 1 : 0);
    return DateTime{seconds * kMsPerSecond};
  }
  return value;
}

bool equal(const FieldSchema& field, const Value& a, const Value& b) {
  if (is_absent(a) || is_absent(b)) return false;
  if (a == b) return true;
  return canonical(field, a) == canonical(field, b);
}

bool same_key(const FieldSchema& field, std::string_view a, std::string_view b) {
  const std::string left = trim(a);
  const std::string right = trim(b);
  return field.case_sensitive ? left == right : equals_ignoring_case(left, right);
}

std::string key_text(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return fmt::format("{}", *integer);
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  return {};
}

}  // namespace duet::rules
