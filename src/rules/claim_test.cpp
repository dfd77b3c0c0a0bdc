#include "rules/claim.h"

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
using testing::text;

TEST(Claim, SendsTheRowsValueOnTheFirstBase) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.app("A__c", "a1");
  table.app("A__c", "a2");
  ASSERT_TRUE(table.claim("t1"));
  const Attempt& attempt = table.record.lane.attempts.front();
  EXPECT_EQ(text(attempt.fields.at("A__c").value), "a2");
  EXPECT_EQ(text(attempt.fields.at("A__c").base), "a0");
  EXPECT_FALSE(table.claim("t2")) << "one attempt in flight";
}

TEST(Claim, WhatReturnedToItsBaseIsNotSent) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.app("A__c", "a1");
  table.app("A__c", "a0");
  EXPECT_FALSE(table.claim("t1"));
  EXPECT_TRUE(table.record.lane.empty());
}

TEST(Claim, UnchangedComparesWithTheLastValueSent) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.app("A__c", "a1");
  ASSERT_TRUE(table.claim("t1"));
  on_accepted(table.turn(), "t1", {});
  table.app("A__c", "a0");
  EXPECT_TRUE(table.claim("t2")) << "the org holds a1 now, so a0 is a change";
}

TEST(Claim, ACreateThatAnotherOneOvertookBecomesAnUpdate) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.record.lane.pending_create = true;
  EXPECT_FALSE(table.claim("t1"));
  EXPECT_FALSE(table.record.lane.pending_create);
  table.record.lane.pending_create = true;
  table.app("A__c", "a1");
  ASSERT_TRUE(table.claim("t2"));
  EXPECT_EQ(table.record.lane.attempts.front().kind, AttemptKind::update);
}

TEST(Claim, ACreateGetsAKeyBeforeItIsSent) {
  Table table;
  table.load("a0", "b0", 0);
  table.record.row->sfid.clear();
  table.record.row->values["Ext__c"] = Null{};
  table.record.captured.push_back({1, LogAction::insert, 7, {}, {}, {}, table.now});
  ASSERT_TRUE(table.claim("t1"));
  EXPECT_EQ(table.row("Ext__c"), "minted-key");
  EXPECT_EQ(table.record.lane.attempts.front().kind, AttemptKind::create);
  EXPECT_FALSE(table.record.lane.attempts.front().fields.contains("Ext__c")) << "the key is not a changed field";
}

TEST(Claim, AKeyOfTheAppIsLookedUpFirst) {
  Table table;
  table.load("a0", "b0", 0);
  table.record.row->sfid.clear();
  table.record.captured.push_back({1, LogAction::insert, 7, {}, {}, {}, table.now});
  EXPECT_EQ(key_to_look_up(table.record, table.mapping), "k");
  EXPECT_FALSE(table.claim("t1"));
  on_key_taken(table.turn(), read_of("theirs", "b0", kVersion));
  EXPECT_EQ(table.record.row->sfid, kSfid);
  EXPECT_EQ(table.row("A__c"), "theirs");
  EXPECT_THAT(table.lost(), ElementsAre("a0"));
}

TEST(Rejected, ValuesAreInTheJournalAndTheLogSaysFailed) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.app("A__c", "bad");
  table.claim("t1");
  on_rejected(table.turn(), "t1",
              Error{ErrorKind::rejected, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "no", {}, nullptr, {}});
  EXPECT_EQ(table.change.log.back().state, LogState::failed);
  EXPECT_EQ(table.record.row->last_op, "FAILED");
  EXPECT_THAT(table.lost(), ElementsAre("bad"));
  EXPECT_EQ(table.change.issues.front().kind, "rejected");
  EXPECT_EQ(table.change.error_text, R"({"code":"FIELD_CUSTOM_VALIDATION_EXCEPTION","message":"no"})");
  EXPECT_TRUE(table.record.lane.empty());
}

TEST(Rejected, ALockedRowIsTriedAgainLater) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.app("A__c", "a1");
  table.claim("t1");
  on_rejected(table.turn(), "t1", Error{ErrorKind::row_locked, "UNABLE_TO_LOCK_ROW", "busy", {}, nullptr, {}});
  EXPECT_FALSE(table.claim("t2")) << "not before the back-off is over";
  table.context.now += 3'000;
  EXPECT_TRUE(table.claim("t2"));
  EXPECT_EQ(text(table.record.lane.attempts.front().fields.at("A__c").base), "a0");
}

TEST(Contested, GoesOutOnConditionAfterARecentChangeOfTheOrg) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.context.database_now = kVersion + 10'000;
  table.app("A__c", "a1");
  table.receive(table.event({{"B__c", std::string("theirs")}}, kVersion + 9'500));
  EXPECT_FALSE(table.claim("t1")) << "the version is not older than its second";
  EXPECT_EQ(table.record.lane.not_before, table.now + 1'500);
  table.context.now += 2'000;
  table.context.database_now += 2'000;
  ASSERT_TRUE(table.claim("t2"));
  EXPECT_TRUE(conditional(table.mapping, table.record.lane.attempts.back()));
  EXPECT_EQ(table.record.lane.attempts.back().row_stamp, kVersion + 9'500);
  // Somebody was faster: what is read is merged, and the next write goes as it is.
  on_rejected(table.turn(), "t2", Error{ErrorKind::not_found, "PRECONDITION_FAILED", "", {}, nullptr, {}});
  ASSERT_TRUE(table.record.lane.dirty);
  on_read_back(table.turn(), read_of("a0", "later", kVersion + 11'000), table.record.lane.revision);
  ASSERT_TRUE(table.claim("t3"));
  EXPECT_FALSE(conditional(table.mapping, table.record.lane.attempts.back()));
}

TEST(Contested, NotWhereTheAppHasTheLastWordOrTheChangeIsOld) {
  for (const bool old : {true, false}) {
    Table table(old ? ConflictPolicy::salesforce : ConflictPolicy::postgres);
    table.load("a0", "b0", kVersion);
    table.context.database_now = kVersion + 10'000;
    table.app("A__c", "a1");
    table.receive(table.event({{"B__c", std::string("theirs")}}, kVersion + 9'500));
    if (old) table.context.now += 5'000;
    ASSERT_TRUE(table.claim("t1"));
    EXPECT_FALSE(conditional(table.mapping, table.record.lane.attempts.back()));
  }
}

}  // namespace
}  // namespace duet::rules
