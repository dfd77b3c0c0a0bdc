#include "orgsim/core/standard_objects.h"

#include <nlohmann/json.hpp>

#include "orgsim/core/schema.h"
#include "orgsim/core/schema_edit.h"

namespace orgsim {

namespace {

using nlohmann::json;

std::string text(const json& from, const char* key) { return from.value(key, std::string()); }

std::vector<PicklistEntry> read_picklist(const json& field, const json& sets) {
  std::vector<PicklistEntry> entries;
  const json* list = nullptr;
  if (field.contains("picklist")) {
    list = &field["picklist"];
  } else if (field.contains("picklistRef")) {
    list = &sets.at(field["picklistRef"].get<std::string>());
  }
  if (list == nullptr) return entries;
  const std::string chosen = text(field, "defaultValue");
  for (const json& item : *list) {
    PicklistEntry entry;
    entry.value = item.is_string() ? item.get<std::string>() : text(item, "value");
    entry.label = item.is_string() ? entry.value : text(item, "label");
    entry.is_default = !chosen.empty() && entry.value == chosen;
    entries.push_back(std::move(entry));
  }
  return entries;
}

FieldDef read_field(const json& from, const json& sets) {
  FieldDef field;
  field.name = text(from, "name");
  field.label = text(from, "label");
  field.type = parse_field_type(text(from, "type")).value_or(FieldType::string);
  field.length = from.value("length", 0);
  apply_type_flags(field);
  if (field.type == FieldType::id || field.type == FieldType::reference) field.length = 18;
  field.precision = from.value("precision", 0);
  field.scale = from.value("scale", 0);
  field.digits = from.value("digits", 0);
  const auto flag = [&from](const char* key, bool& target) { target = from.value(key, target); };
  flag("nillable", field.nillable);
  flag("createable", field.createable);
  flag("updateable", field.updateable);
  flag("defaultedOnCreate", field.defaulted_on_create);
  flag("idLookup", field.id_lookup);
  flag("nameField", field.name_field);
  flag("autoNumber", field.auto_number);
  flag("restrictedPicklist", field.restricted_picklist);
  flag("aggregatable", field.aggregatable);
  flag("groupable", field.groupable);
  flag("sortable", field.sortable);
  flag("filterable", field.filterable);
  flag("locksParent", field.locks_parent);
  field.compound_name = text(from, "compoundFieldName");
  field.extra_type_info = text(from, "extraTypeInfo");
  field.default_text = text(from, "defaultValue");
  field.relationship_name = text(from, "relationshipName");
  if (from.contains("referenceTo")) field.reference_to = from["referenceTo"].get<std::vector<std::string>>();
  field.picklist = read_picklist(from, sets);
  return field;
}

Setup setup_of(std::string_view name) {
  if (name == "RecordType") return Setup::record_types;
  if (name == "CurrencyType") return Setup::currencies;
  const bool is_access = name == "User" || name == "Profile" || name == "PermissionSet" ||
                         name == "PermissionSetAssignment" || name == "ObjectPermissions" || name == "FieldPermissions";
  return is_access ? Setup::access : Setup::none;
}

ObjectDef read_object(const json& from, const json& sets) {
  ObjectDef object;
  object.name = text(from, "name");
  object.setup = setup_of(object.name);
  object.label = text(from, "label");
  object.label_plural = text(from, "labelPlural");
  object.key_prefix = text(from, "keyPrefix");
  const auto flag = [&from](const char* key, bool& target) { target = from.value(key, false); };
  flag("createable", object.createable);
  flag("updateable", object.updateable);
  flag("deletable", object.deletable);
  flag("undeletable", object.undeletable);
  flag("mergeable", object.mergeable);
  flag("queryable", object.queryable);
  flag("replicateable", object.replicateable);
  flag("retrieveable", object.retrieveable);
  flag("searchable", object.searchable);
  flag("triggerable", object.triggerable);
  flag("layoutable", object.layoutable);
  flag("mruEnabled", object.mru_enabled);
  flag("feedEnabled", object.feed_enabled);
  flag("cdc", object.cdc_supported);
  object.cdc_selected = object.cdc_supported;
  for (const json& field : from.at("fields")) object.fields.push_back(read_field(field, sets));
  for (const json& child : from.at("children")) {
    object.children.push_back({text(child, "childSObject"), text(child, "field"), text(child, "relationshipName"),
                               child.value("cascadeDelete", false), child.value("restrictedDelete", false)});
  }
  return object;
}

}  // namespace

Schema Schema::standard() {
  // Parsed once: simulations make thousands of orgs.
  static const Schema parsed = [] {
    Schema schema;
    const json data = json::parse(standard_objects_json());
    for (const json& object : data.at("objects")) schema.add(read_object(object, data.at("picklistSets")));
    schema.show_object(schema.object("CurrencyType")->index, false);
    return schema;
  }();
  return parsed;
}

}  // namespace orgsim
