#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "orgsim/core/formula.h"
#include "orgsim/core/schema_edit.h"

namespace orgsim {

namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 27> kKeys = {"name",
                                                    "label",
                                                    "type",
                                                    "length",
                                                    "precision",
                                                    "scale",
                                                    "digits",
                                                    "nillable",
                                                    "required",
                                                    "unique",
                                                    "caseSensitive",
                                                    "externalId",
                                                    "restrictedPicklist",
                                                    "picklist",
                                                    "referenceTo",
                                                    "relationshipName",
                                                    "childRelationshipName",
                                                    "masterDetail",
                                                    "restrictedDelete",
                                                    "autoNumber",
                                                    "calculated",
                                                    "formula",
                                                    "formulaTreatNullNumberAsZero",
                                                    "defaultValue",
                                                    "createable",
                                                    "updateable",
                                                    "richText"};

constexpr std::int32_t kMaxLongText = 131'072;

/// Takes members of the definition with their type checked; the first problem is kept.
class Reader {
 public:
  explicit Reader(const json& from) : from_(from) {}

  void flag(const char* key, bool& target) {
    if (!from_.contains(key)) return;
    if (!from_[key].is_boolean()) return note(key, "true or false");
    target = from_[key].get<bool>();
  }
  void number(const char* key, std::int32_t& target, std::int32_t low, std::int32_t high) {
    if (!from_.contains(key)) return;
    const json& value = from_[key];
    if (!value.is_number_integer() || value.get<std::int64_t>() < low || value.get<std::int64_t>() > high) {
      return note(key, fmt::format("a whole number from {} to {}", low, high));
    }
    target = value.get<std::int32_t>();
  }
  void text(const char* key, std::string& target) {
    if (!from_.contains(key)) return;
    if (!from_[key].is_string()) return note(key, "text");
    target = from_[key].get<std::string>();
  }
  void note(std::string_view key, std::string_view wanted) {
    if (problem.empty()) problem = fmt::format("field definition: '{}' must be {}", key, wanted);
  }

  std::string problem;

