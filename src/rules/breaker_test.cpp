#include "rules/breaker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/event.h"
#include "rules/outcome.h"
#include "rules/record_table_test.h"

namespace duet::rules {
namespace {

using ::testing::HasSubstr;
using testing::kSfid;
using testing::kVersion;
using testing::Table;

constexpr DeleteLimit kLimit{10, 60'000};

TEST(Breaker, LetsThroughWhatTheWindowAllows) {
  Breaker breaker;
  EXPECT_FALSE(trip(breaker, 10, kLimit, 1'000'000));
  breaker.deletes = 6;
  EXPECT_FALSE(trip(breaker, 4, kLimit, 1'030'000));
  EXPECT_TRUE(trip(breaker, 5, kLimit, 1'030'000));
  EXPECT_EQ(breaker.state, BreakerState::tripped);
}

TEST(Breaker, BeginsANewWindow) {
  Breaker breaker{BreakerState::closed, 1'000'000, 10};
  EXPECT_FALSE(trip(breaker, 10, kLimit, 1'060'000));
  EXPECT_EQ(breaker.window_from, 1'060'000);
  EXPECT_EQ(breaker.deletes, 0);
}

TEST(Breaker, NoLimitHoldsNothing) {
  Breaker breaker;
  EXPECT_FALSE(trip(breaker, 1'000'000, {0, 60'000}, 1));
}

TEST(Breaker, ItsIssueSaysWhatToDo) {
  const Issue issue = breaker_issue(testing::thing_mapping(ConflictPolicy::newest), 11, kLimit);
  EXPECT_EQ(issue.kind, "breaker");
  EXPECT_THAT(issue.message, HasSubstr("11 or more rows of thing__c"));
  EXPECT_THAT(issue.message, HasSubstr("Approve"));
}

struct HeldDelete : Table {
  HeldDelete() {
    load("a0", "b0", kVersion);
    app_removes();
    context.hold_deletes = true;
    EXPECT_FALSE(claim("t1"));
    EXPECT_EQ(record.lane.parked, kHeldByBreaker);
    change = {};
  }
};

TEST(Breaker, AnApprovedDeleteGoesOut) {
  HeldDelete table;
  approve_delete(table.turn());
  ASSERT_TRUE(table.claim("t2")) << "although the breaker is still open for others";
  EXPECT_EQ(table.record.lane.attempts.front().kind, AttemptKind::remove);
}

TEST(Breaker, ADiscardedDeleteBringsTheRowBack) {
  HeldDelete table;
  discard_delete(table.turn());
  ASSERT_TRUE(table.record.row);
  EXPECT_EQ(table.change.insert_id, 7);
  EXPECT_EQ(table.row("A__c"), "a0");
  EXPECT_TRUE(table.record.lane.dirty) << "the org's values may have moved";
  EXPECT_FALSE(table.record.lane.pending_delete);
  EXPECT_TRUE(table.record.lane.parked.empty());
  ASSERT_EQ(table.change.journal.size(), 1U);
  EXPECT_EQ(table.change.journal.front().rule, "discarded");
}

TEST(Breaker, AHeldDeleteThatGivesWayIsHeldNoMore) {
  HeldDelete table;
  table.mapping.delete_conflict = ConflictPolicy::salesforce;
  table.receive(table.event({{"A__c", std::string("a1")}}, table.now + 5'000));
  ASSERT_TRUE(table.record.row);
  EXPECT_EQ(table.row("A__c"), "a1");
  EXPECT_TRUE(table.record.lane.parked.empty());
}

TEST(Breaker, WhatIsApprovedStaysSoWhenItIsSentAgain) {
  HeldDelete table;
  approve_delete(table.turn());
  ASSERT_TRUE(table.claim("t2"));
  on_not_sent(table.turn(), "t2");
  table.context.now += 3'600'000;
  EXPECT_TRUE(table.claim("t3"));
}

}  // namespace
}  // namespace duet::rules
