#include "codec/change_event_value.h"

#include <algorithm>
#include <cmath>

#include <simdjson.h>

namespace duet::codec {
namespace {

constexpr std::size_t kShortId = 15;
constexpr std::size_t kLongId = 18;

std::int64_t floor_div(std::int64_t value, std::int64_t divisor) {
  std::int64_t quotient = value / divisor;
  return value % divisor < 0 ? quotient - 1 : quotient;
}

bool is_number(const AvroValue& value) {
  return std::holds_alternative<std::int64_t>(value.data) && value.type->kind != AvroKind::enumeration;
}

bool is_base62(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

}  // namespace

Value text_value(std::string_view text) {
  std::string copy(text);
  if (copy.contains('\0')) std::erase(copy, '\0');
  if (copy.empty()) return Null{};
  return copy;
}

std::optional<Value> value_from_avro(const AvroValue& value, FieldType type) {
  if (value.is_null()) return Null{};
  switch (type) {
    case FieldType::boolean:
      if (auto* flag = std::get_if<bool>(&value.data)) return *flag;
      return std::nullopt;
    case FieldType::integer:
      if (is_number(value)) return value.integer();
      if (auto* number = std::get_if<double>(&value.data);
          number && std::trunc(*number) == *number && std::abs(*number) < 9e15) {
        return static_cast<std::int64_t>(*number);
      }
      return std::nullopt;
    case FieldType::double_number:
    case FieldType::currency:
    case FieldType::percent:
      if (auto* number = std::get_if<double>(&value.data); number && std::isfinite(*number)) return *number;
      if (is_number(value)) return static_cast<double>(value.integer());
      return std::nullopt;
    case FieldType::date: {
      if (!is_number(value)) return std::nullopt;
      std::int64_t days = floor_div(value.integer(), kMsPerDay);
      if (days < -1'000'000 || days > 4'000'000) return std::nullopt;
      return Date{static_cast<std::int32_t>(days)};
    }
    case FieldType::datetime:
      if (is_number(value)) return DateTime{value.integer()};
      return std::nullopt;
    case FieldType::time:
      if (is_number(value) && value.integer() >= 0 && value.integer() < kMsPerDay) return TimeOfDay{value.integer()};
      return std::nullopt;
    case FieldType::address:
    case FieldType::location:
    case FieldType::base64:
      return std::nullopt;
    default:
      break;
  }
  if (value.type->kind == AvroKind::enumeration)
    return Value(value.type->symbols[static_cast<std::size_t>(value.integer())]);
  auto* text = std::get_if<std::string_view>(&value.data);
  if (!text || !simdjson::validate_utf8(*text)) return std::nullopt;
  return text_value(*text);
}

std::string record_id_18(std::string_view id) {
  if ((id.size() != kShortId && id.size() != kLongId) || !std::ranges::all_of(id, is_base62)) return {};
  id = id.substr(0, kShortId);
  if (std::ranges::all_of(id, [](char c) { return c == '0'; })) return {};
  std::string result(id);
  for (std::size_t group = 0; group < kShortId; group += 5) {
    int bits = 0;
    for (std::size_t i = 0; i < 5; ++i) {
      if (id[group + i] >= 'A' && id[group + i] <= 'Z') bits |= 1 << i;
    }
    result.push_back("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[bits]);
  }
  return result;
}

}  // namespace duet::codec
