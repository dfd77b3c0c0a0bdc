#pragma once

#include <string>
#include <utility>

#include "model/mapping.h"

namespace duet::test {

/// Contact ↔ contact with a field of every kind, and Ext__c as upsert field. For tests of stores.
inline Mapping sample_mapping() {
  Mapping mapping;
  mapping.id = 1;
  mapping.object = "Contact";
  mapping.table = "contact";
  mapping.access = Access::read_write;
  mapping.upsert_field = "Ext__c";
  mapping.indexes = {{"Id", true}, {"SystemModstamp", false}, {"Ext__c", true}};
  auto add = [&](const char* name, FieldType type, int length = 0) {
    MappedField field;
    field.schema.name = name;
    field.schema.type = type;
    field.schema.length = length;
    field.column = to_lower(name);
    mapping.fields.push_back(std::move(field));
  };
  add("Id", FieldType::id, 18);
  add("SystemModstamp", FieldType::datetime);
  add("IsDeleted", FieldType::boolean);
  add("LastName", FieldType::string, 80);
  add("Email", FieldType::email, 80);
  add("Phone", FieldType::phone, 40);
  add("Description", FieldType::textarea, 32'000);
  add("Amount__c", FieldType::currency);
  add("Level__c", FieldType::integer);
  add("Active__c", FieldType::boolean);
  add("Birthdate", FieldType::date);
  add("Seen__c", FieldType::datetime);
  add("At__c", FieldType::time);
  add("Ext__c", FieldType::string, 36);
  mapping.fields.back().schema.external_id = true;
  mapping.fields.back().schema.unique = true;
  add("ReportsToId", FieldType::reference, 18);
  return mapping;
}

}  // namespace duet::test
