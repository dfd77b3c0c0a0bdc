#include "rules/canonical.h"

#include <gtest/gtest.h>

namespace duet::rules {
namespace {

FieldSchema field(FieldType type, int scale = 0) {
  FieldSchema schema;
  schema.type = type;
  schema.scale = scale;
  return schema;
}

TEST(Canonical, TextIsTrimmedWithLineFeedsAndEmptyIsNull) {
  EXPECT_EQ(canonical(field(FieldType::string), std::string("  a b \t")), Value(std::string("a b")));
  EXPECT_EQ(canonical(field(FieldType::textarea), std::string("a\r\nb\rc")), Value(std::string("a\nb\nc")));
  EXPECT_EQ(canonical(field(FieldType::string), std::string("  ")), Value(Null{}));
}

TEST(Canonical, NumbersTakeTheScaleOfTheField) {
  EXPECT_EQ(canonical(field(FieldType::currency, 2), 1.005), Value(1.0));
  EXPECT_EQ(canonical(field(FieldType::currency, 2), 1.006), Value(1.01));
  EXPECT_TRUE(equal(field(FieldType::double_number, 0), std::int64_t{5}, 5.0));
  EXPECT_TRUE(equal(field(FieldType::double_number, 2), -0.0, 0.0));
  EXPECT_EQ(canonical(field(FieldType::double_number, 18), 1e21), Value(1e21));
}

TEST(Canonical, DateTimesAreWholeSeconds) {
  EXPECT_EQ(canonical(field(FieldType::datetime), DateTime{1999}), Value(DateTime{1000}));
  EXPECT_EQ(canonical(field(FieldType::datetime), DateTime{-1}), Value(DateTime{-1000}));
}

TEST(Canonical, MultipicklistsAreSets) {
  EXPECT_TRUE(equal(field(FieldType::multipicklist), std::string("b;a"), std::string("a;b;a")));
  EXPECT_FALSE(equal(field(FieldType::picklist), std::string("b;a"), std::string("a;b")));
}

TEST(Canonical, IdsOfFifteenAndEighteenCharactersAreTheSame) {
  EXPECT_TRUE(equal(field(FieldType::reference), std::string("0014W000027f6V3"), std::string("0014W000027f6V3QAI")));
  EXPECT_FALSE(equal(field(FieldType::reference), std::string("0014W000027f6v3"), std::string("0014W000027f6V3QAI")));
}

TEST(Canonical, AbsentEqualsNothing) {
  EXPECT_FALSE(equal(field(FieldType::string), Absent{}, Absent{}));
  EXPECT_FALSE(equal(field(FieldType::string), Absent{}, Null{}));
  EXPECT_TRUE(equal(field(FieldType::string), Null{}, std::string("")));
}

TEST(SameKey, CaseCountsOnlyWhereTheFieldSaysSo) {
  FieldSchema key = field(FieldType::string);
  EXPECT_TRUE(same_key(key, "Ab ", "aB"));
  key.case_sensitive = true;
  EXPECT_FALSE(same_key(key, "Ab", "aB"));
}

}  // namespace
}  // namespace duet::rules
