#include "rules/event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/record_table_test.h"

namespace duet::rules {
namespace {

using testing::kVersion;
using testing::Table;

TEST(Event, OlderThanTheRowIsHistory) {
  Table table;
  table.load("a5", "b0", kVersion);
  table.receive(table.event({{"A__c", std::string("a4")}}, kVersion - 1000));
  EXPECT_EQ(table.row("A__c"), "a5");
}

TEST(Event, TheSameSecondIsDirtyUnlessItFollowsAnEvent) {
  Table table;
  table.load("a5", "b0", kVersion);
  table.receive(table.event({{"A__c", std::string("a6")}}, kVersion), false);
  EXPECT_TRUE(table.record.lane.dirty.has_value());
  EXPECT_EQ(table.row("A__c"), "a5");

  Table other;
  other.load("a5", "b0", kVersion);
  other.receive(other.event({{"A__c", std::string("a6")}}, kVersion), true);
  EXPECT_EQ(other.row("A__c"), "a6");
}

TEST(Event, OfTheSameSecondThatComesAgainIsComparedWithWhatTheOrgHolds) {
  // Our write covered theirs within one second; theirs won, is in the row and not yet sent.
  Table table(ConflictPolicy::salesforce);
  table.load("a0", "b0", kVersion);
  table.send("A__c", "mine", "t1");
  const ChangeEvent theirs = table.event({{"A__c", std::string("theirs")}}, kVersion + 4000);
  table.receive(theirs);
  table.receive(table.event({{"A__c", std::string("mine")}}, kVersion + 4000, "t1"));
  ASSERT_EQ(table.row("A__c"), "theirs");
  table.receive(theirs, false);
  EXPECT_TRUE(table.record.lane.pending.contains("A__c")) << "the org holds our value, theirs is still to be sent";
  EXPECT_TRUE(table.record.lane.dirty.has_value());
}

TEST(Event, OfARecordThatTheTableDoesNotHaveIsDirty) {
  Table table;
  table.receive(table.event({{"A__c", std::string("a6")}}, kVersion));
  EXPECT_TRUE(table.record.lane.dirty.has_value());
  EXPECT_FALSE(table.claim("t1"));
}

}  // namespace
}  // namespace duet::rules
