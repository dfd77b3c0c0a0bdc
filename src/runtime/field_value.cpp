#include "runtime/field_value.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/time.h"
#include "runtime/issue_actions.h"

namespace duet::runtime {
namespace {

using Json = nlohmann::json;

std::unexpected<Error> bad(const FieldSchema& field, std::string_view wanted) {
  return fail(ErrorKind::bad_data, fmt::format("{} must be {}", field.name, wanted));
}

std::optional<double> number_of(const Json& json) {
  if (json.is_number()) return json.get<double>();
  if (!json.is_string()) return std::nullopt;
  const std::string& text = json.get_ref<const std::string&>();
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

Result<Value> text_for_field(const FieldSchema& field, const Json& json) {
  if (!json.is_string()) return bad(field, "a text");
  std::string text = json.get<std::string>();
  if (text.contains('\0')) return bad(field, "a text without NUL");
  if (field.length > 0 && characters(text) > static_cast<std::size_t>(field.length))
    return bad(field, fmt::format("at most {} characters", field.length));
  if (text.empty()) return Value(Null{});
  return Value(std::move(text));
}

}  // namespace

Result<Value> value_for_field(const FieldSchema& field, const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded() || json.is_structured()) return bad(field, "a plain value");
  if (json.is_null()) return Value(Null{});
  switch (field.type) {
    case FieldType::boolean:
      if (json.is_boolean()) return Value(json.get<bool>());
      if (json == "true" || json == "false") return Value(json == "true");
      return bad(field, "true or false");
    case FieldType::integer: {
      const auto number = number_of(json);
      constexpr double kMost = 2'147'483'647;
      if (!number || !(*number >= -kMost - 1 && *number <= kMost) ||
          *number != static_cast<double>(static_cast<std::int64_t>(*number)))
        return bad(field, "a whole number");
      return Value(static_cast<std::int64_t>(*number));
    }
    case FieldType::double_number:
    case FieldType::currency:
    case FieldType::percent: {
      const auto number = number_of(json);
      if (!number) return bad(field, "a number");
      return Value(*number);
    }
    case FieldType::date: {
      const auto days = json.is_string() ? parse_date(json.get<std::string>()) : bad(field, "a date");
      if (!days) return bad(field, "a date such as 2026-01-31");
      return Value(Date{*days});
    }
    case FieldType::datetime: {
      const auto ms = json.is_string() ? parse_timestamp(json.get<std::string>()) : bad(field, "a time");
      if (!ms) return bad(field, "a time such as 2026-01-31T10:00:00Z");
      return Value(DateTime{*ms});
    }
    case FieldType::time: {
      const auto ms = json.is_string() ? parse_time_of_day(json.get<std::string>()) : bad(field, "a time");
      if (!ms) return bad(field, "a time of day such as 10:00:00");
      return Value(TimeOfDay{*ms});
    }
    default:
      return text_for_field(field, json);
  }
}

std::string detail_of(const IssueDecision& decision) {
  Json detail = Json::object();
  if (!decision.use.empty()) detail["use"] = decision.use;
  if (!decision.fields.empty()) detail["fields"] = decision.fields;
  // The values themselves are in the journal, not in the log of actions.
  for (const auto& [field, value] : decision.set) detail["set"].push_back(field);
  if (decision.always) detail["always"] = true;
  return detail.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace duet::runtime
