#include "orgsim/core/record_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "orgsim/core/query.h"
#include "orgsim/core/time_text.h"

namespace orgsim {

using nlohmann::json;
using nlohmann::ordered_json;

json rest_value(const FieldDef& field, const CellView& cell) { return rest_value(field.type, cell); }

json rest_value(FieldType type, const CellView& cell) {
  if (is_null(cell)) return nullptr;
  if (const auto* text = std::get_if<std::string_view>(&cell)) return std::string(*text);
  if (const auto* flag = std::get_if<bool>(&cell)) return *flag;
  if (const auto* number = std::get_if<double>(&cell)) return *number;
  const auto integer = std::get<std::int64_t>(cell);
  if (type == FieldType::datetime) return rest_datetime(integer);
  if (type == FieldType::date) return date_text(integer);
  if (type == FieldType::time) return time_text(integer);
  return integer;
}

ordered_json record_attributes(const ObjectDef& object, std::string_view id, std::string_view version) {
  return {{"type", object.name}, {"url", fmt::format("/services/data/v{}/sobjects/{}/{}", version, object.name, id)}};
}

std::string blob_url(const ObjectDef& object, std::string_view id, const FieldDef& field, std::string_view version) {
  return fmt::format("/services/data/v{}/sobjects/{}/{}/{}", version, object.name, id, field.name);
}

ordered_json compound_value(const ObjectDef& object, const FieldDef& compound,
                            const std::function<CellView(const FieldDef&)>& part_value) {
  constexpr std::array<std::string_view, 10> kAddress = {"City",      "Country",   "CountryCode", "GeocodeAccuracy",
                                                         "Latitude",  "Longitude", "PostalCode",  "State",
                                                         "StateCode", "Street"};
  constexpr std::array<std::string_view, 2> kLocation = {"Latitude", "Longitude"};
  const auto parts = object.parts(compound.name);
  ordered_json out = ordered_json::object();
  bool any = false;
  const auto add = [&](std::string_view member) {
    const auto part = std::ranges::find_if(parts, [member](const FieldDef* field) {
      return field->name.ends_with(member) || field->name.ends_with(std::string(member) + "__s");
    });
    json value = part == parts.end() ? json(nullptr) : rest_value(**part, part_value(**part));
    any = any || !value.is_null();
    std::string key(member);
    key[0] = static_cast<char>(key[0] | 0x20);
    out[key] = std::move(value);
  };
  if (compound.type == FieldType::address) {
    std::ranges::for_each(kAddress, add);
  } else {
    std::ranges::for_each(kLocation, add);
  }
  return any ? out : ordered_json(nullptr);
}

}  // namespace orgsim
