#include "runtime/value_json.h"

#include <type_traits>

#include <nlohmann/json.hpp>

namespace duet::runtime {

using Json = nlohmann::ordered_json;

Json plain_json(const Value& value) {
  return std::visit(
      [](const auto& each) -> Json {
        using T = std::decay_t<decltype(each)>;
        if constexpr (std::is_same_v<T, Absent> || std::is_same_v<T, Null>) {
          return nullptr;
        } else if constexpr (std::is_same_v<T, Date>) {
          return format_date(each.days);
        } else if constexpr (std::is_same_v<T, DateTime>) {
          return format_timestamp(each.ms);
        } else if constexpr (std::is_same_v<T, TimeOfDay>) {
          return format_time_of_day(each.ms);
        } else {
          return each;
        }
      },
      value);
}

Json plain_json(const FieldValues& values) {
  Json out = Json::object();
  for (const auto& [name, value] : values) {
    if (!is_absent(value)) out[name] = plain_json(value);
  }
  return out;
}

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

Json time_or_null(TimeMs time) { return time == 0 ? Json() : Json(format_timestamp(time)); }

std::string json_text(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace duet::runtime
