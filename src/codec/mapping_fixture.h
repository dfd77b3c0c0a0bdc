#pragma once

#include <initializer_list>
#include <string>

#include "model/mapping.h"

namespace duet::codec {

struct FixtureField {
  std::string name;
  FieldType type = FieldType::string;
  int length = 0;
};

/// A mapping of Account for tests, with these fields in this order.
inline Mapping fixture_mapping(std::initializer_list<FixtureField> fields) {
  Mapping mapping;
  mapping.object = "Account";
  mapping.table = "account";
  for (const FixtureField& field : fields) {
    MappedField mapped;
    mapped.schema.name = field.name;
    mapped.schema.type = field.type;
    mapped.schema.length = field.length;
    mapped.column = to_lower(field.name);
    mapping.fields.push_back(std::move(mapped));
  }
  return mapping;
}

/// One field of every column type.
inline Mapping fixture_mapping_of_all_types() {
  return fixture_mapping({{"Id", FieldType::id, 18},
                          {"Name", FieldType::string, 10},
                          {"Notes__c", FieldType::textarea, 131072},
                          {"Active__c", FieldType::boolean},
                          {"Employees", FieldType::integer},
                          {"Amount__c", FieldType::currency},
                          {"Day__c", FieldType::date},
                          {"SystemModstamp", FieldType::datetime},
                          {"At__c", FieldType::time}});
}

}  // namespace duet::codec
