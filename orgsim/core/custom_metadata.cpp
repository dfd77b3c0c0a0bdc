#include "orgsim/core/custom_metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "orgsim/core/ascii.h"
#include "orgsim/core/ids.h"
#include "orgsim/core/org.h"

namespace orgsim {

namespace {

using nlohmann::json;

struct TypeName {
  std::string_view metadata;
  FieldType type;
  bool needs_length = false;
  bool needs_precision = false;
};

constexpr std::array<TypeName, 19> kTypes = {{{"Text", FieldType::string, true},
                                              {"Number", FieldType::double_, false, true},
                                              {"Currency", FieldType::currency, false, true},
                                              {"Percent", FieldType::percent, false, true},
                                              {"Checkbox", FieldType::boolean},
                                              {"Date", FieldType::date},
                                              {"DateTime", FieldType::datetime},
                                              {"Time", FieldType::time},
                                              {"Email", FieldType::email},
                                              {"Phone", FieldType::phone},
                                              {"Url", FieldType::url},
                                              {"TextArea", FieldType::textarea},
                                              {"LongTextArea", FieldType::textarea, true},
                                              {"Html", FieldType::textarea, true},
                                              {"Picklist", FieldType::picklist},
                                              {"MultiselectPicklist", FieldType::multipicklist},
                                              {"Lookup", FieldType::reference},
                                              {"EncryptedText", FieldType::encryptedstring, true},
                                              {"Location", FieldType::location}}};

std::unexpected<Error> integrity(std::string message, std::string field = "FullName") {
  return fail(codes::kFieldIntegrity, std::move(message), {std::move(field)});
}

std::string text(const json& from, const char* key) {
  return from.contains(key) && from[key].is_string() ? from[key].get<std::string>() : std::string();
}

/// XML has texts only, so that a flag may be one.
bool flag(const json& from, const char* key) {
  return from.contains(key) && (from[key] == true || from[key] == "true");
}

std::optional<std::int64_t> number(const json& from, const char* key) {
  if (!from.contains(key)) return std::nullopt;
  if (from[key].is_number_integer()) return from[key].get<std::int64_t>();
  if (!from[key].is_string()) return std::nullopt;
  const auto digits = from[key].get<std::string>();
  const bool good =
      !digits.empty() && digits.size() < 8 && std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
  return good ? std::optional<std::int64_t>(std::stoll(digits)) : std::nullopt;
}

json picklist_of(const json& metadata) {
  json entries = json::array();
  const json set = metadata.value("valueSet", json::object());
  if (!set.is_object() || !set.contains("valueSetDefinition") || !set["valueSetDefinition"].is_object()) return entries;
  json values = set["valueSetDefinition"].value("value", json::array());
  if (values.is_object()) values = json::array({values});
  for (const json& value : values) {
    const std::string name = text(value, "fullName").empty() ? text(value, "valueName") : text(value, "fullName");
    if (name.empty()) continue;
    entries.push_back({{"value", name},
                       {"label", text(value, "label").empty() ? name : text(value, "label")},
                       {"default", flag(value, "default")}});
  }
  return entries;
}

/// The field's definition as schema_edit.h has it.
Outcome<json> field_definition(const std::string& name, const json& metadata, bool exists) {
  if (!metadata.is_object())
    return fail(codes::kRequiredFieldMissing, "Required fields are missing: [Metadata]", {"Metadata"});
  const std::string type = text(metadata, "type");
  json out = {{"name", name}};
  if (text(metadata, "label").empty() && !exists) {
    return integrity("Must specify a non-empty label for the CustomField", "Metadata");
  }
  if (!text(metadata, "label").empty()) out["label"] = text(metadata, "label");
  const bool is_auto_number = type == "AutoNumber";
  const bool is_master_detail = type == "MasterDetail";
  const auto* known = std::ranges::find(kTypes, type, &TypeName::metadata);
  if (known == kTypes.end() && !is_auto_number && !is_master_detail) {
    return fail(codes::kInvalidType, fmt::format("'{}' is not a valid value for the enum 'FieldType'", type), {"type"});
  }
  const std::string formula = text(metadata, "formula");
  const auto length = number(metadata, "length");
  const auto precision = number(metadata, "precision");
  const auto scale = number(metadata, "scale");
  if (known != kTypes.end() && formula.empty()) {
    if (known->needs_length && !length)
      return integrity(fmt::format("Must specify 'length' for a CustomField of type {}", type));
    if (known->needs_precision && (!precision || !scale)) {
      return integrity(
          fmt::format("Must specify '{}' for a CustomField of type {}", precision ? "scale" : "precision", type));
    }
  }
  const FieldType stored = is_auto_number ? FieldType::string : is_master_detail ? FieldType::reference : known->type;
  out["type"] = type_name(stored);
  if (known != kTypes.end() && known->needs_length && length) out["length"] = *length;
  // A location's scale is how it is shown.
  if (known != kTypes.end() && known->needs_precision) {
    if (precision) out["precision"] = *precision;
    if (scale) out["scale"] = *scale;
  }
  if (is_auto_number) out["autoNumber"] = true;
  if (type == "Html") out["richText"] = true;
  if (!formula.empty()) {
    out["formula"] = formula;
    out["formulaTreatNullNumberAsZero"] = text(metadata, "formulaTreatBlanksAs") == "BlankAsZero";
  }
  for (const char* key : {"unique", "externalId", "caseSensitive", "required"}) {
    if (flag(metadata, key)) out[key] = true;
  }
  if (stored == FieldType::reference) {
    json targets = metadata.value("referenceTo", json(nullptr));
    if (targets.is_null() || targets == "")
      return integrity("Must specify 'referenceTo' for a CustomField of type " + type);
    out["referenceTo"] = targets;
    if (is_master_detail) out["masterDetail"] = true;
    if (text(metadata, "deleteConstraint") == "Restrict") out["restrictedDelete"] = true;
    if (const auto children = text(metadata, "relationshipName"); !children.empty()) {
      out["childRelationshipName"] = children + "__r";
    }
  }
  if (stored == FieldType::picklist || stored == FieldType::multipicklist) {
    out["picklist"] = picklist_of(metadata);
    const json set = metadata.value("valueSet", json::object());
    if (set.is_object() && flag(set, "restricted")) out["restrictedPicklist"] = true;
    if (out["picklist"].empty()) return integrity("Must specify valueSet for a CustomField of type " + type);
  }
  if (stored == FieldType::boolean) out["defaultValue"] = flag(metadata, "defaultValue");
  return out;
}

std::pair<std::string_view, std::string_view> split(std::string_view full_name) {
  const std::size_t dot = full_name.find('.');
  if (dot == std::string_view::npos) return {};
  return {full_name.substr(0, dot), full_name.substr(dot + 1)};
}

}  // namespace

Outcome<void> CustomMetadata::apply(const json& definition) {
  if (auto made = org_.apply_objects(definition); !made) return std::unexpected(made.error());
  return {};
}

Outcome<std::string> CustomMetadata::create_field(std::string_view full_name, const json& metadata) {
  const auto [object_name, name] = split(full_name);
  if (name.empty()) return fail(codes::kRequiredFieldMissing, "Required fields are missing: [FullName]", {"FullName"});
  const ObjectDef* object = org_.schema().object(object_name);
  if (object == nullptr) {
    return fail(codes::kBadPicklist,
                fmt::format("Entity Enumeration Or ID: bad value for restricted picklist field: {}", object_name),
                {"TableEnumOrId"});
  }
  if (!name.ends_with("__c")) return integrity("The custom field's name must end in __c");
  if (object->field(name) != nullptr || object->hidden_field(name) != nullptr) {
    return fail("DUPLICATE_DEVELOPER_NAME",
                fmt::format("There is already a field named {} on {}.", name.substr(0, name.size() - 3), object->label),
                {"DeveloperName"});
  }
  auto field = field_definition(std::string(name), metadata, false);
  if (!field) return std::unexpected(field.error());
  (*field)["guarded"] = true;
  if (auto made = apply({{"name", object->name}, {"fields", {*field}}}); !made) return std::unexpected(made.error());
  return object->field(name)->custom_id;
}

Outcome<void> CustomMetadata::update_field(std::string_view full_name, const json& metadata) {
  const CustomField known = find_custom_field(org_.schema(), full_name);
  if (known.field == nullptr) return fail(codes::kNotFound, "The requested resource does not exist");
  json whole = metadata;
  if (whole.is_object() && !whole.contains("type")) whole["type"] = field_metadata(*known.field)["type"];
  auto field = field_definition(known.field->name, whole, true);
  if (!field) return std::unexpected(field.error());
  for (const char* fixed : {"masterDetail", "autoNumber", "referenceTo", "childRelationshipName"}) field->erase(fixed);
  return apply({{"name", known.object->name}, {"fields", {*field}}});
}

Outcome<void> CustomMetadata::delete_field(std::string_view full_name) {
  const CustomField known = find_custom_field(org_.schema(), full_name);
  if (known.field == nullptr) return fail(codes::kNotFound, "The requested resource does not exist");
  return apply({{"name", known.object->name}, {"fields", {{{"name", known.field->name}, {"remove", true}}}}});
}

Outcome<void> CustomMetadata::create_object(std::string_view full_name, const json& metadata) {
  if (org_.schema().object(full_name) != nullptr) {
    return fail("DUPLICATE_DEVELOPER_NAME", fmt::format("This object name is already in use: {}", full_name),
                {"fullName"});
  }
  if (!full_name.ends_with("__c")) return integrity("The custom object's name must end in __c");
  if (!metadata.is_object() || text(metadata, "label").empty()) {
    return integrity("Must specify a non-empty label for the CustomObject", "label");
  }
  json name_field = metadata.value("nameField", json::object());
  if (!name_field.is_object() || text(name_field, "type").empty()) {
    return integrity("Must specify a nameField of type Text or AutoNumber", "nameField");
  }
  json definition = {{"name", full_name},
                     {"label", text(metadata, "label")},
                     {"cdc", false},
                     {"nameField", {{"type", text(name_field, "type") == "AutoNumber" ? "autonumber" : "string"}}}};
  if (!text(metadata, "pluralLabel").empty()) definition["labelPlural"] = text(metadata, "pluralLabel");
  if (!text(name_field, "label").empty()) definition["nameField"]["label"] = text(name_field, "label");
  const std::string sharing = text(metadata, "sharingModel");
  if (sharing == "Private" || sharing == "Read") definition["sharing"] = sharing;
  return apply(definition);
}

std::string CustomField::full_name() const { return fmt::format("{}.{}", object->name, field->name); }

CustomField find_custom_field(const Schema& schema, std::string_view full_name) {
  const auto [object_name, name] = split(full_name);
  const ObjectDef* object = schema.object(object_name);
  const FieldDef* field = object != nullptr ? object->field(name) : nullptr;
  return field != nullptr && field->custom ? CustomField{object, field} : CustomField{};
}

CustomField find_custom_field_by_id(const Schema& schema, std::string_view id) {
  const auto wanted = canonical_id(id);
  if (!wanted) return {};
  for (const ObjectDef& object : schema.objects()) {
    for (const FieldDef& field : object.fields) {
      if (!field.removed && field.custom_id == *wanted && field.compound_name.empty()) return {&object, &field};
    }
  }
  return {};
}

json field_metadata(const FieldDef& field) {
  std::string type = "Text";
  if (const auto* known = std::ranges::find(kTypes, field.type, &TypeName::type); known != kTypes.end()) {
    type = known->metadata;
  }
  if (field.type == FieldType::textarea)
    type = field.html_formatted ? "Html" : field.length > 255 ? "LongTextArea" : "TextArea";
  if (field.auto_number) type = "AutoNumber";
  if (field.cascade_delete) type = "MasterDetail";
  json out = {{"type", type},
              {"label", field.label},
              {"required", field.required_on_create() && !field.cascade_delete},
              {"unique", field.unique},
              {"externalId", field.external_id},
              {"caseSensitive", field.unique && is_text(field.type) ? json(field.case_sensitive) : json(nullptr)},
              {"description", nullptr},
              {"inlineHelpText", nullptr},
              {"trackHistory", false},
              {"formula", field.formula.empty() ? json(nullptr) : json(field.formula)},
              {"length", nullptr},
              {"precision", nullptr},
              {"scale", nullptr},
              {"referenceTo", nullptr},
              {"relationshipName", nullptr},
              {"valueSet", nullptr},
              {"defaultValue", nullptr}};
  const bool has_length = type == "Text" || type == "LongTextArea" || type == "Html" || type == "EncryptedText";
  if (has_length) out["length"] = field.length;
  if (type == "Number" || type == "Currency" || type == "Percent") {
    out["precision"] = field.precision;
    out["scale"] = field.scale;
  }
  if (field.type == FieldType::boolean) out["defaultValue"] = field.default_boolean() ? "true" : "false";
  if (field.type == FieldType::reference && !field.reference_to.empty()) {
    out["referenceTo"] = field.reference_to.front();
    const std::string& children = field.child_relationship_name;
    if (children.ends_with("__r")) out["relationshipName"] = children.substr(0, children.size() - 3);
  }
  if (!field.picklist.empty()) {
    json values = json::array();
    for (const PicklistEntry& entry : field.picklist) {
      values.push_back({{"valueName", entry.value},
                        {"label", entry.label},
                        {"default", entry.is_default},
                        {"isActive", entry.active}});
    }
    out["valueSet"] = {{"restricted", field.restricted_picklist},
                       {"valueSetDefinition", {{"sorted", false}, {"value", std::move(values)}}}};
  }
  return out;
}

}  // namespace orgsim
