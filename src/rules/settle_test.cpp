#include "rules/settle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/event.h"
#include "rules/outcome.h"
#include "rules/read.h"
#include "rules/record_table_test.h"

namespace duet::rules {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kVersion;
using testing::read_of;
using testing::Table;
using testing::text;

TEST(Settle, OwnEventSettlesAndTheRowStays) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.send("A__c", "a1", "t1");
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
  table.send("A__c", "a1", "t1");
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

TEST(Held, WhatWaitedForAnAttemptThatNeverRanIsAnOrdinaryChange) {
  Table table(ConflictPolicy::salesforce);
  table.load("a0", "b0", kVersion);
  table.app("A__c", "mine");
  table.claim("t1");
  table.receive(table.event({{"A__c", std::string("theirs")}}, kVersion + 4000));
  on_not_sent(table.turn(), "t1");
  EXPECT_EQ(table.row("A__c"), "theirs");
  EXPECT_THAT(table.lost(), ElementsAre("mine"));
  on_page_read(table.turn(), read_of("newer", "b0", kVersion + 9000));
  table.receive(table.event({{"A__c", std::string("newer")}}, kVersion + 9000));
  EXPECT_EQ(table.row("A__c"), "newer");
}

TEST(Held, WhatMayBeOlderThanTheRowIsNotReleasedButRead) {
  Table table(ConflictPolicy::salesforce);
  table.load("a0", "b0", kVersion);
  table.app("A__c", "mine");
  table.claim("t1");
  table.receive(table.event({{"A__c", std::string("older")}}, kVersion), false);
  on_not_sent(table.turn(), "t1");
  EXPECT_EQ(table.row("A__c"), "mine");
  EXPECT_TRUE(table.record.lane.dirty.has_value());
  EXPECT_THAT(table.lost(), IsEmpty());
}

TEST(Held, OfACreateThatAnotherOneOvertookNothingIsLeft) {
  Table table(ConflictPolicy::salesforce);
  table.load("a0", "", 0);
  table.record.row->sfid.clear();
  table.record.row->values["B__c"] = Null{};
  table.record.lane.key_checked = true;
  table.record.captured.push_back({1, LogAction::insert, 7, {}, {}, {}, table.now});
  ASSERT_TRUE(table.claim("t1"));
  ChangeEvent theirs = table.event({{"A__c", std::string("theirs")}}, kVersion);
  theirs.kind = EventKind::create;
  table.receive(theirs);
  on_not_sent(table.turn(), "t1");
  EXPECT_EQ(table.row("A__c"), "theirs");
  EXPECT_FALSE(table.claim("t2"));
  EXPECT_EQ(table.change.log.back().state, LogState::ignored);
  EXPECT_TRUE(table.record.lane.log.empty()) << "the key alone keeps no log row waiting";
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
  table.send("A__c", "mine", "t1");
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
  table.send("A__c", "a1", "t1");
  table.receive(table.event({{"A__c", std::string("A1!")}, {"B__c", std::string("b1")}}, kVersion + 5000, "t1"));
  EXPECT_EQ(table.row("A__c"), "A1!");
  EXPECT_EQ(table.row("B__c"), "b1");
  EXPECT_THAT(table.lost(), ElementsAre("a1"));
}

TEST(Automation, AValuePutBackIsSeenByItsAbsence) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.app("A__c", "a1");
  table.send("B__c", "b1", "t1");
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
  table.send("A__c", "a1", "t1");
  table.record.busy = true;
  table.receive(table.event({{"A__c", std::string("A1!")}}, kVersion + 5000, "t1"));
  ASSERT_EQ(table.record.lane.held.at("A__c").size(), 1U);
  EXPECT_FALSE(table.record.lane.held.at("A__c").front().own);
}

TEST(Automation, WhatItAddedToARecordThatWeDeleteIsJournalled) {
  Table table;
  table.load("a0", "b0", kVersion);
  table.send("A__c", "a1", "t1");
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
  table.send("B__c", "b1", "t1");
  ChangeEvent event = table.event({{"A__c", std::string("a1")}, {"B__c", std::string("B1!")}}, kVersion + 3000);
  event.commit_user = testing::kUs;
  table.receive(event);
  table.send("A__c", "a2", "t2");
  table.receive(table.event({{"A__c", std::string("a2")}}, kVersion + 5000, "t2"));
  EXPECT_EQ(table.row("A__c"), "a2");
  EXPECT_THAT(table.change.forward, IsEmpty());
}

TEST(Settle, AnOldEventThatComesAgainIsNotTakenForANewChange) {
  Table table(ConflictPolicy::postgres);
  table.load("a0", "b0", kVersion);
  table.send("A__c", "mine", "t1");
  table.receive(table.event({{"A__c", std::string("theirs")}}, kVersion + 4000));
  table.receive(table.event({{"A__c", std::string("a0")}}, kVersion), false);
  table.receive(table.event({{"A__c", std::string("mine")}}, kVersion + 5000, "t1"));
  EXPECT_THAT(table.lost(), ElementsAre("theirs"));
}

TEST(Settle, WhatComesAgainFromBeforeTheRowsVersionIsNotHeld) {
  Table table(ConflictPolicy::salesforce);
  table.load("a0", "b0", kVersion);
  table.send("A__c", "old", "t1");
  table.send("A__c", "new", "t2");
  const ChangeEvent first = table.event({{"A__c", std::string("old")}}, kVersion + 2000, "t1");
  table.receive(first);
  table.receive(table.event({{"B__c", std::string("b1")}}, kVersion + 4000));
  ChangeEvent again = first;
  again.client_token.clear();
  table.receive(again, false);
  table.receive(table.event({{"A__c", std::string("new")}}, kVersion + 5000, "t2"));
  EXPECT_EQ(table.row("A__c"), "new");
  EXPECT_THAT(table.lost(), IsEmpty());
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
  table.send("B__c", "b1", "t1");
  table.send("A__c", "a1", "t2");
  table.receive(table.event({{"B__c", std::string("first")}}, kVersion + 4000));
  table.receive(table.event({{"B__c", std::string("second")}}, kVersion + 5000));
  table.receive(table.event({{"A__c", std::string("a1")}, {"B__c", std::string("b1")}}, kVersion + 6000, "t2"));
  EXPECT_THAT(table.lost(), ElementsAre("first", "second"));
}

}  // namespace
}  // namespace duet::rules
