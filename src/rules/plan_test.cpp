#include "rules/plan.h"

#include <gtest/gtest.h>

#include "rules/record_table_test.h"

namespace duet::rules {
namespace {

struct Orders {
  Mapping parent = testing::thing_mapping(ConflictPolicy::newest);
  Mapping child = testing::thing_mapping(ConflictPolicy::newest);
  Orders() {
    parent.object = "Parent__c";
    child.object = "Child__c";
    MappedField master;
    master.schema.name = "Parent__c";
    master.schema.type = FieldType::reference;
    master.schema.reference_to = {"Parent__c"};
    master.schema.cascade_delete = true;
    child.fields.push_back(master);
  }
};

Attempt attempt_on(const std::string& master) {
  Attempt attempt;
  if (!master.empty()) attempt.fields["Parent__c"] = SentField{master, Absent{}, {}};
  return attempt;
}

TEST(Plan, ParentsAreCreatedFirstAndDeletedLast) {
  Orders orders;
  const Attempt attempt;
  const std::vector<PlanItem> items = {{0, &orders.child, AttemptKind::create, &attempt, false},
                                       {1, &orders.parent, AttemptKind::create, &attempt, false},
                                       {2, &orders.parent, AttemptKind::remove, &attempt, false},
                                       {3, &orders.child, AttemptKind::remove, &attempt, false}};
  const auto batches = plan(items, {});
  ASSERT_EQ(batches.size(), 4U);
  EXPECT_EQ(batches[0].indexes.front(), 1U);
  EXPECT_EQ(batches[1].indexes.front(), 0U);
  EXPECT_EQ(batches[2].indexes.front(), 3U);
  EXPECT_EQ(batches[3].indexes.front(), 2U);
}

TEST(Plan, OneRecordGoesAsARowManyAsCollectionsOfTheBatchSize) {
  Orders orders;
  const Attempt attempt;
  std::vector<PlanItem> items = {{0, &orders.parent, AttemptKind::update, &attempt, false}};
  EXPECT_FALSE(plan(items, {}).front().collection);
  for (std::size_t i = 1; i < 450; ++i) items.push_back({i, &orders.parent, AttemptKind::update, &attempt, false});
  const auto batches = plan(items, {});
  ASSERT_EQ(batches.size(), 3U);
  EXPECT_TRUE(batches[0].collection);
  EXPECT_EQ(batches[0].indexes.size(), 200U);
  EXPECT_EQ(batches[2].indexes.size(), 50U);
}

TEST(Plan, ConditionalWritesGoAlone) {
  Orders orders;
  const Attempt attempt;
  const std::vector<PlanItem> items = {{0, &orders.parent, AttemptKind::update, &attempt, true},
                                       {1, &orders.parent, AttemptKind::update, &attempt, true},
                                       {2, &orders.parent, AttemptKind::update, &attempt, false}};
  const auto batches = plan(items, {});
  ASSERT_EQ(batches.size(), 3U);
  EXPECT_TRUE(batches[0].conditional);
  EXPECT_FALSE(batches[0].collection);
  EXPECT_FALSE(batches[2].conditional);
}

TEST(Plan, RecordsOfOneMasterStayTogether) {
  Orders orders;
  const Attempt a = attempt_on("a");
  const Attempt b = attempt_on("b");
  const std::vector<PlanItem> items = {{0, &orders.child, AttemptKind::create, &a, false},
                                       {1, &orders.child, AttemptKind::create, &b, false},
                                       {2, &orders.child, AttemptKind::create, &a, false},
                                       {3, &orders.child, AttemptKind::create, &b, false}};
  const auto batches = plan(items, {.batch_size = 2, .collection_from = 2});
  ASSERT_EQ(batches.size(), 2U);
  EXPECT_EQ(batches[0].indexes, (std::vector<std::size_t>{0, 2}));
  EXPECT_EQ(batches[1].indexes, (std::vector<std::size_t>{1, 3}));
}

}  // namespace
}  // namespace duet::rules
