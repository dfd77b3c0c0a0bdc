#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace duet {

/// Salesforce field types (spec/salesforce-api.md §2.2).
enum class FieldType {
  id,
  reference,
  string,
  textarea,
  picklist,
  multipicklist,
  combobox,
  email,
  phone,
  url,
  encryptedstring,
  boolean,
  integer,
  double_number,
  currency,
  percent,
  date,
  datetime,
  time,
  address,
  location,
  base64,
  any,
};

FieldType field_type_from_name(std::string_view name);  ///< unknown names are FieldType::any
std::string_view name_of(FieldType type);

/// Whether values of the type are text in Value.
bool is_text(FieldType type);

struct FieldSchema {
  std::string name;  ///< as describe spells it
  std::string label;
  FieldType type = FieldType::string;
  int length = 0;
  int precision = 0;
  int scale = 0;
  bool nillable = true;
  bool createable = true;
  bool updateable = true;
  bool calculated = false;
  /// Of a formula field, where the org tells it. A calculated field without is a roll-up summary, as far as one can
  /// know.
  std::string formula;
  bool auto_number = false;
  bool defaulted_on_create = false;
  bool external_id = false;
  bool unique = false;
  bool case_sensitive = false;
  bool id_lookup = false;
  bool restricted_picklist = false;
  bool cascade_delete = false;  ///< master-detail
  std::string compound_field;   ///< `BillingAddress` for BillingCity, `Name` for a contact's LastName; empty otherwise
  std::string relationship_name;
  std::vector<std::string> reference_to;
};

struct ObjectSchema {
  std::string name;
  std::string label;
  std::string key_prefix;
  bool custom = false;
  bool createable = false;
  bool updateable = false;
  bool deletable = false;
  bool queryable = false;
  bool replicateable = false;
  std::vector<FieldSchema> fields;

  /// Case-insensitive, as Salesforce compares names. Null when there is no such field.
  const FieldSchema* find(std::string_view field) const;
};

/// ASCII lower case: table and column names of a mapping (spec/heroku-connect.md §1.2).
std::string to_lower(std::string_view name);
bool equals_ignoring_case(std::string_view a, std::string_view b);

}  // namespace duet
