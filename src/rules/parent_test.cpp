#include "rules/parent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/outcome.h"
#include "rules/read.h"
#include "rules/record_table_test.h"

namespace duet::rules {
namespace {

using ::testing::ElementsAre;
using testing::kSfid;
using testing::kVersion;
using testing::read_of;
using testing::Table;

constexpr const char* kKey = "Parent__r.Ext__c";
constexpr const char* kParentId = "a01000000000001AAA";

/// Thing__c with the lookup Parent__c, and the parent's external id in a column of its own.
struct ChildTable : Table {
  ChildTable() {
    MappedField reference = mapping.fields.back();
    reference.schema.name = "Parent__c";
    reference.schema.type = FieldType::reference;
    mapping.fields.push_back(reference);
    MappedField key = mapping.fields.back();
    key.schema.name = kKey;
    key.schema.type = FieldType::string;
    key.column = "parent__r__ext__c";
    key.parent = ParentKey{"Parent__c", "Parent__r", "Parent__c", "Ext__c"};
    mapping.fields.push_back(key);
    load("a0", "b0", kVersion);
    record.row->values["Parent__c"] = Null{};
    record.row->values[kKey] = Null{};
  }

  void refuse_parent(const std::string& token) {
    on_rejected(turn(), token,
                {ErrorKind::rejected,
                 "INVALID_FIELD",
                 "Foreign key external ID: p-1 not found for field Ext__c in entity Parent__c",
                 {},
                 nullptr,
                 {}});
  }
};

TEST(Parent, AMissingParentParksTheChild) {
  ChildTable table;
  table.app(kKey, "P-1");
  ASSERT_TRUE(table.claim("t1"));
  table.refuse_parent("t1");
  ASSERT_TRUE(table.record.lane.waits_for);
  EXPECT_EQ(table.record.lane.waits_for->key, "P-1");
  EXPECT_FALSE(table.claim("t2")) << "parked";
  ASSERT_EQ(table.change.issues.size(), 1U);
  EXPECT_TRUE(table.change.journal.empty()) << "nothing is lost";

  release_from_parent(table.turn());
  EXPECT_TRUE(table.claim("t3"));
  EXPECT_THAT(table.change.resolved_issues, ElementsAre("rejected"));
}

TEST(Parent, AnotherParentInTheRowReleasesTheChild) {
  ChildTable table;
  table.app(kKey, "P-1");
  ASSERT_TRUE(table.claim("t1"));
  table.refuse_parent("t1");
  table.app(kKey, "P-2");
  EXPECT_TRUE(table.claim("t2"));
}

TEST(Parent, ARowThatGoesAwayLeavesNothingParked) {
  ChildTable table;
  table.record.row->sfid.clear();
  table.record.captured.push_back({1, LogAction::insert, 7, {}, {}, {}, table.now});
  table.record.lane.key_checked = true;
  ASSERT_TRUE(table.claim("t1"));
  table.record.row->values[kKey] = std::string("P-1");
  table.record.lane.attempts.front().fields[kKey] = {std::string("P-1"), Null{}, {}};
  table.refuse_parent("t1");
  ASSERT_FALSE(table.record.lane.parked.empty());
  table.record.row.reset();
  EXPECT_FALSE(table.claim("t2"));
  EXPECT_TRUE(table.record.lane.parked.empty());
}

TEST(Parent, AnotherRefusalIsNoMissingParent) {
  ChildTable table;
  table.app("A__c", "a1");
  ASSERT_TRUE(table.claim("t1"));
  on_rejected(table.turn(), "t1", {ErrorKind::rejected, "INVALID_FIELD", "No such column", {}, nullptr, {}});
  EXPECT_FALSE(table.record.lane.waits_for);
}

TEST(Parent, AnEventThatNamesTheParentByIdMakesTheColumnUnreadable) {
  ChildTable table;
  table.receive(table.event({{"Parent__c", std::string(kParentId)}}, kVersion + 5'000));
  EXPECT_TRUE(table.record.lane.dirty);
}

TEST(Parent, AnEventThatTakesTheParentAwayClearsTheColumn) {
  ChildTable table;
  table.record.row->values["Parent__c"] = std::string(kParentId);
  table.record.row->values[kKey] = std::string("P-1");
  table.receive(table.event({{"Parent__c", Null{}}}, kVersion + 5'000));
  EXPECT_FALSE(table.record.lane.dirty);
  EXPECT_EQ(table.row(kKey), "(null)");
}

TEST(Parent, OurOwnEventLeavesTheColumnToARead) {
  ChildTable table;
  table.app(kKey, "P-1");
  ASSERT_TRUE(table.claim("t1"));
  on_accepted(table.turn(), "t1", {});
  table.receive(table.event({{"Parent__c", std::string(kParentId)}}, kVersion + 5'000, "t1"));
  ASSERT_EQ(table.record.lane.attempts.size(), 1U);
  EXPECT_TRUE(table.record.lane.attempts.front().passed);

  RecordRead read = read_of("a0", "b0", kVersion + 5'000);
  read.fields["Parent__c"] = std::string(kParentId);
  read.fields[kKey] = std::string("P-1");
  on_read_back(table.turn(), read, table.record.lane.revision);
  EXPECT_TRUE(table.record.lane.attempts.empty());
  EXPECT_EQ(table.row(kKey), "P-1");
  EXPECT_EQ(table.row("Parent__c"), kParentId);
  EXPECT_TRUE(table.change.journal.empty());
}

TEST(Parent, ACallNamesTheParentOnce) {
  ChildTable table;
  table.app(kKey, "P-1");
  table.app("Parent__c", kParentId);
  ASSERT_TRUE(table.claim("t1"));
  EXPECT_TRUE(table.record.lane.attempts.front().fields.contains("Parent__c"));
  EXPECT_FALSE(table.record.lane.attempts.front().fields.contains(kKey));
}

}  // namespace
}  // namespace duet::rules