 private:
  const json& from_;
};

std::vector<PicklistEntry> read_entries(const json& list, Reader& reader) {
  std::vector<PicklistEntry> entries;
  if (!list.is_array()) {
    reader.note("picklist", "a list");
    return entries;
  }
  for (const json& item : list) {
    PicklistEntry entry;
    if (item.is_string()) {
      entry.value = entry.label = item.get<std::string>();
    } else if (item.is_object() && item.contains("value") && item["value"].is_string()) {
      entry.value = item["value"].get<std::string>();
      entry.label =
          item.contains("label") && item["label"].is_string() ? item["label"].get<std::string>() : entry.value;
      entry.is_default = item.contains("default") && item["default"] == true;
      entry.active = !item.contains("active") || item["active"] != false;
    } else {
      reader.note("picklist", "a list of texts or of {\"value\",\"label\",\"default\",\"active\"}");
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::vector<std::string> read_targets(const json& target, Reader& reader) {
  if (target.is_string()) return {target.get<std::string>()};
  std::vector<std::string> names;
  if (target.is_array()) {
    for (const json& name : target) {
      if (name.is_string()) names.push_back(name.get<std::string>());
    }
  }
  if (names.empty()) reader.note("referenceTo", "an object name or a list of them");
  return names;
}

/// Types that are stored alike may replace one another.
int storage_class(FieldType type) {
  if (is_text(type)) return 0;
  if (type == FieldType::double_ || type == FieldType::currency || type == FieldType::percent) return 1;
  return 2 + static_cast<int>(type);
}

std::int32_t default_length(FieldType type) {
  switch (type) {
    case FieldType::email:
      return 80;
    case FieldType::phone:
      return 40;
    case FieldType::multipicklist:
      return 4099;
    case FieldType::encryptedstring:
      return 175;
    case FieldType::id:
    case FieldType::reference:
      return 18;
    default:
      return is_text(type) ? 255 : 0;
  }
}

void set_type(FieldDef& field) {
  field.length = default_length(field.type);
  if (storage_class(field.type) == 1) field.precision = 18;
  if (field.type == FieldType::boolean) {
    field.nillable = false;
    field.defaulted_on_create = true;
  }
  if (field.type == FieldType::textarea) field.extra_type_info = "plaintextarea";
  if (is_compound(field.type)) field.createable = field.updateable = false;
}

/// A formula's text is read here; whether its fields exist is looked at with the whole schema.
Outcome<void> set_formula(const json& definition, FieldDef& field, bool exists) {
  if (!definition.contains("formula") && field.expression == nullptr) return {};
  constexpr std::array kNever = {FieldType::reference,     FieldType::location,        FieldType::picklist,
                                 FieldType::multipicklist, FieldType::encryptedstring, FieldType::time};
  const bool is_key = field.external_id || field.unique || field.auto_number || definition.contains("defaultValue");
  if (field.formula.empty() || is_key || std::ranges::find(kNever, field.type) != kNever.end() ||
      (exists && !field.calculated)) {
    return fail(codes::kFieldIntegrity,
                fmt::format("{}: a formula field is a text, number, boolean, date or date-time field without a key or "
                            "a default, and made as one",
                            field.name),
                {field.name});
  }
  auto parsed = Formula::parse(field.formula);
  if (!parsed) {
    parsed.error().fields = {field.name};
    return std::unexpected(parsed.error());
  }
  field.expression = std::move(*parsed);
  field.calculated = true;
  constexpr std::int32_t kFormulaTextLength = 1300;
  if (is_text(field.type) && !definition.contains("length")) field.length = kFormulaTextLength;
  return {};
}

std::string default_text(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_null() ? std::string() : value.dump();
}

}  // namespace

Outcome<FieldDef> read_field_definition(const json& definition, const FieldDef* existing) {
  if (!definition.is_object()) return fail(codes::kJsonParser, "a field definition must be a JSON object");
  for (const auto& [key, value] : definition.items()) {
    if (std::ranges::find(kKeys, key) == kKeys.end()) {
      return fail(codes::kInvalidField, fmt::format("field definition: unknown key '{}'", key));
    }
  }
  Reader in(definition);
  FieldDef field = existing != nullptr ? *existing : FieldDef{};
  if (existing == nullptr) {
    in.text("name", field.name);
    field.label = field.name.ends_with("__c") ? field.name.substr(0, field.name.size() - 3) : field.name;
    field.custom = true;
  }
  if (definition.contains("type") || existing == nullptr) {
    std::string name = "string";
    in.text("type", name);
    const auto type = parse_field_type(name);
    if (!type || *type == FieldType::id || *type == FieldType::address || *type == FieldType::base64 ||
        (existing == nullptr &&
         (*type == FieldType::int_ || *type == FieldType::long_ || *type == FieldType::combobox))) {
      return fail(codes::kInvalidType,
                  fmt::format("field '{}': custom fields cannot have type '{}'{}", field.name, name,
                              type == FieldType::int_ ? "; a whole number is a double with scale 0" : ""));
    }
    if (existing != nullptr && storage_class(existing->type) != storage_class(*type)) {
      return fail(codes::kInvalidType, fmt::format("field '{}': cannot change type from {} to {}", field.name,
                                                   type_name(existing->type), name));
    }
    if (existing == nullptr || existing->type != *type) {
      field.type = *type;
      set_type(field);
    }
  }
  in.text("label", field.label);
  in.number("length", field.length, 1, kMaxLongText);
  in.number("precision", field.precision, 1, 18);
  in.number("scale", field.scale, 0, 17);
  in.number("digits", field.digits, 0, 18);
  in.flag("nillable", field.nillable);
  bool required = !field.nillable;
  in.flag("required", required);
  if (field.type != FieldType::boolean) field.nillable = !required;
  in.flag("unique", field.unique);
  in.flag("caseSensitive", field.case_sensitive);
  in.flag("externalId", field.external_id);
  if (field.custom) field.id_lookup = field.external_id || field.unique;
  in.flag("restrictedPicklist", field.restricted_picklist);
  in.flag("restrictedDelete", field.restricted_delete);
  if (definition.contains("picklist")) field.picklist = read_entries(definition["picklist"], in);
  if (definition.contains("referenceTo")) field.reference_to = read_targets(definition["referenceTo"], in);
  if (field.type == FieldType::reference && existing == nullptr) {
    if (field.reference_to.empty()) in.note("referenceTo", "given for a reference");
    field.relationship_name = field.name.substr(0, field.name.size() - 1) + "r";
  }
  in.text("relationshipName", field.relationship_name);
  in.text("childRelationshipName", field.child_relationship_name);
  bool master_detail = field.cascade_delete;
  in.flag("masterDetail", master_detail);
  if (master_detail && existing == nullptr) {
    field.nillable = false;
    field.updateable = false;
    field.cascade_delete = true;
    field.locks_parent = true;
  }
  in.flag("autoNumber", field.auto_number);
  in.text("formula", field.formula);
  in.flag("calculated", field.calculated);
  in.flag("formulaTreatNullNumberAsZero", field.blank_is_zero);
  if (auto made = set_formula(definition, field, existing != nullptr); !made) return std::unexpected(made.error());
  if (field.auto_number || field.calculated) field.createable = field.updateable = false;
  if (field.auto_number) {
    field.nillable = false;
    field.defaulted_on_create = true;
  }
  if (definition.contains("defaultValue")) {
    field.default_text = default_text(definition["defaultValue"]);
    field.defaulted_on_create = field.type == FieldType::boolean || !field.default_text.empty();
  }
  in.flag("createable", field.createable);
  in.flag("updateable", field.updateable);
  bool rich = field.html_formatted;
  in.flag("richText", rich);
  if (rich) {
    field.html_formatted = true;
    field.extra_type_info = "richtextarea";
  }
  if (field.scale > field.precision) in.note("scale", "at most the precision");
  if (!in.problem.empty()) return fail(codes::kInvalidField, fmt::format("{}: {}", field.name, in.problem));
  apply_type_flags(field);
  return field;
}

std::deque<FieldDef> custom_object_fields(const std::string& label, bool auto_number_name) {
  std::deque<FieldDef> fields;
  const auto system = [&fields](std::string name, std::string field_label, FieldType type) -> FieldDef& {
    FieldDef field;
    field.name = std::move(name);
    field.label = std::move(field_label);
    field.type = type;
    field.length = type == FieldType::id || type == FieldType::reference ? 18 : 0;
    field.nillable = field.createable = field.updateable = false;
    field.defaulted_on_create = true;
    if (type == FieldType::reference) {
      field.reference_to = {"User"};
      field.relationship_name = field.name.substr(0, field.name.size() - 2);
    }
    apply_type_flags(field);
    fields.push_back(std::move(field));
    return fields.back();
  };
  system("Id", "Record ID", FieldType::id).id_lookup = true;
  FieldDef& owner = system("OwnerId", "Owner ID", FieldType::reference);
  owner.createable = owner.updateable = true;
  owner.reference_to = {"Group", "User"};
  system("IsDeleted", "Deleted", FieldType::boolean);
  // Without a name the record is named after its id, so the field is never missing.
  FieldDef& name = system("Name", label + " Name", FieldType::string);
  name.length = 80;
  name.name_field = name.id_lookup = true;
  name.auto_number = auto_number_name;
  name.createable = name.updateable = name.nillable = !auto_number_name;
  system("CreatedDate", "Created Date", FieldType::datetime);
  system("CreatedById", "Created By ID", FieldType::reference);
  system("LastModifiedDate", "Last Modified Date", FieldType::datetime);
  system("LastModifiedById", "Last Modified By ID", FieldType::reference);
  system("SystemModstamp", "System Modstamp", FieldType::datetime);
  return fields;
}

std::deque<FieldDef> platform_event_fields() {
  std::deque<FieldDef> fields;
  const auto add = [&fields](const char* name, const char* label, FieldType type, std::int32_t length) -> FieldDef& {
    FieldDef field;
    field.name = name;
    field.label = label;
    field.type = type;
    field.length = length;
    field.createable = field.updateable = false;
    apply_type_flags(field);
    fields.push_back(std::move(field));
    return fields.back();
  };
  constexpr std::int32_t kUuidLength = 36;
  add("ReplayId", "Replay ID", FieldType::string, 1000);
  add("CreatedDate", "Created Date", FieldType::datetime, 0).nillable = false;
  FieldDef& user = add("CreatedById", "Created By ID", FieldType::reference, 18);
  user.nillable = false;
  user.reference_to = {"User"};
  user.relationship_name = "CreatedBy";
  add("EventUuid", "Event UUID", FieldType::string, kUuidLength);
  return fields;
}

}  // namespace orgsim
