#include "orgsim/core/schema_edit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "orgsim/core/ascii.h"
#include "orgsim/core/formula_fields.h"
#include "orgsim/core/ids.h"
#include "orgsim/core/record_types.h"

namespace orgsim {

namespace {

using nlohmann::json;

constexpr std::size_t kMaxNameLength = 43;  // 40 and "__c"
constexpr std::size_t kMaxFieldsPerObject = 800;
constexpr std::uint32_t kMaxCustomObjects = 2000;

constexpr std::string_view kObjectSuffix = "__c";
constexpr std::string_view kEventSuffix = "__e";

bool is_custom_name(std::string_view name, std::string_view suffix = kObjectSuffix) {
  if (!name.ends_with(suffix) || name.size() < 4 || name.size() > kMaxNameLength) return false;
  const char first = name[0];
  if (!((first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z'))) return false;
  return std::ranges::all_of(name, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string stem(std::string_view name) { return std::string(name.substr(0, name.size() - 3)); }

std::optional<Sharing> read_sharing(const json& value) {
  if (value == "ReadWrite") return Sharing::read_write;
  if (value == "Read") return Sharing::read;
  if (value == "Private") return Sharing::none;
  return std::nullopt;
}

Outcome<void> check_shape(const json& definition) {
  if (!definition.is_object()) return fail(codes::kJsonParser, "an object definition must be a JSON object");
  for (const auto& [key, value] : definition.items()) {
    const bool text = key == "name" || key == "label" || key == "labelPlural";
    if (text && !value.is_string()) return fail(codes::kInvalidType, fmt::format("'{}' must be text", key));
    if (key == "cdc" && !value.is_boolean()) return fail(codes::kInvalidType, "'cdc' must be true or false");
    if (key == "fields" && !value.is_array()) return fail(codes::kInvalidType, "'fields' must be a list");
    if (key == "nameField" && !value.is_object()) return fail(codes::kInvalidType, "'nameField' must be an object");
    if (key == "recordTypes") {
      if (const auto types = read_record_types(value); !types) return std::unexpected(types.error());
      continue;
    }
    if (key == "sharing") {
      if (!read_sharing(value)) return fail(codes::kInvalidType, "'sharing' must be ReadWrite, Read or Private");
      continue;
    }
    if (!text && key != "cdc" && key != "fields" && key != "nameField") {
      return fail(codes::kInvalidType, fmt::format("object definition: unknown key '{}'", key));
    }
  }
  if (!definition.contains("name")) return fail(codes::kInvalidType, "an object definition needs a 'name'");
  return {};
}

/// Field-level security: whether callers may not see the field, which is so until it is said otherwise.
Outcome<bool> read_hidden(const json& definition, const FieldDef* known) {
  const bool is_hidden = known != nullptr && known->hidden;
  if (!definition.contains("readable")) return is_hidden;
  const json& readable = definition["readable"];
  if (!readable.is_boolean()) return fail(codes::kInvalidField, "'readable' must be true or false");
  if (readable.get<bool>()) return false;
  // What every record has is not subject to field-level security.
  constexpr std::array<std::string_view, 7> kAlways = {
      "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "IsDeleted", "SystemModstamp", "OwnerId"};
  if (known == nullptr || known->type == FieldType::id || known->name_field || !known->nillable ||
      std::ranges::find(kAlways, known->name) != kAlways.end()) {
    return fail(codes::kInvalidField,
                "only an existing field that is neither required nor a system field can be hidden");
  }
  return true;
}

bool is_external_id_type(const FieldDef& field) {
  return field.type == FieldType::string || field.type == FieldType::email || field.type == FieldType::double_;
}

}  // namespace

ObjectDef& Schema::create_custom(const std::string& name, const json& definition) {
  ObjectDef object;
  object.name = name;
  object.label = definition.value("label", stem(name));
  object.label_plural = definition.value("labelPlural", object.label + "s");
  if (name.ends_with(kEventSuffix)) {
    object.custom = object.platform_event = true;
    object.updateable = object.deletable = object.undeletable = object.queryable = object.retrieveable = false;
    object.replicateable = object.searchable = object.layoutable = object.mru_enabled = false;
    object.key_prefix = event_key_prefix(platform_events_++);
    object.fields = platform_event_fields();
    return add(std::move(object));
  }
  object.key_prefix = custom_key_prefix(custom_objects_++);
  object.custom = true;
  object.cdc_supported = true;
  object.cdc_selected = definition.value("cdc", true);
  const json name_field = definition.value("nameField", json::object());
  object.fields = custom_object_fields(object.label, name_field.value("type", "string") == "autonumber");
  for (FieldDef& field : object.fields) {
    if (!field.name_field) continue;
    field.label = name_field.value("label", field.label);
    field.length = std::clamp(name_field.value("length", 80), 1, 80);
  }
  return add(std::move(object));
}

void Schema::put_field(ObjectDef& object, FieldDef field) {
  const FieldDef* existing = object.field(field.name);
  if (existing == nullptr) existing = object.hidden_field(field.name);
  if (existing != nullptr) {
    object.fields[existing->index] = std::move(field);
    return;
  }
  field.custom_id = make_id("00N", ++custom_fields_);
  if (field.guarded) ++guarded_fields_;
  field = append(object, std::move(field));
  if (field.type == FieldType::reference) link_relationship(object, field);
  if (field.type != FieldType::location) return;
  for (const char* part : {"Latitude", "Longitude"}) {
    FieldDef coordinate;
    coordinate.name = stem(field.name) + "__" + part + "__s";
    coordinate.label = field.label + " (" + part + ")";
    coordinate.type = FieldType::double_;
    coordinate.precision = 18;
    coordinate.scale = 15;
    coordinate.custom = true;
    coordinate.compound_name = field.name;
    coordinate.custom_id = field.custom_id;
    coordinate.guarded = field.guarded;
    apply_type_flags(coordinate);
    append(object, std::move(coordinate));
  }
}

void Schema::link_relationship(const ObjectDef& child, const FieldDef& field) {
  for (const std::string& target : field.reference_to) {
    const auto found = by_name_.find(lower(target));
    if (found == by_name_.end()) continue;
    ObjectDef& parent = objects_[found->second];
    std::string name = field.child_relationship_name;
    if (name.empty()) name = (child.custom ? stem(child.name) : child.name) + "s__r";
    const auto taken = [&parent](const std::string& candidate) {
      return std::ranges::any_of(parent.children,
                                 [&candidate](const auto& other) { return other.relationship_name == candidate; });
    };
    if (taken(name)) name = stem(child.name) + "_" + stem(field.name) + "__r";
    parent.children.push_back({child.name, field.name, name, field.cascade_delete, field.restricted_delete});
  }
}

Outcome<std::vector<FieldDef>> Schema::read_fields(const std::string& object_name, const ObjectDef* existing,
                                                   const json& definitions) const {
  std::vector<FieldDef> fields;
  std::set<std::string> seen;
  for (const json& item : definitions) {
    if (!item.is_object() || !item.contains("name") || !item["name"].is_string()) {
      return fail(codes::kInvalidField, "every field definition needs a 'name'");
    }
    const auto name = item["name"].get<std::string>();
    const FieldDef* known = existing != nullptr ? existing->field(name) : nullptr;
    if (known == nullptr && existing != nullptr) known = existing->hidden_field(name);
    if (known == nullptr && !is_custom_name(name)) {
      return fail(codes::kInvalidField, fmt::format("'{}' is no custom field name (…__c)", name));
    }
    if (!seen.insert(lower(name)).second) return fail(codes::kInvalidField, fmt::format("'{}' is defined twice", name));
    json definition = item;
    const bool remove = item.contains("remove") && item["remove"] == true;
    definition.erase("remove");
    auto hide = read_hidden(definition, known);
    if (!hide) return std::unexpected(hide.error());
    definition.erase("readable");
    const bool guarded = item.contains("guarded") && item["guarded"] == true;
    definition.erase("guarded");
    if (remove && (known == nullptr || !known->custom)) {
      return fail(codes::kInvalidField, fmt::format("there is no custom field '{}' to remove", name));
    }
    auto field = read_field_definition(definition, known);
    if (!field) return std::unexpected(field.error());
    if (field->external_id && !is_external_id_type(*field)) {
      return fail(codes::kInvalidField, fmt::format("{}: an external id is a string, email or double", name));
    }
    for (const std::string& target : field->reference_to) {
      if (known == nullptr && object(target) == nullptr && !same_name(target, object_name)) {
        return fail(codes::kInvalidField, fmt::format("{}: unknown object '{}' in referenceTo", name, target));
      }
    }
    field->removed = remove || *hide;
    field->hidden = *hide && !remove;
    if (known == nullptr) field->guarded = guarded;
    fields.push_back(std::move(*field));
  }
  if (fields.size() + (existing != nullptr ? existing->fields.size() : 0) > kMaxFieldsPerObject) {
    return fail(codes::kInvalidField, fmt::format("an object has at most {} fields", kMaxFieldsPerObject));
  }
  return fields;
}

void Schema::put_fields(ObjectDef& object, std::vector<FieldDef> fields) {
  for (FieldDef& field : fields) {
    const std::string name = field.name;
    const bool is_formula = field.expression != nullptr;
    put_field(object, std::move(field));
    object.reindex();
    const FieldDef* put = object.field(name);
    if (!is_formula || put == nullptr) continue;
    const std::pair<std::uint16_t, std::uint16_t> place = {object.index, put->index};
    if (std::ranges::find(formulas_, place) == formulas_.end()) formulas_.push_back(place);
  }
}

/// All formulas, those of other objects too, on a copy of the schema that has the new fields.
Outcome<void> Schema::check_formulas(const std::string& object_name, const json& definition,
                                     const std::vector<FieldDef>& fields) const {
  const bool any_new = std::ranges::any_of(fields, [](const FieldDef& field) { return field.expression != nullptr; });
  if (fields.empty() || (!any_new && formulas_.empty())) return {};
  Schema trial = *this;
  const ObjectDef* existing = trial.object(object_name);
  trial.put_fields(existing != nullptr ? trial.objects_[existing->index] : trial.create_custom(object_name, definition),
                   fields);
  for (const auto& [object, field] : trial.formulas_) {
    const FieldDef& formula = trial.objects_[object].fields[field];
    if (formula.removed || formula.expression == nullptr) continue;
    if (auto checked = check_formula(trial, trial.objects_[object], formula); !checked) return checked;
  }
  return {};
}

Outcome<const ObjectDef*> Schema::apply(const json& definition) {
  if (auto shape = check_shape(definition); !shape) return std::unexpected(shape.error());
  const auto name = definition["name"].get<std::string>();
  const ObjectDef* existing = object(name);
  if (existing == nullptr && !is_custom_name(name) && !is_custom_name(name, kEventSuffix)) {
    return fail(codes::kInvalidType,
                fmt::format("'{}' is no standard object of this org and no custom name (…__c, …__e)", name));
  }
  if (existing == nullptr && custom_objects_ + platform_events_ >= kMaxCustomObjects) {
    return fail(codes::kInvalidType, fmt::format("an org has at most {} custom objects", kMaxCustomObjects));
  }
  // First everything is read and checked, then it is applied: an error changes nothing.
  auto fields = read_fields(name, existing, definition.value("fields", json::array()));
  if (!fields) return std::unexpected(fields.error());
  if (auto checked = check_formulas(name, definition, *fields); !checked) return std::unexpected(checked.error());

  ObjectDef& target = existing != nullptr ? objects_[existing->index] : create_custom(name, definition);
  if (existing != nullptr) {
    target.label = definition.value("label", target.label);
    target.label_plural = definition.value("labelPlural", target.label_plural);
    if (target.cdc_supported) target.cdc_selected = definition.value("cdc", target.cdc_selected);
  }
  if (definition.contains("sharing")) target.sharing = *read_sharing(definition["sharing"]);
  put_fields(target, std::move(*fields));
  ++target.version;
  ++revision_;
  return &target;
}

}  // namespace orgsim
