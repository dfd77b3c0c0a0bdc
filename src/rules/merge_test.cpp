#include "rules/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/capture.h"
#include "rules/record_table_test.h"

namespace duet::rules {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Table;

constexpr TimeMs kVersion = 900'000'000;

void merge(Table& table, const std::string& value, TimeMs changed_at) {
  absorb(table.turn());
  merge_field(table.turn(), *table.mapping.find("A__c"), value,
              {{changed_at, changed_at + 1000}, testing::kPerson, true});
}

TEST(Merge, WithoutPendingTheRemoteValueIsTaken) {
  Table table;
  table.load("a0", "b0", kVersion);
  merge(table, "a1", kVersion + 1000);
  EXPECT_EQ(table.row("A__c"), "a1");
  EXPECT_THAT(table.lost(), IsEmpty());
}

TEST(Merge, EqualValuesAgree) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.app("A__c", "a1");
  merge(table, " a1 ", kVersion + 1000);
  EXPECT_TRUE(table.record.lane.pending.empty());
  EXPECT_EQ(table.change.log.back().state, LogState::ignored);
  EXPECT_THAT(table.lost(), IsEmpty());
}

TEST(Merge, TheBaseAgainIsNothingNew) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.app("A__c", "a1");
  merge(table, "a0", kVersion + 1000);
  EXPECT_EQ(table.row("A__c"), "a1");
  EXPECT_TRUE(table.record.lane.pending.contains("A__c"));
}

TEST(Merge, SalesforceWinsAndTheLocalValueIsJournalled) {
  Table table(ConflictPolicy::salesforce);
  table.load("a0", "b0", kVersion);
  table.app("A__c", "mine");
  merge(table, "theirs", kVersion + 1000);
  EXPECT_EQ(table.row("A__c"), "theirs");
  EXPECT_THAT(table.lost(), ElementsAre("mine"));
  EXPECT_EQ(table.change.journal.front().base, Value(std::string("a0")));
  EXPECT_EQ(table.change.issues.front().state, "decided");
}

TEST(Merge, PostgresWinsOnTheNewBase) {
  Table table(ConflictPolicy::postgres);
  table.load("a0", "b0", kVersion);
  table.app("A__c", "mine");
  merge(table, "theirs", kVersion + 1000);
  EXPECT_EQ(table.row("A__c"), "mine");
  EXPECT_THAT(table.lost(), ElementsAre("theirs"));
  EXPECT_EQ(table.record.lane.pending.at("A__c").base, Value(std::string("theirs")));
}

TEST(Decide, NewestComparesIntervalsAndOverlapGoesToSalesforce) {
  Table table(ConflictPolicy::newest);
  table.context.uncertainty_ms = 100;
  const TimeInterval remote{10'000, 11'000};
  EXPECT_EQ(decide(ConflictPolicy::newest, {12'000, 12'000}, remote, table.context), Side::postgres);
  EXPECT_EQ(decide(ConflictPolicy::newest, {11'050, 11'050}, remote, table.context), Side::salesforce);
  EXPECT_EQ(decide(ConflictPolicy::newest, {10'500, 20'000}, remote, table.context), Side::salesforce);
  table.context.offset_ms = -2'000;
  EXPECT_EQ(decide(ConflictPolicy::newest, {12'000, 12'000}, remote, table.context), Side::salesforce);
}

TEST(Absorb, BaseIsKeptFromTheFirstPendingChange) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.app("A__c", "a1");
  table.app("A__c", "a2");
  absorb(table.turn());
  EXPECT_EQ(table.record.lane.pending.at("A__c").base, Value(std::string("a0")));
  EXPECT_EQ(table.record.lane.log.size(), 2U);
}

TEST(Absorb, AFieldThatTheOrgDoesNotAcceptIsAnIssueAndNotSent) {
  Table table;
  table.mapping.fields[3].schema.updateable = false;
  table.load("a0", "b0", kVersion);
  table.app("A__c", "a1");
  absorb(table.turn());
  EXPECT_TRUE(table.record.lane.pending.empty());
  EXPECT_EQ(table.change.log.back().state, LogState::failed);
  EXPECT_EQ(table.change.issues.front().code, "FIELD_NOT_WRITEABLE");
}

}  // namespace
}  // namespace duet::rules
