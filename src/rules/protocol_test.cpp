// The record protocol of design §5, rule by rule; thousands of interleavings of the same rules are in tests/simulation.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/capture.h"
#include "rules/claim.h"
#include "rules/event.h"
#include "rules/outcome.h"
#include "rules/read.h"
#include "rules/record_table_test.h"

namespace duet::rules {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kSfid;
using testing::Table;

constexpr TimeMs kVersion = 900'000'000;

std::string text(const Value& value) { return std::get<std::string>(value); }

RecordRead read_of(const std::string& a, const std::string& b, TimeMs stamp) {
  RecordRead read;
  read.sfid = kSfid;
  read.stamp = stamp;
  read.fields = {{"A__c", a}, {"B__c", b}, {"Ext__c", std::string("k")}};
  return read;
}

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

TEST(Settle, OwnEventSettlesAndTheRowStays) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.app("A__c", "a1");
  table.claim("t1");
  on_accepted(table.turn(), "t1", {});
  table.receive(table.event({{"A__c", std::string("a1")}}, kVersion + 5000, "t1"));
  EXPECT_TRUE(table.record.lane.attempts.empty());
  EXPECT_EQ(table.row("A__c"), "a1");
  EXPECT_EQ(table.record.row->last_op, "SYNCED");
  EXPECT_THAT(table.lost(), IsEmpty());
}

TEST(Settle, AnEventBeforeTheReplyFinishesTheLog) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.app("A__c", "a1");
  table.claim("t1");
  table.receive(table.event({{"A__c", std::string("a1")}}, kVersion + 5000, "t1"));
  EXPECT_EQ(table.change.log.back().state, LogState::success);
  on_accepted(table.turn(), "t1", {});
  EXPECT_TRUE(table.record.lane.attempts.empty());
}

TEST(Settle, OwnByValuesWhereTheTransportCarriesNoToken) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.app("A__c", "a1");
  table.claim("t1");
  on_accepted(table.turn(), "t1", {});
  ChangeEvent event = table.event({{"A__c", std::string("a1")}}, kVersion + 5000, {});
  event.commit_user = testing::kUs;
  EXPECT_TRUE(own_attempt(table.turn(), event).has_value());
  event.fields["B__c"] = std::string("automation");
  EXPECT_FALSE(own_attempt(table.turn(), event).has_value());
  event.fields.erase("B__c");
  event.commit_user = testing::kPerson;
  EXPECT_FALSE(own_attempt(table.turn(), event).has_value());
}

TEST(Held, RemoteValuesWaitAndALateOverwriteIsFound) {
  Table table(ConflictPolicy::salesforce);
  table.load("a0", "b0", kVersion);
  table.app("A__c", "mine");
  table.claim("t1");
  table.receive(table.event({{"A__c", std::string("theirs")}, {"B__c", std::string("b1")}}, kVersion + 4000));
  EXPECT_EQ(table.row("A__c"), "mine") << "held";
  EXPECT_EQ(table.row("B__c"), "b1") << "nothing waits on B";
  on_accepted(table.turn(), "t1", {});
  table.receive(table.event({{"A__c", std::string("mine")}}, kVersion + 5000, "t1"));
  EXPECT_EQ(table.row("A__c"), "theirs") << "a forward write";
  EXPECT_THAT(table.lost(), ElementsAre("mine"));
  EXPECT_EQ(table.change.forward.size(), 1U);
  EXPECT_EQ(text(table.record.lane.pending.at("A__c").base), "mine");
}

TEST(Held, UnderPostgresTheCoveredValueIsJournalled) {
  Table table(ConflictPolicy::postgres);
  table.load("a0", "b0", kVersion);
  table.app("A__c", "mine");
  table.claim("t1");
  table.receive(table.event({{"A__c", std::string("theirs")}}, kVersion + 4000));
  on_accepted(table.turn(), "t1", {});
  table.receive(table.event({{"A__c", std::string("mine")}}, kVersion + 5000, "t1"));
  EXPECT_EQ(table.row("A__c"), "mine");
  EXPECT_THAT(table.lost(), ElementsAre("theirs"));
  EXPECT_THAT(table.change.forward, IsEmpty());
}

