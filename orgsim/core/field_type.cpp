#include <array>
#include <utility>

#include "orgsim/core/schema.h"
#include "orgsim/core/schema_edit.h"

namespace orgsim {

namespace {

constexpr std::array<std::pair<FieldType, std::string_view>, 23> kNames = {{
    {FieldType::id, "id"},
    {FieldType::string, "string"},
    {FieldType::textarea, "textarea"},
    {FieldType::picklist, "picklist"},
    {FieldType::multipicklist, "multipicklist"},
    {FieldType::combobox, "combobox"},
    {FieldType::boolean, "boolean"},
    {FieldType::int_, "int"},
    {FieldType::long_, "long"},
    {FieldType::double_, "double"},
    {FieldType::currency, "currency"},
    {FieldType::percent, "percent"},
    {FieldType::date, "date"},
    {FieldType::datetime, "datetime"},
    {FieldType::time, "time"},
    {FieldType::email, "email"},
    {FieldType::phone, "phone"},
    {FieldType::url, "url"},
    {FieldType::encryptedstring, "encryptedstring"},
    {FieldType::reference, "reference"},
    {FieldType::address, "address"},
    {FieldType::location, "location"},
    {FieldType::base64, "base64"},
}};

}  // namespace

std::string_view type_name(FieldType type) { return kNames[static_cast<std::size_t>(type)].second; }

std::optional<FieldType> parse_field_type(std::string_view name) {
  for (const auto& [type, text] : kNames) {
    if (text == name) return type;
  }
  return std::nullopt;
}

bool is_number(FieldType type) {
  switch (type) {
    case FieldType::int_:
    case FieldType::long_:
    case FieldType::double_:
    case FieldType::currency:
    case FieldType::percent:
      return true;
    default:
      return false;
  }
}

bool is_text(FieldType type) {
  switch (type) {
    case FieldType::string:
    case FieldType::textarea:
    case FieldType::picklist:
    case FieldType::multipicklist:
    case FieldType::combobox:
    case FieldType::email:
    case FieldType::phone:
    case FieldType::url:
    case FieldType::encryptedstring:
    case FieldType::base64:
      return true;
    default:
      return false;
  }
}

bool is_compound(FieldType type) { return type == FieldType::address || type == FieldType::location; }

bool FieldDef::required_on_create() const {
  return createable && !nillable && !defaulted_on_create && type != FieldType::boolean;
}

void apply_type_flags(FieldDef& field) {
  const FieldType type = field.type;
  const bool compound = is_compound(type);
  const bool long_text = type == FieldType::textarea && field.length > 255;
  const bool opaque = type == FieldType::base64 || type == FieldType::textarea;
  field.aggregatable = !compound && !opaque && type != FieldType::boolean && type != FieldType::multipicklist;
  field.sortable = !compound && !opaque && type != FieldType::multipicklist;
  field.filterable = !opaque && !long_text;
  switch (type) {
    case FieldType::address:
    case FieldType::location:
    case FieldType::base64:
    case FieldType::combobox:
    case FieldType::currency:
    case FieldType::datetime:
    case FieldType::double_:
    case FieldType::multipicklist:
    case FieldType::percent:
    case FieldType::textarea:
    case FieldType::time:
    case FieldType::long_:
    case FieldType::encryptedstring:
      field.groupable = false;
      break;
    default:
      field.groupable = true;
  }
}

}  // namespace orgsim
