#include "model/mapping.h"

#include <gtest/gtest.h>

namespace duet {
namespace {

MappedField field(const char* name, std::optional<ConflictPolicy> conflict) {
  MappedField mapped;
  mapped.schema.name = name;
  mapped.column = to_lower(name);
  mapped.conflict = conflict;
  return mapped;
}

TEST(Mapping, FieldPolicyBeforeMappingPolicy) {
  Mapping mapping;
  mapping.conflict = ConflictPolicy::salesforce;
  mapping.fields.push_back(field("Phone", ConflictPolicy::postgres));
  mapping.fields.push_back(field("Fax", std::nullopt));
  EXPECT_EQ(mapping.policy_for("phone"), ConflictPolicy::postgres);
  EXPECT_EQ(mapping.policy_for("Fax"), ConflictPolicy::salesforce);
  EXPECT_EQ(mapping.policy_for("Unknown"), ConflictPolicy::salesforce);
  EXPECT_EQ(mapping.find_column("fax")->schema.name, "Fax");
  EXPECT_FALSE(mapping.find_column("Fax"));
}

TEST(Mapping, PolicyNames) {
  EXPECT_EQ(conflict_policy_from_name("newest"), ConflictPolicy::newest);
  EXPECT_EQ(name_of(ConflictPolicy::postgres), "postgres");
  EXPECT_FALSE(conflict_policy_from_name("Newest"));
}

}  // namespace
}  // namespace duet