TEST(Held, AnEarlierValueThatOurWriteCoveredLosesToNewest) {
  Table table(ConflictPolicy::newest);
  table.load("a0", "b0", kVersion);
  table.app("A__c", "mine");
  table.claim("t1");
  table.receive(table.event({{"A__c", std::string("theirs")}}, kVersion + 4000));
  on_accepted(table.turn(), "t1", {});
  table.receive(table.event({{"A__c", std::string("mine")}}, kVersion + 5000, "t1"));
  ASSERT_EQ(table.change.journal.size(), 1U);
  EXPECT_EQ(text(table.change.journal[0].lost), "theirs");
  EXPECT_EQ(table.change.journal[0].rule, "newest") << "the policy decided";
}

TEST(Held, SomebodysValueAfterAnAttemptWithoutAnEventIsNotAutomation) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.app("A__c", "mine");
  table.claim("t1");
  on_accepted(table.turn(), "t1", {});
  ChangeEvent event = table.event({{"A__c", std::string("theirs")}}, kVersion + 4000);
  event.commit_user = testing::kPerson;
  table.receive(event);
  on_read_back(table.turn(), read_of("theirs", "b0", kVersion + 4000), table.record.lane.revision);
  EXPECT_EQ(table.row("A__c"), "theirs");
  EXPECT_THAT(table.lost(), ElementsAre("mine"));
  EXPECT_EQ(table.change.journal[0].rule, "order unknown");
  EXPECT_EQ(table.change.journal[0].actor, testing::kPerson);
}

TEST(Automation, AValueSetInOurTransactionIsTakenAndOursJournalled) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.app("A__c", "a1");
  table.claim("t1");
  on_accepted(table.turn(), "t1", {});
  table.receive(table.event({{"A__c", std::string("A1!")}, {"B__c", std::string("b1")}}, kVersion + 5000, "t1"));
  EXPECT_EQ(table.row("A__c"), "A1!");
  EXPECT_EQ(table.row("B__c"), "b1");
  EXPECT_THAT(table.lost(), ElementsAre("a1"));
}

TEST(Automation, AValuePutBackIsSeenByItsAbsence) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.app("A__c", "a1");
  table.app("B__c", "b1");
  table.claim("t1");
  on_accepted(table.turn(), "t1", {});
  table.receive(table.event({{"B__c", std::string("b1")}}, kVersion + 5000, "t1"));
  // Only a read tells whether A was put back or had become a1 by a change whose event is missing.
  EXPECT_EQ(table.row("A__c"), "a1");
  ASSERT_EQ(table.record.lane.attempts.size(), 1U);
  EXPECT_TRUE(readable(table.record.lane, table.now, 0, 600'000));
  on_read_back(table.turn(), read_of("a0", "b1", kVersion + 5000), table.record.lane.revision);
  EXPECT_EQ(table.row("A__c"), "a0");
  EXPECT_EQ(table.row("B__c"), "b1");
  EXPECT_THAT(table.lost(), ElementsAre("a1"));
}

TEST(Automation, WhatItMadeOfOurValueIsNotOursWhileTheRowIsLocked) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.app("A__c", "a1");
  table.claim("t1");
  on_accepted(table.turn(), "t1", {});
  table.record.busy = true;
  table.receive(table.event({{"A__c", std::string("A1!")}}, kVersion + 5000, "t1"));
  ASSERT_EQ(table.record.lane.held.at("A__c").size(), 1U);
  EXPECT_FALSE(table.record.lane.held.at("A__c").front().own);
}

TEST(Automation, WhatItAddedToARecordThatWeDeleteIsJournalled) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.app("A__c", "a1");
  table.claim("t1");
  on_accepted(table.turn(), "t1", {});
  table.app_removes();
  table.claim("t2");
  on_accepted(table.turn(), "t2", {});
  table.receive(table.event({{"A__c", std::string("a1")}, {"B__c", std::string("added")}}, kVersion + 5000, "t1"));
  ChangeEvent removed = table.event({}, kVersion + 6000, "t2");
  removed.kind = EventKind::remove;
  table.receive(removed);
  EXPECT_THAT(table.lost(), Contains("added"));
}

