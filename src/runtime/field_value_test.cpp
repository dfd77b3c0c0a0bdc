#include "runtime/field_value.h"

#include <gtest/gtest.h>

#include "base/time.h"
#include "runtime/issue_actions.h"

namespace duet::runtime {
namespace {

FieldSchema field(FieldType type, int length = 0) {
  FieldSchema schema;
  schema.name = "F__c";
  schema.type = type;
  schema.length = length;
  return schema;
}

TEST(FieldValue, TakesWhatTheFieldHolds) {
  EXPECT_EQ(value_for_field(field(FieldType::string, 3), "\"äöü\"").value(), Value(std::string("äöü")));
  EXPECT_EQ(value_for_field(field(FieldType::string), "\"\"").value(), Value(Null{}));
  EXPECT_EQ(value_for_field(field(FieldType::boolean), "\"true\"").value(), Value(true));
  EXPECT_EQ(value_for_field(field(FieldType::integer), "\"7\"").value(), Value(std::int64_t{7}));
  EXPECT_EQ(value_for_field(field(FieldType::currency), "1.5").value(), Value(1.5));
  EXPECT_EQ(value_for_field(field(FieldType::date), "\"1970-01-02\"").value(), Value(Date{1}));
  EXPECT_EQ(value_for_field(field(FieldType::datetime), "\"1970-01-01T00:00:01Z\"").value(), Value(DateTime{1'000}));
  EXPECT_EQ(value_for_field(field(FieldType::datetime), "null").value(), Value(Null{}));
}

TEST(FieldValue, RefusesWhatItDoesNot) {
  EXPECT_FALSE(value_for_field(field(FieldType::string, 3), "\"abcd\""));
  EXPECT_FALSE(value_for_field(field(FieldType::string), "7"));
  EXPECT_FALSE(value_for_field(field(FieldType::string), "[]"));
  EXPECT_FALSE(value_for_field(field(FieldType::string), "{"));
  EXPECT_FALSE(value_for_field(field(FieldType::string), "\"a\\u0000b\""));
  EXPECT_FALSE(value_for_field(field(FieldType::integer), "1.5"));
  EXPECT_FALSE(value_for_field(field(FieldType::integer), "1e300"));
  EXPECT_FALSE(value_for_field(field(FieldType::integer), "3000000000"));
  EXPECT_FALSE(value_for_field(field(FieldType::boolean), "1"));
  EXPECT_FALSE(value_for_field(field(FieldType::date), "\"tomorrow\""));
  EXPECT_FALSE(value_for_field(field(FieldType::currency), "\"1,5\""));
}

TEST(PossibleActions, AHeldConflictCannotBeIgnored) {
  using Actions = std::vector<std::string_view>;
  EXPECT_EQ(possible_actions("conflict", "open"), Actions{"resolve"});
  EXPECT_EQ(possible_actions("conflict", "decided"), (Actions{"revert", "resolve", "ignore"}));
  EXPECT_EQ(possible_actions("rejected", "open"), (Actions{"retry", "revert", "ignore"}));
  EXPECT_EQ(possible_actions("rejected", "resolved"), Actions{});
  EXPECT_EQ(possible_actions("breaker", "open"), (Actions{"retry", "revert"}));
  postgres::StoredIssue of_a_mapping;
  of_a_mapping.issue.kind = "rejected";
  of_a_mapping.issue.state = "open";
  EXPECT_EQ(possible_actions(of_a_mapping), Actions{"ignore"});
}

}  // namespace
}  // namespace duet::runtime
