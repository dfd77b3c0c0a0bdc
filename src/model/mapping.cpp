#include "model/mapping.h"

#include <algorithm>

namespace duet {

std::optional<ConflictPolicy> conflict_policy_from_name(std::string_view name) {
  for (ConflictPolicy policy : {ConflictPolicy::salesforce, ConflictPolicy::postgres, ConflictPolicy::newest}) {
    if (name == name_of(policy)) return policy;
  }
  return std::nullopt;
}

std::string_view name_of(ConflictPolicy policy) {
  switch (policy) {
    case ConflictPolicy::salesforce:
      return "salesforce";
    case ConflictPolicy::postgres:
      return "postgres";
    case ConflictPolicy::newest:
      break;
  }
  return "newest";
}

const MappedField* Mapping::find(std::string_view field) const {
  auto found = std::ranges::find_if(
      fields, [&](const MappedField& each) { return equals_ignoring_case(each.schema.name, field); });
  return found == fields.end() ? nullptr : &*found;
}

const MappedField* Mapping::find_column(std::string_view name) const {
  auto found = std::ranges::find(fields, name, &MappedField::column);
  return found == fields.end() ? nullptr : &*found;
}

ConflictPolicy Mapping::policy_for(std::string_view field) const {
  const MappedField* mapped = find(field);
  return mapped && mapped->conflict ? *mapped->conflict : conflict;
}

}  // namespace duet