/// Two attempts send the same value, and no token tells whose event it is.
/// Collections carry no token, and automation changed one value of the write: the other is still ours.
TEST(Settle, OurValueBesideOneThatAutomationChangedIsNotForeign) {
  Table table(ConflictPolicy::salesforce);
  table.load("a0", "b0", kVersion);
  table.app("A__c", "a1");
  table.app("B__c", "b1");
  table.claim("t1");
  on_accepted(table.turn(), "t1", {});
  ChangeEvent event = table.event({{"A__c", std::string("a1")}, {"B__c", std::string("B1!")}}, kVersion + 3000);
  event.commit_user = testing::kUs;
  table.receive(event);
  table.app("A__c", "a2");
  table.claim("t2");
  on_accepted(table.turn(), "t2", {});
  table.receive(table.event({{"A__c", std::string("a2")}}, kVersion + 5000, "t2"));
  EXPECT_EQ(table.row("A__c"), "a2");
  EXPECT_THAT(table.change.forward, IsEmpty());
}

TEST(Settle, AnOldEventThatComesAgainIsNotTakenForANewChange) {
  Table table(ConflictPolicy::postgres);
  table.load("a0", "b0", kVersion);
  table.app("A__c", "mine");
  table.claim("t1");
  on_accepted(table.turn(), "t1", {});
  table.receive(table.event({{"A__c", std::string("theirs")}}, kVersion + 4000));
  table.receive(table.event({{"A__c", std::string("a0")}}, kVersion), false);
  table.receive(table.event({{"A__c", std::string("mine")}}, kVersion + 5000, "t1"));
  EXPECT_THAT(table.lost(), ElementsAre("theirs"));
}

TEST(Settle, AnEventThatMayBeALaterAttemptsKeepsWhatAnyOfThemMayHaveCovered) {
  Table table(ConflictPolicy::postgres);
  table.load("a0", "b0", kVersion);
  for (const auto& [token, value] : {std::pair{"t1", "x"}, {"t2", "y"}, {"t3", "x"}}) {
    table.app("A__c", value);
    ASSERT_TRUE(table.claim(token));
    on_accepted(table.turn(), token, {});
  }
  table.receive(table.event({{"A__c", std::string("first")}}, kVersion + 4000));
  table.receive(table.event({{"A__c", std::string("second")}}, kVersion + 5000));
  ChangeEvent event = table.event({{"A__c", std::string("x")}}, kVersion + 6000);
  event.commit_user = testing::kUs;
  table.receive(event);
  EXPECT_THAT(table.lost(), ElementsAre("first", "second"));
}

/// The first attempt's own event never came as such: the second's token settles it too.
TEST(Settle, ASilentAttemptKeepsWhatItMayHaveCovered) {
  Table table(ConflictPolicy::postgres);
  table.load("a0", "b0", kVersion);
  table.app("B__c", "b1");
  table.claim("t1");
  on_accepted(table.turn(), "t1", {});
  table.app("A__c", "a1");
  table.claim("t2");
  on_accepted(table.turn(), "t2", {});
  table.receive(table.event({{"B__c", std::string("first")}}, kVersion + 4000));
  table.receive(table.event({{"B__c", std::string("second")}}, kVersion + 5000));
  table.receive(table.event({{"A__c", std::string("a1")}, {"B__c", std::string("b1")}}, kVersion + 6000, "t2"));
  EXPECT_THAT(table.lost(), ElementsAre("first", "second"));
}

TEST(Key, ThatSeveralRecordsHaveParksTheLaneAndNamesThem) {
  Table table;
  table.load("a0", "b0", kVersion);
  RecordRead first = read_of("a", "b", kVersion);
  RecordRead second = first;
  second.sfid = "a00000000000002AAA";
  const RecordRead* both[] = {&first, &second};
  park_ambiguous(table.turn(), both);
  EXPECT_EQ(table.record.lane.parked, "DUPLICATE_EXTERNAL_ID");
  EXPECT_THAT(table.change.issues.front().message, ::testing::HasSubstr("(a00000000000001AAA, a00000000000002AAA)"));
}

