#include "model/schema.h"

#include <algorithm>
#include <array>
#include <utility>

namespace duet {
namespace {

/// Names as describe gives them (spec/salesforce-api.md §2.2).
constexpr auto kTypeNames = std::to_array<std::pair<FieldType, std::string_view>>({
    {FieldType::id, "id"},
    {FieldType::reference, "reference"},
    {FieldType::string, "string"},
    {FieldType::textarea, "textarea"},
    {FieldType::picklist, "picklist"},
    {FieldType::multipicklist, "multipicklist"},
    {FieldType::combobox, "combobox"},
    {FieldType::email, "email"},
    {FieldType::phone, "phone"},
    {FieldType::url, "url"},
    {FieldType::encryptedstring, "encryptedstring"},
    {FieldType::boolean, "boolean"},
    {FieldType::integer, "int"},
    {FieldType::double_number, "double"},
    {FieldType::currency, "currency"},
    {FieldType::percent, "percent"},
    {FieldType::date, "date"},
    {FieldType::datetime, "datetime"},
    {FieldType::time, "time"},
    {FieldType::address, "address"},
    {FieldType::location, "location"},
    {FieldType::base64, "base64"},
    {FieldType::any, "anyType"},
});

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

FieldType field_type_from_name(std::string_view name) {
  for (const auto& [type, type_name] : kTypeNames) {
    if (type_name == name) return type;
  }
  return FieldType::any;
}

std::string_view name_of(FieldType type) {
  for (const auto& [known, name] : kTypeNames) {
    if (known == type) return name;
  }
  return "anyType";
}

bool is_text(FieldType type) {
  switch (type) {
    case FieldType::boolean:
    case FieldType::integer:
    case FieldType::double_number:
    case FieldType::currency:
    case FieldType::percent:
    case FieldType::date:
    case FieldType::datetime:
    case FieldType::time:
    case FieldType::address:
    case FieldType::location:
      return false;
    default:
      return true;
  }
}

const FieldSchema* ObjectSchema::find(std::string_view field) const {
  auto found =
      std::ranges::find_if(fields, [&](const FieldSchema& each) { return equals_ignoring_case(each.name, field); });
  return found == fields.end() ? nullptr : &*found;
}

std::string to_lower(std::string_view name) {
  std::string result(name);
  std::ranges::transform(result, result.begin(), lower);
  return result;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace duet
