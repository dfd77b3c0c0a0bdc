#include "rules/removal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/capture.h"
#include "rules/outcome.h"
#include "rules/read.h"
#include "rules/record_table_test.h"

namespace duet::rules {
namespace {

using ::testing::Contains;
using testing::kSfid;
using testing::kVersion;
using testing::read_of;
using testing::Table;

TEST(Delete, ARowThatComesBackHoldsWhatTheOrgHolds) {
  Table table(ConflictPolicy::salesforce);
  table.mapping.delete_conflict = ConflictPolicy::salesforce;
  table.load("a0", "b0", kVersion);
  table.app("A__c", "a1");
  table.claim("t1");
  on_unknown(table.turn(), "t1");
  table.app("A__c", "never sent");
  table.app_removes();
  table.receive(table.event({{"B__c", std::string("b1")}}, kVersion + 4000));
  ASSERT_TRUE(table.record.row) << "the delete gave way";
  on_read_back(table.turn(), read_of("a1", "b1", kVersion + 5000), table.record.lane.revision);
  EXPECT_EQ(table.row("A__c"), "a1");
}

TEST(Delete, ACapturedDeleteIsNotReplacedWhenTheCreateIsAccepted) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.record.row->sfid.clear();
  table.record.lane.pending_create = true;
  table.record.lane.key_checked = true;
  ASSERT_TRUE(table.claim("t1"));
  table.app_removes();
  absorb(table.turn());
  on_accepted(table.turn(), "t1", kSfid);
  const std::int64_t captured = table.record.lane.pending_delete->log_id;
  EXPECT_NE(captured, 0);
}

TEST(Delete, TakesTheRowAndLeavesATombstone) {
  Table table;
  table.load("a0", "b0", kVersion);
  ChangeEvent event = table.event({}, kVersion + 1000);
  event.kind = EventKind::remove;
  table.receive(event);
  EXPECT_FALSE(table.record.row.has_value());
  EXPECT_EQ(table.change.row_action, RowAction::remove);
  ChangeEvent late = table.event({{"A__c", std::string("a9")}}, kVersion + 2000);
  late.kind = EventKind::create;
  table.receive(late);
  EXPECT_FALSE(table.record.row.has_value()) << "events do not insert under a tombstone";
}

TEST(Delete, AgainstAnUpdateGoesByPolicyAndIsJournalled) {
  Table table(ConflictPolicy::postgres);
  table.load("a0", "b0", kVersion);
  table.app("A__c", "mine");
  ChangeEvent event = table.event({}, kVersion + 1000);
  event.kind = EventKind::remove;
  table.receive(event);
  ASSERT_TRUE(table.record.row.has_value());
  EXPECT_EQ(table.record.row->sfid, "") << "created anew";
  EXPECT_TRUE(table.record.lane.pending_create);
  EXPECT_THAT(table.lost(), ::testing::Not(Contains("mine"))) << "it goes out again";

  Table other(ConflictPolicy::salesforce);
  other.load("a0", "b0", kVersion);
  other.app("A__c", "mine");
  other.receive(event);
  EXPECT_FALSE(other.record.row.has_value());
  EXPECT_THAT(other.lost(), Contains("mine"));
  EXPECT_TRUE(other.change.journal.front().whole_row);
}

TEST(Delete, OfTheAppGivesWayToALaterEditInTheOrg) {
  Table table(ConflictPolicy::newest);
  table.load("a0", "b0", kVersion);
  table.app_removes();
  table.receive(table.event({{"A__c", std::string("kept")}}, table.now + 5'000));
  ASSERT_TRUE(table.record.row.has_value());
  EXPECT_EQ(table.change.insert_id, 7);
  EXPECT_EQ(table.row("A__c"), "kept");
  EXPECT_TRUE(table.record.lane.dirty.has_value()) << "read whole, since the restored values are old";
}

TEST(Delete, OfARowWhoseCreateIsUnderWayFollowsIt) {
  Table table;
  table.load("a0", "b0", 0);
  table.record.row->sfid.clear();
  table.record.row->values["Ext__c"] = Null{};
  table.record.captured.push_back({1, LogAction::insert, 7, {}, {}, {}, table.now});
  table.claim("t1");
  table.record.row.reset();
  on_accepted(table.turn(), "t1", kSfid);
  EXPECT_TRUE(table.record.lane.pending_delete.has_value());
  EXPECT_TRUE(table.claim("t2"));
  EXPECT_EQ(table.record.lane.attempts.back().kind, AttemptKind::remove);
}

TEST(Delete, OfARowWhoseCreateWasUnansweredKeepsWhatSomebodyAdded) {
  Table table;
  table.load("a0", "b0", 0);
  table.record.row->sfid.clear();
  table.record.row->values["B__c"] = Null{};
  table.record.row->values["Ext__c"] = Null{};
  table.record.captured.push_back({1, LogAction::insert, 7, {}, {}, {}, table.now});
  table.claim("t1");
  on_unknown(table.turn(), "t1");
  table.record.row.reset();
  RecordRead read = read_of("a0", "theirs", kVersion);
  read.fields["Ext__c"] = table.record.lane.external_id;
  on_read_back(table.turn(), read, table.record.lane.revision);
  ASSERT_TRUE(table.claim("t2"));
  on_accepted(table.turn(), "t2", {});
  ChangeEvent gone = table.event({}, kVersion + 4000, "t2");
  gone.kind = EventKind::remove;
  table.receive(gone);
  EXPECT_THAT(table.lost(), Contains("theirs"));
}

TEST(Delete, WhatWasNotSentGoesWithIt) {
  Table table(ConflictPolicy::newest);
  table.load("a0", "b0", kVersion);
  table.send("B__c", "b1", "t1");
  table.app("B__c", "b2");
  table.app_removes();
  table.receive(table.event({{"A__c", std::string("kept")}}, table.now + 5'000));
  ASSERT_EQ(table.row("A__c"), "kept");
  EXPECT_EQ(table.row("B__c"), "b1") << "what the org has or will have";
  table.app_removes();
  table.receive(table.event({{"B__c", std::string("b1")}}, table.now + 6'000, "t1"));
  on_read_back(table.turn(), read_of("kept", "b1", table.now + 6'000), table.record.lane.revision);
  EXPECT_FALSE(table.record.row) << "our own value is no change that the second delete gives way to";
}

TEST(Removal, AnOldEventOfTheSameSecondThatComesAgainDoesNotBringTheRowBack) {
  Table table(ConflictPolicy::salesforce);
  table.load("a1", "b0", kVersion);
  table.app_removes();
  table.receive(table.event({{"A__c", std::string("a0")}}, kVersion), false);
  EXPECT_FALSE(table.record.row);
  ASSERT_TRUE(table.record.lane.dirty) << "older than the row or newer: only a read can tell";
  on_read_back(table.turn(), read_of("a1", "b0", kVersion), table.record.lane.revision);
  EXPECT_TRUE(table.claim("t1"));
}

TEST(Removal, WhatAWriteMayHaveCoveredInTheSecondOfTheRowIsKept) {
  Table table(ConflictPolicy::salesforce);
  table.load("a0", "b0", kVersion);
  table.send("A__c", "a1", "t1");
  table.app_removes();
  table.receive(table.event({{"A__c", std::string("theirs")}}, kVersion), false);
  table.receive(table.event({{"A__c", std::string("a1")}}, kVersion + 1000, "t1"));
  EXPECT_THAT(table.lost(), Contains("theirs"));
}

TEST(Removal, OurOwnEarlierValueDoesNotBringTheRowBack) {
  Table table(ConflictPolicy::newest);
  table.load("a0", "b0", kVersion);
  table.send("A__c", "a1", "t1");
  table.app("A__c", "a2");
  table.app_removes();
  // The reply to t1 came; its own event is missing, and a read settles it while the delete waits.
  table.record.lane.attempts.front().passed = true;
  RecordRead read = read_of("a1", "b0", table.now);
  table.context.hold_deletes = true;
  EXPECT_FALSE(table.claim("t2"));
  on_read_back(table.turn(), read, table.record.lane.revision);
  EXPECT_FALSE(table.record.row) << "nobody but us has changed the record";
  EXPECT_TRUE(table.record.lane.pending_delete);
  EXPECT_TRUE(table.change.journal.empty());
}

TEST(Removal, WhatTheOrgMadeOfOurCreateDoesNotBringTheRowBack) {
  Table table(ConflictPolicy::newest);
  table.load("a0", "", 0);
  table.record.row->sfid.clear();
  table.record.row->values["B__c"] = Null{};
  table.record.captured.push_back({1, LogAction::insert, 7, {}, {}, {}, table.now});
  table.record.lane.key_checked = true;
  ASSERT_TRUE(table.claim("t1"));
  on_unknown(table.turn(), "t1");
  table.record.row.reset();
  ChangeEvent event = table.event({{"A__c", std::string("a0")}, {"Ext__c", std::string("k")}}, table.now, "t1");
  event.kind = EventKind::create;
  table.receive(event);
  ASSERT_TRUE(table.record.lane.pending_delete);
  RecordRead read = read_of("a0", "", table.now);
  read.fields["B__c"] = Null{};
  table.context.now += 5'000;
  table.record.lane.dirty = Dirty{"test", table.context.now, 0};
  on_read_back(table.turn(), read, table.record.lane.revision);
  EXPECT_FALSE(table.record.row);
  EXPECT_TRUE(table.record.lane.pending_delete);
}

TEST(Removal, AMergedRecordIsNotMadeAnew) {
  Table table(ConflictPolicy::postgres);
  table.mapping.can_merge = true;
  table.load("a0", "b0", kVersion);
  table.app("A__c", "a1");
  ChangeEvent event = table.event({}, table.now);
  event.kind = EventKind::remove;
  table.receive(event);
  ASSERT_TRUE(table.record.row) << "only a read tells whether it was merged";
  ASSERT_TRUE(table.record.lane.dirty);
  RecordRead read;
  read.sfid = kSfid;
  read.deleted = true;
  read.stamp = table.now;
  read.merged_into = "a00000000000009AAA";
  on_read_back(table.turn(), read, table.record.lane.revision);
  EXPECT_FALSE(table.record.row);
  EXPECT_THAT(table.lost(), Contains("a1"));
  ASSERT_FALSE(table.change.issues.empty());
  EXPECT_THAT(table.change.issues.back().message, ::testing::HasSubstr("merged into a00000000000009AAA"));
}

TEST(Removal, ARecordThatWasDeletedAndNotMergedIsMadeAnewAfterTheRead) {
  Table table(ConflictPolicy::postgres);
  table.mapping.can_merge = true;
  table.load("a0", "b0", kVersion);
  table.app("A__c", "a1");
  RecordRead read;
  read.sfid = kSfid;
  read.deleted = true;
  read.stamp = table.now;
  read.merged_into = "";
  ChangeEvent event = table.event({}, table.now);
  event.kind = EventKind::remove;
  table.receive(event);
  ASSERT_TRUE(table.record.lane.dirty);
  on_read_back(table.turn(), read, table.record.lane.revision);
  ASSERT_TRUE(table.record.row);
  EXPECT_TRUE(table.record.lane.pending_create);
}

}  // namespace
}  // namespace duet::rules
