#include "rules/plan.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "rules/record_table_test.h"

namespace duet::rules {
namespace {

using Indexes = std::vector<std::size_t>;

MappedField reference_to(const std::string& object) {
  MappedField field;
  field.schema.name = object;
  field.schema.type = FieldType::reference;
  field.schema.reference_to = {object};
  return field;
}

TEST(Plan, AReferencedObjectComesFirstAndCyclesEnd) {
  Mapping parent = testing::thing_mapping(ConflictPolicy::newest);
  Mapping child = parent;
  parent.object = "Parent__c";
  child.object = "Child__c";
  child.fields.push_back(reference_to("Parent__c"));
  EXPECT_EQ(parents_first({&child, &parent}), (std::vector<const Mapping*>{&parent, &child}));
  parent.fields.push_back(reference_to("Child__c"));
  EXPECT_EQ(parents_first({&child, &parent}).size(), 2U);
}

TEST(Plan, ACallTakesAsManyAsItMayInTheOrderOfCapture) {
  std::vector<PlanItem> items;
  for (std::size_t i = 0; i < 450; ++i) items.push_back({i, {}, {}});
  const Indexes call = next_call(items, {}, {.records = 200});
  ASSERT_EQ(call.size(), 200U);
  EXPECT_EQ(call.front(), 0U);
  EXPECT_EQ(call.back(), 199U);
}

TEST(Plan, RecordsOfOneParentStayTogether) {
  const std::vector<PlanItem> items = {{0, {"a"}, {}}, {1, {"b"}, {}}, {2, {"a"}, {}}, {3, {"b"}, {}}};
  EXPECT_EQ(next_call(items, {}, {.records = 2}), (Indexes{0, 2}));
  EXPECT_EQ(next_call(items, {"a"}, {.records = 2}), (Indexes{1, 3}));
  EXPECT_EQ(next_call(items, {}, {.records = 3}), (Indexes{0, 2}))
      << "b does not fit whole: two calls side by side would share it";
}

TEST(Plan, NothingGoesThatACallUnderWayHasLocked) {
  const std::vector<PlanItem> items = {{0, {"a", "c"}, {}}, {1, {}, "parent"}, {2, {"b"}, {}}};
  EXPECT_EQ(next_call(items, {"c", "parent"}, {.records = 10}), (Indexes{2}));
  EXPECT_TRUE(next_call(items, {"b", "c", "parent"}, {.records = 10}).empty());
}

TEST(Plan, AParentWithMoreThanACallHasTheCallForItself) {
  std::vector<PlanItem> items = {{0, {"small"}, {}}};
  for (std::size_t i = 1; i <= 5; ++i) items.push_back({i, {"large"}, {}});
  EXPECT_EQ(next_call(items, {}, {.records = 3}), (Indexes{1, 2, 3}));
  EXPECT_EQ(next_call(items, {"large"}, {.records = 3}), (Indexes{0})) << "its others wait for the call's end";
}

TEST(Plan, AParentThatIsNamedByAKeyMustExistFirst) {
  Mapping child = testing::thing_mapping(ConflictPolicy::newest);
  child.fields.push_back(reference_to("Parent__c"));
  Attempt attempt;
  attempt.fields["Parent__c"] = SentField{std::string("6f9619ff-8b86-d011-b42d-00cf4fc964ff"), Absent{}, {}};
  EXPECT_EQ(named_parents(child, attempt), (std::set<std::string>{"Parent__c"}));
  attempt.fields["Parent__c"].value = std::string("a0B000000000001AAA");
  EXPECT_TRUE(named_parents(child, attempt).empty());
}

}  // namespace
}  // namespace duet::rules
