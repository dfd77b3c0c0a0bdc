#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/claim.h"
#include "rules/outcome.h"
#include "rules/record_table_test.h"
#include "rules/resolve.h"

namespace duet::rules {
namespace {

using ::testing::ElementsAre;
using testing::kSfid;
using testing::kVersion;
using testing::Table;
using testing::text;

struct OrderedTable : Table {
  OrderedTable() { mapping.ordered = true; }

  void writes(const std::string& field, const std::string& value) {
    app(field, value);
    record.captured.back().new_values = {{field, value}};
  }
  void inserts(const std::string& a) {
    load(a, "", 0);
    record.row->sfid.clear();
    record.row->values["B__c"] = Null{};
    record.captured.push_back({50, LogAction::insert, 7, {}, {}, {}, now, record.row->values});
  }
  const Attempt& attempt() const { return record.lane.attempts.back(); }
};

TEST(Ordered, EveryChangeIsAWriteOfItsOwnWithItsOwnValues) {
  OrderedTable table;
  table.load("a0", "b0", kVersion);
  table.writes("A__c", "a1");
  table.writes("B__c", "b1");
  table.writes("A__c", "a2");
  ASSERT_TRUE(table.claim("t1"));
  EXPECT_EQ(text(table.attempt().fields.at("A__c").value), "a1");
  EXPECT_EQ(table.attempt().fields.size(), 1U);
  EXPECT_FALSE(table.claim("t2")) << "one attempt in flight";
  on_accepted(table.turn(), "t1", {});
  ASSERT_TRUE(table.claim("t2"));
  EXPECT_EQ(text(table.attempt().fields.at("B__c").value), "b1");
  on_accepted(table.turn(), "t2", {});
  ASSERT_TRUE(table.claim("t3"));
  EXPECT_EQ(text(table.attempt().fields.at("A__c").value), "a2");
  EXPECT_EQ(text(table.attempt().fields.at("A__c").base), "a1");
  on_accepted(table.turn(), "t3", {});
  EXPECT_TRUE(table.record.lane.pending.empty());
  EXPECT_TRUE(table.record.lane.log.empty());
}

TEST(Ordered, AnInsertGoesOutAsItWasBeforeItsLaterChanges) {
  OrderedTable table;
  table.inserts("a0");
  table.writes("A__c", "a1");
  table.writes("B__c", "b1");
  table.record.lane.key_checked = true;
  ASSERT_TRUE(table.claim("t1"));
  EXPECT_EQ(table.attempt().kind, AttemptKind::create);
  EXPECT_EQ(text(table.attempt().fields.at("A__c").value), "a0");
  EXPECT_FALSE(table.attempt().fields.contains("B__c")) << "it was null then";
  on_accepted(table.turn(), "t1", kSfid);
  ASSERT_TRUE(table.claim("t2"));
  EXPECT_EQ(table.attempt().kind, AttemptKind::update);
  EXPECT_EQ(text(table.attempt().fields.at("A__c").value), "a1");
  on_accepted(table.turn(), "t2", {});
  ASSERT_TRUE(table.claim("t3"));
  EXPECT_EQ(text(table.attempt().fields.at("B__c").value), "b1");
}

TEST(Ordered, AFailedInsertHoldsItsRecordsLaterChanges) {
  OrderedTable table;
  table.inserts("a0");
  table.writes("A__c", "a1");
  table.record.lane.key_checked = true;
  ASSERT_TRUE(table.claim("t1"));
  on_rejected(table.turn(), "t1", {ErrorKind::rejected, "REQUIRED_FIELD_MISSING", "no", {}, nullptr, {}});
  EXPECT_EQ(table.record.lane.parked, "REQUIRED_FIELD_MISSING");
  EXPECT_FALSE(table.claim("t2"));
  EXPECT_EQ(table.record.lane.log.size(), 2U);
  EXPECT_TRUE(table.record.lane.pending_create);
  EXPECT_EQ(table.record.row->last_op, "FAILED");
  EXPECT_TRUE(table.lost().empty()) << "it waits, it is not lost";
}

TEST(Ordered, AFailedInsertIsTriedAgainWithWhatTheRowHasByThen) {
  OrderedTable table;
  table.inserts("a0");
  table.record.lane.key_checked = true;
  ASSERT_TRUE(table.claim("t1"));
  on_rejected(table.turn(), "t1", {ErrorKind::rejected, "REQUIRED_FIELD_MISSING", "no", {}, nullptr, {}});
  table.writes("A__c", "mended");
  EXPECT_FALSE(table.claim("t2")) << "it waits for a person";
  const Issue issue = table.change.issues.front();
  EXPECT_EQ(retry(table.turn(), issue.fields, {}).verdict, ActionVerdict::done);
  table.record.lane.key_checked = true;
  ASSERT_TRUE(table.claim("t3"));
  EXPECT_EQ(table.attempt().kind, AttemptKind::create);
  EXPECT_EQ(text(table.attempt().fields.at("A__c").value), "mended");
  on_accepted(table.turn(), "t3", kSfid);
  EXPECT_FALSE(table.claim("t4")) << "the later change went out with it";
}

TEST(Ordered, AFailedUpdateDoesNotHoldTheNext) {
  OrderedTable table;
  table.load("a0", "b0", kVersion);
  table.writes("A__c", "bad");
  table.writes("A__c", "a2");
  ASSERT_TRUE(table.claim("t1"));
  on_rejected(table.turn(), "t1", {ErrorKind::rejected, "FIELD_CUSTOM_VALIDATION_EXCEPTION", "no", {}, nullptr, {}});
  ASSERT_TRUE(table.claim("t2"));
  EXPECT_EQ(text(table.attempt().fields.at("A__c").value), "a2");
  EXPECT_EQ(text(table.attempt().fields.at("A__c").base), "a0");
  EXPECT_THAT(table.lost(), ElementsAre("bad"));
}

TEST(Ordered, ANotSentChangeKeepsItsPlace) {
  OrderedTable table;
  table.load("a0", "b0", kVersion);
  table.writes("A__c", "a1");
  table.writes("A__c", "a2");
  ASSERT_TRUE(table.claim("t1"));
  on_not_sent(table.turn(), "t1");
  table.context.now += 3'600'000;
  ASSERT_TRUE(table.claim("t2"));
  EXPECT_EQ(text(table.attempt().fields.at("A__c").value), "a1");
}

TEST(Ordered, WhatTheOrgOverruledIsNotSentAnyMore) {
  OrderedTable table;
  table.load("a0", "b0", kVersion);
  table.writes("A__c", "a1");
  table.writes("B__c", "b1");
  table.receive(table.event({{"A__c", std::string("org")}}, table.now + 5'000));
  table.context.now += 10'000;  // the org's change is not recent any more
  ASSERT_TRUE(table.claim("t1"));
  EXPECT_EQ(text(table.attempt().fields.at("B__c").value), "b1");
  EXPECT_THAT(table.lost(), ElementsAre("a1"));
}

}  // namespace
}  // namespace duet::rules
