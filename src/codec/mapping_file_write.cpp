#include <algorithm>

#include <nlohmann/json.hpp>

#include "codec/mapping_file.h"

namespace duet::codec {
namespace {

using Json = nlohmann::ordered_json;

Json fields_of(const FileMapping& mapping) {
  auto fields = mapping.fields;
  std::ranges::sort(fields, {}, &FileField::name);
  Json out = Json::object();
  for (const FileField& field : fields) {
    Json& options = out[field.name] = Json::object();
    if (field.conflict) options["conflict"] = name_of(*field.conflict);
  }
  return out;
}

Json indexes_of(const FileMapping& mapping) {
  auto indexes = mapping.indexes;
  std::ranges::sort(indexes, {}, &MappedIndex::field);
  Json out = Json::object();
  for (const MappedIndex& index : indexes) out[index.field] = {{"unique", index.unique}};
  return out;
}

Json config_of(const FileMapping& mapping) {
  Json config;
  config["access"] = mapping.access == Access::read_write ? "read_write" : "read_only";
  if (!mapping.upsert_field.empty()) config["upsert_field"] = mapping.upsert_field;
  if (mapping.conflict != ConflictPolicy::newest) config["conflict"] = name_of(mapping.conflict);
  if (mapping.delete_conflict != ConflictPolicy::newest) config["delete"] = name_of(mapping.delete_conflict);
  if (mapping.ordered) config["ordered"] = true;
  if (!mapping.groups.empty()) {
    auto groups = mapping.groups;
    std::ranges::sort(groups, {}, &FieldGroup::name);
    for (FieldGroup& group : groups) {
      std::ranges::sort(group.fields);
      config["groups"][group.name] = group.fields;
    }
  }
  if (!mapping.match.empty()) config["match"] = mapping.match;
  config["sf_notify_enabled"] = false;
  config["sf_polling_seconds"] = mapping.polling_seconds;
  config["fields"] = fields_of(mapping);
  config["indexes"] = indexes_of(mapping);
  return config;
}

}  // namespace

std::string write_mapping_file(const MappingFile& file) {
  Json root;
  root["version"] = 1;
  Json& connection = root["connection"];
  connection["name"] = file.connection_name;
  connection["organization_id"] = file.organization_id;
  connection["api_version"] = file.api_version;
  if (!file.exported_at.empty()) connection["exported_at"] = file.exported_at;
  auto mappings = file.mappings;
  std::ranges::sort(mappings, {}, &FileMapping::object);
  Json& list = root["mappings"] = Json::array();
  for (const FileMapping& mapping : mappings) {
    list.push_back({{"object_name", mapping.object}, {"config", config_of(mapping)}});
  }
  return root.dump(4, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace duet::codec
