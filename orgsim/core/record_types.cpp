#include "orgsim/core/record_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "orgsim/core/ascii.h"
#include "orgsim/core/org_state.h"

namespace orgsim {

namespace {

using nlohmann::json;

bool is_developer_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  return !name.empty() && name.size() <= 80 && letter(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

std::string text_of(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr ? *text : std::string();
}

}  // namespace

Outcome<std::vector<RecordTypeInput>> read_record_types(const json& list) {
  constexpr const char* kWanted =
      "'recordTypes' must be a list of {\"developerName\",\"name\",\"description\",\"active\",\"default\"}";
  if (!list.is_array()) return fail(codes::kInvalidType, kWanted);
  std::vector<RecordTypeInput> types;
  for (const json& item : list) {
    if (!item.is_object()) return fail(codes::kInvalidType, kWanted);
    RecordTypeInput& type = types.emplace_back();
    for (const auto& [key, value] : item.items()) {
      const bool is_text = key == "developerName" || key == "name" || key == "description";
      const bool is_flag = key == "active" || key == "default";
      if ((!is_text && !is_flag) || (is_text && !value.is_string()) || (is_flag && !value.is_boolean())) {
        return fail(codes::kInvalidType, kWanted);
      }
    }
    type.type.developer_name = item.value("developerName", "");
    if (!is_developer_name(type.type.developer_name)) {
      return fail(codes::kInvalidType, "a record type needs a 'developerName' of letters, digits and _");
    }
    type.type.name = item.value("name", type.type.developer_name);
    type.type.active = item.value("active", true);
    type.type.is_default = item.value("default", false);
    type.description = item.value("description", "");
    if (type.type.is_default && !type.type.active) {
      return fail(codes::kInvalidType, "the default record type must be active");
    }
  }
  if (std::ranges::count_if(types, [](const auto& type) { return type.type.is_default; }) > 1) {
    return fail(codes::kInvalidType, "an object has one default record type");
  }
  return types;
}

json record_type_infos(const ObjectDef& object) {
  json infos = json::array();
  const bool has_default = std::ranges::any_of(object.record_types, &RecordTypeDef::is_default);
  const auto add = [&infos](const RecordTypeDef& type, bool master) {
    infos.push_back({{"active", type.active},
                     {"available", type.active},
                     {"defaultRecordTypeMapping", type.is_default},
                     {"developerName", type.developer_name},
                     {"master", master},
                     {"name", type.name},
                     {"recordTypeId", type.id}});
  };
  for (const RecordTypeDef& type : object.record_types) add(type, false);
  add({.id = std::string(kMasterRecordType), .developer_name = "Master", .name = "Master", .is_default = !has_default},
      true);
  return infos;
}

void Org::Impl::put_record_types(const ObjectDef& object, const json& list) {
  const auto types = read_record_types(list);
  if (!types) return;
  const ObjectDef& rows = *schema.object("RecordType");
  for (const RecordTypeInput& input : *types) {
    const auto known = std::ranges::find_if(object.record_types, [&](const RecordTypeDef& type) {
      return same_name(type.developer_name, input.type.developer_name);
    });
    const std::string id =
        put_row(rows, known == object.record_types.end() ? std::nullopt : slot_of_id(rows, known->id),
                {{"SobjectType", object.name},
                 {"DeveloperName", input.type.developer_name},
                 {"Name", input.type.name},
                 {"IsActive", input.type.active},
                 {"Description", input.description.empty() ? Value{} : Value{input.description}}});
    if (!input.type.is_default) continue;
    default_record_types[object.index] = id;
  }
  refresh_record_types();
}

void Org::Impl::refresh_record_types() {
  const ObjectDef& rows = *schema.object("RecordType");
  std::map<std::uint16_t, std::vector<RecordTypeDef>> by_object;
  const Table& all = table(rows);
  for (std::uint32_t slot = 0; slot < all.size(); ++slot) {
    if (all.state(slot) != RowState::live) continue;
    const std::vector<Value> values = full_values(rows, slot, RowState::live, all.stamp(slot), all.packed(slot));
    const auto get = [&](const char* name) { return values[rows.field(name)->index]; };
    const ObjectDef* object = schema.object(text_of(get("SobjectType")));
    if (object == nullptr || object->platform_event) continue;
    RecordTypeDef& type = by_object[object->index].emplace_back();
    type.id = id_of(row_key(rows.index, slot));
    type.developer_name = text_of(get("DeveloperName"));
    type.name = text_of(get("Name"));
    type.active = get("IsActive") == Value{true};
    const auto chosen = default_record_types.find(object->index);
    type.is_default = type.active && chosen != default_record_types.end() && chosen->second == type.id;
  }
  for (auto& [index, types] : by_object) schema.set_record_types(index, std::move(types));
  widen_open_rows();
}

}  // namespace orgsim
