#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "orgsim/core/schema.h"

namespace orgsim {

class Org;

/// The part of the org's metadata that the Tooling and the Metadata API change: custom fields and custom objects, by
/// full name ("Contact.Duet_Id__c", "Thing__c") and Metadata as their documentation has it. A field made here is seen
/// by nobody until a permission set says so, unless it is required (FieldDef::guarded). Errors:
/// DUPLICATE_DEVELOPER_NAME, FIELD_INTEGRITY_EXCEPTION, INVALID_FIELD, REQUIRED_FIELD_MISSING … [MEM].
class CustomMetadata {
 public:
  explicit CustomMetadata(Org& org) : org_(org) {}

  /// The new field's 00N id.
  Outcome<std::string> create_field(std::string_view full_name, const nlohmann::json& metadata);
  Outcome<void> update_field(std::string_view full_name, const nlohmann::json& metadata);
  Outcome<void> delete_field(std::string_view full_name);
  Outcome<void> create_object(std::string_view full_name, const nlohmann::json& metadata);

 private:
  Outcome<void> apply(const nlohmann::json& definition);
  Org& org_;
};

/// A custom field and the object that has it; null when there is none.
struct CustomField {
  const ObjectDef* object = nullptr;
  const FieldDef* field = nullptr;

  [[nodiscard]] std::string full_name() const;
};
[[nodiscard]] CustomField find_custom_field(const Schema& schema, std::string_view full_name);
[[nodiscard]] CustomField find_custom_field_by_id(const Schema& schema, std::string_view id);
/// The field's Metadata.
[[nodiscard]] nlohmann::json field_metadata(const FieldDef& field);

}  // namespace orgsim
