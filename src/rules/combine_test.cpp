#include "rules/combine.h"

#include <gtest/gtest.h>

#include "model/policy_fit.h"

namespace duet::rules {
namespace {

FieldSchema schema(FieldType type, int scale = 0) {
  FieldSchema field;
  field.name = "F__c";
  field.type = type;
  field.scale = scale;
  return field;
}

using I = std::int64_t;
const FieldSchema kNumber = schema(FieldType::double_number, 2);
const FieldSchema kInteger = schema(FieldType::integer);
const FieldSchema kList = schema(FieldType::multipicklist);
const FieldSchema kText = schema(FieldType::textarea);

Value text(const char* value) { return std::string(value); }

TEST(Combine, TheGreaterAndTheSmaller) {
  EXPECT_EQ(combine(ConflictPolicy::max, kNumber, 1.0, 5.0, 7.0), Value(7.0));
  EXPECT_EQ(combine(ConflictPolicy::min, kNumber, 1.0, 5.0, 7.0), Value(5.0));
  EXPECT_EQ(combine(ConflictPolicy::max, kInteger, Absent{}, I{5}, I{-7}), Value(I{5})) << "needs no base";
  EXPECT_EQ(combine(ConflictPolicy::max, schema(FieldType::date), Null{}, Date{10}, Date{11}), Value(Date{11}));
  EXPECT_EQ(combine(ConflictPolicy::min, schema(FieldType::datetime), Null{}, DateTime{10}, DateTime{11}),
            Value(DateTime{10}));
  EXPECT_EQ(combine(ConflictPolicy::max, kNumber, 1.0, Null{}, 7.0), std::nullopt) << "cleared is no number";
}

TEST(Combine, BothDifferencesAreAdded) {
  EXPECT_EQ(combine(ConflictPolicy::add, kInteger, I{10}, I{12}, I{15}), Value(I{17}));
  EXPECT_EQ(combine(ConflictPolicy::add, kInteger, I{10}, I{15}, I{15}), Value(I{20}))
      << "equal values are two changes";
  EXPECT_EQ(combine(ConflictPolicy::add, kNumber, 0.1, 0.3, 0.4), Value(0.6)) << "in the field's scale";
  EXPECT_EQ(combine(ConflictPolicy::add, kInteger, Absent{}, I{12}, I{15}), std::nullopt);
  EXPECT_EQ(combine(ConflictPolicy::add, kInteger, I{10}, Null{}, I{15}), std::nullopt);
  constexpr I kMost = std::numeric_limits<I>::max();
  EXPECT_EQ(combine(ConflictPolicy::add, kInteger, I{-1}, kMost, I{0}), std::nullopt) << "overflow";
}

TEST(Combine, ItemsOfBothWithoutWhatEitherRemoved) {
  EXPECT_EQ(combine(ConflictPolicy::union_of_both, kList, text("a;b"), text("b;x"), text("a;b;y")), text("b;x;y"));
  EXPECT_EQ(combine(ConflictPolicy::union_of_both, kList, Absent{}, text("b;a"), text("c")), text("a;b;c"));
  EXPECT_EQ(combine(ConflictPolicy::union_of_both, kList, text("a"), Null{}, text("a;b")), text("b"));
  EXPECT_EQ(combine(ConflictPolicy::union_of_both, kList, text("a"), Null{}, Null{}), Value(Null{}));
}

TEST(Combine, TextsThatFit) {
  EXPECT_EQ(combine(ConflictPolicy::text, kText, text("a\nb\nc"), text("A\nb\nc"), text("a\nb\nC")), text("A\nb\nC"));
  EXPECT_EQ(combine(ConflictPolicy::text, kText, text("a"), text("b"), text("c")), std::nullopt);
  EXPECT_EQ(combine(ConflictPolicy::text, kText, Absent{}, text("b"), text("c")), std::nullopt);
  FieldSchema narrow = kText;
  narrow.length = 6;
  EXPECT_EQ(combine(ConflictPolicy::text, narrow, text("a\nb\nc"), text("aa\nb\nc"), text("a\nb\ncc")), std::nullopt);
}

TEST(Combine, EachForItsTypes) {
  EXPECT_TRUE(fits(ConflictPolicy::add, FieldType::currency));
  EXPECT_FALSE(fits(ConflictPolicy::add, FieldType::date));
  EXPECT_TRUE(fits(ConflictPolicy::max, FieldType::date));
  EXPECT_FALSE(fits(ConflictPolicy::union_of_both, FieldType::picklist));
  EXPECT_FALSE(fits(ConflictPolicy::text, FieldType::phone));
  EXPECT_TRUE(fits(ConflictPolicy::hold, FieldType::boolean));
}

}  // namespace
}  // namespace duet::rules
