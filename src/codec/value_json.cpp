#include "codec/value_json.h"

#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace duet::codec {
namespace {

using Json = nlohmann::json;

struct ToJson {
  Json operator()(Absent) const { return {{"absent", true}}; }
  Json operator()(Null) const { return nullptr; }
  Json operator()(bool value) const { return value; }
  Json operator()(std::int64_t value) const { return value; }
  Json operator()(double value) const { return {{"double", fmt::format("{}", value)}}; }
  Json operator()(const std::string& value) const { return value; }
  Json operator()(Date value) const { return {{"date", format_date(value.days)}}; }
  Json operator()(DateTime value) const { return {{"datetime", format_timestamp(value.ms)}}; }
  Json operator()(TimeOfDay value) const { return {{"time", format_time_of_day(value.ms)}}; }
};

std::unexpected<Error> bad(std::string message) { return fail(ErrorKind::bad_data, std::move(message)); }

Result<Value> tagged(const std::string& tag, const Json& json) {
  if (tag == "absent") return Value(Absent{});
  if (tag == "null") return Value(Null{});
  if (!json.is_string()) return bad("a typed value must be a JSON string");
  const std::string& text = json.get_ref<const std::string&>();
  if (tag == "double") {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return bad("not a number");
    return Value(number);
  }
  if (tag == "date") return Value(Date{DUET_TRY(parse_date(text))});
  if (tag == "datetime") return Value(DateTime{DUET_TRY(parse_timestamp(text))});
  if (tag == "time") return Value(TimeOfDay{DUET_TRY(parse_time_of_day(text))});
  return bad(fmt::format("unknown value type {}", tag));
}

}  // namespace

Json value_to_json(const Value& value) { return std::visit(ToJson{}, value); }

Result<Value> value_from_json(const Json& json) {
  if (json.is_null()) return Value(Null{});
  if (json.is_boolean()) return Value(json.get<bool>());
  if (json.is_number_integer()) return Value(json.get<std::int64_t>());
  if (json.is_string()) return Value(json.get<std::string>());
  if (json.is_object() && json.size() == 1) return tagged(json.begin().key(), json.begin().value());
  return bad("not a value");
}

Json fields_to_json(const FieldValues& fields) {
  Json json = Json::object();
  for (const auto& [name, value] : fields) json[name] = value_to_json(value);
  return json;
}

Result<FieldValues> fields_from_json(const Json& json) {
  if (!json.is_object()) return bad("fields must be a JSON object");
  FieldValues fields;
  for (const auto& [name, value] : json.items()) fields.emplace(name, DUET_TRY(value_from_json(value)));
  return fields;
}

Result<Json> parse_json_object(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return bad("not a JSON object");
  return json;
}

std::string dump_json(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace duet::codec