TEST(Removal, ARowThatComesBackHoldsWhatTheOrgHolds) {
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

TEST(Removal, ACapturedDeleteIsNotReplacedWhenTheCreateIsAccepted) {
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

TEST(Read, WithoutAStreamAVersionMustBeOlderThanItsSecond) {
  Table table;
  table.mapping.source = InboundSource::poll;
  const RecordRead read = read_of("a0", "b0", kVersion);
  EXPECT_TRUE(too_young(table.mapping, read, kVersion + 1'500));
  EXPECT_FALSE(too_young(table.mapping, read, kVersion + 2'000));
  table.mapping.source = InboundSource::events;
  EXPECT_FALSE(too_young(table.mapping, read, kVersion + 1'500)) << "the stream tells of a later write";
}

TEST(Unknown, IsNotReadBeforeTheOrgMustHaveEnded) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.app("A__c", "a1");
  table.claim("t1");
  const Lane& lane = table.record.lane;
  EXPECT_FALSE(readable(lane, table.now + 700'000, table.now + 700'000, 600'000)) << "still in flight";
  on_unknown(table.turn(), "t1");
  EXPECT_FALSE(readable(lane, table.now + 599'000, table.now + 700'000, 600'000));
  EXPECT_FALSE(readable(lane, table.now + 700'000, table.now + 599'000, 600'000)) << "the stream has not passed";
  EXPECT_TRUE(readable(lane, table.now + 700'000, table.now + 700'000, 600'000));
}

TEST(Unknown, NotAppliedIsSentAgainOnItsOldBase) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.app("A__c", "a1");
  table.claim("t1");
  on_unknown(table.turn(), "t1");
  const std::int64_t revision = table.record.lane.revision;
  EXPECT_EQ(on_read_back(table.turn(), read_of("a0", "b0", kVersion), revision), ReadVerdict::applied);
  EXPECT_EQ(text(table.record.lane.pending.at("A__c").base), "a0");
  EXPECT_TRUE(table.claim("t2"));
}

TEST(Unknown, AppliedIsSettled) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.app("A__c", "a1");
  table.claim("t1");
  on_unknown(table.turn(), "t1");
  on_read_back(table.turn(), read_of("a1", "b0", kVersion + 3000), table.record.lane.revision);
  EXPECT_TRUE(table.record.lane.empty());
  EXPECT_EQ(table.change.log.back().state, LogState::success);
}

TEST(Unknown, SomebodyElsesValueMerges) {
  Table table(ConflictPolicy::salesforce);
  table.load("a0", "b0", kVersion);
  table.app("A__c", "mine");
  table.claim("t1");
  on_unknown(table.turn(), "t1");
  on_read_back(table.turn(), read_of("theirs", "b0", kVersion + 3000), table.record.lane.revision);
  EXPECT_EQ(table.row("A__c"), "theirs");
  EXPECT_THAT(table.lost(), ElementsAre("mine"));
  EXPECT_EQ(table.change.log.back().state, LogState::ignored) << "it never reached the org";
}

TEST(Unknown, OfEditsThatWentTogetherTheOlderIsMerged) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.app("A__c", "a1");
  table.app("A__c", "a2");
  table.claim("t1");
  on_unknown(table.turn(), "t1");
  table.change.log.clear();
  on_read_back(table.turn(), read_of("a2", "b0", kVersion + 3000), table.record.lane.revision);
  ASSERT_EQ(table.change.log.size(), 2U);
  EXPECT_EQ(table.change.log[0].state, LogState::success);
  EXPECT_EQ(table.change.log[1].state, LogState::merged);
}

TEST(Read, ThatBeganAtAnotherRevisionIsNotBelieved) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.app("A__c", "a1");
  table.claim("t1");
  const std::int64_t revision = table.record.lane.revision;
  on_unknown(table.turn(), "t1");
  EXPECT_EQ(on_read_back(table.turn(), read_of("a0", "b0", kVersion), revision), ReadVerdict::again);
  EXPECT_EQ(table.record.lane.attempts.size(), 1U);
}

TEST(Read, APageOlderThanTheRowIsHistory) {
  Table table;
  table.load("a5", "b0", kVersion);
  EXPECT_EQ(on_page_read(table.turn(), read_of("a4", "b0", kVersion - 1000)), ReadVerdict::old);
  EXPECT_EQ(table.row("A__c"), "a5");
}

TEST(Read, TheSameSecondWithAnotherValueIsDirty) {
  Table table;
  table.load("a5", "b0", kVersion);
  EXPECT_EQ(on_page_read(table.turn(), read_of("a6", "b0", kVersion)), ReadVerdict::again);
  EXPECT_TRUE(table.record.lane.dirty.has_value());
  EXPECT_EQ(table.row("A__c"), "a5");
}

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

TEST(Event, OfARecordThatTheTableDoesNotHaveIsDirty) {
  Table table;
  table.receive(table.event({{"A__c", std::string("a6")}}, kVersion));
  EXPECT_TRUE(table.record.lane.dirty.has_value());
  EXPECT_FALSE(table.claim("t1"));
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

}  // namespace
}  // namespace duet::rules
