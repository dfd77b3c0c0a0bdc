#include "rules/hold.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/outcome.h"
#include "rules/read.h"
#include "rules/record_table_test.h"
#include "rules/resolve.h"

namespace duet::rules {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kVersion;
using testing::read_of;
using testing::Table;
using testing::text;

const Person kPerson{"ann"};

Value value(const char* text) { return std::string(text); }

/// A conflict on A, held: base a0, the org has s, the table p.
struct Held : Table {
  Held() : Table(ConflictPolicy::hold) {
    load("a0", "b0", kVersion);
    app("A__c", "p");
    receive(event({{"A__c", value("s")}}, kVersion + 4000));
  }
};

std::vector<IssueField> shown(const Table& table) { return table.change.issues.back().fields; }

TEST(Hold, FreezesTheFieldAndNotTheLane) {
  Held table;
  EXPECT_EQ(table.row("A__c"), "p");
  EXPECT_EQ(table.held(), "A=a0/s/p");
  EXPECT_THAT(table.lost(), IsEmpty()) << "nothing is lost yet";
  EXPECT_FALSE(table.claim("t1")) << "nothing of it goes out";
  table.app("B__c", "b1");
  EXPECT_TRUE(table.claim("t2")) << "other fields flow";
  EXPECT_FALSE(table.record.lane.attempts.back().fields.contains("A__c"));
  table.receive(table.event({{"B__c", value("b1")}}, kVersion + 6000, "t2"));
  EXPECT_NE(table.record.row->last_op, "SYNCED");
}

TEST(Hold, LaterEditsOfBothSidesBringTheIssueUpToDate) {
  Held table;
  table.app("A__c", "p2");
  EXPECT_FALSE(table.claim("t1"));
  EXPECT_EQ(table.held(), "A=a0/s/p2");
  table.receive(table.event({{"A__c", value("s2")}}, kVersion + 8000));
  EXPECT_EQ(table.held(), "A=a0/s2/p2");
  EXPECT_EQ(table.row("A__c"), "p2");
  EXPECT_THAT(table.lost(), IsEmpty()) << "both were replaced by somebody who saw them";
}

TEST(Hold, EndsWhenBothSidesAgree) {
  Held table;
  table.receive(table.event({{"A__c", value("p")}}, kVersion + 8000));
  EXPECT_TRUE(table.record.lane.frozen.empty());
  EXPECT_THAT(table.change.resolved_issues, Contains("conflict"));
  EXPECT_FALSE(table.claim("t1")) << "nothing to send";
}

TEST(Hold, EndsWhenOneSideTakesItsChangeBack) {
  Held theirs;
  theirs.receive(theirs.event({{"A__c", value("a0")}}, kVersion + 8000));
  EXPECT_TRUE(theirs.claim("t1"));
  EXPECT_EQ(text(theirs.record.lane.attempts.back().fields.at("A__c").value), "p");
  Held ours;
  ours.app("A__c", "a0");
  EXPECT_FALSE(ours.claim("t1"));
  EXPECT_EQ(ours.row("A__c"), "s");
  EXPECT_TRUE(ours.record.lane.frozen.empty());
}

TEST(Hold, ALateOverwriteFreezesWithTheCoveredValue) {
  Table table(ConflictPolicy::hold);
  table.load("a0", "b0", kVersion);
  table.send("A__c", "p", "t1");
  table.receive(table.event({{"A__c", value("s")}}, kVersion + 4000));
  table.receive(table.event({{"A__c", value("p")}}, kVersion + 5000, "t1"));
  EXPECT_EQ(table.held(), "A=a0/s/p");
  EXPECT_EQ(text(table.record.lane.frozen.at("A__c").org), "p") << "the org holds our value";
  // Somebody replaces our value: what was covered is nowhere any more.
  table.receive(table.event({{"A__c", value("s2")}}, kVersion + 9000));
  EXPECT_EQ(table.held(), "A=a0/s2/p");
  EXPECT_THAT(table.lost(), ElementsAre("s"));
}

TEST(Hold, APageThatSaysNothingNewIsNoNews) {
  Held table;
  EXPECT_NE(on_page_read(table.turn(), read_of("s", "b0", kVersion + 4000)), ReadVerdict::again);
  EXPECT_FALSE(table.record.lane.dirty);
  EXPECT_EQ(table.held(), "A=a0/s/p");
}

TEST(Resolve, TheOrgsValueGoesIntoTheRow) {
  Held table;
  const auto issue = shown(table);
  EXPECT_TRUE(resolve(table.turn(), issue, choose_all(issue, Choice::salesforce), kPerson).done());
  EXPECT_EQ(table.row("A__c"), "s");
  EXPECT_THAT(table.lost(), ElementsAre("p"));
  EXPECT_EQ(table.change.journal.back().actor, "duet:ann");
  EXPECT_THAT(table.change.forward, IsEmpty()) << "the org has it";
  EXPECT_THAT(table.change.resolved_issues, Contains("conflict"));
}

TEST(Resolve, OurValueGoesOutAsAForwardWrite) {
  Held table;
  const auto issue = shown(table);
  EXPECT_TRUE(resolve(table.turn(), issue, choose_all(issue, Choice::postgres), kPerson).done());
  EXPECT_THAT(table.lost(), ElementsAre("s"));
  ASSERT_EQ(table.change.forward.size(), 1U);
  EXPECT_EQ(text(table.record.lane.pending.at("A__c").base), "s") << "what the org has";
  EXPECT_TRUE(table.claim("t1"));
}

TEST(Resolve, BaseOrAGivenValueReplacesBoth) {
  for (const bool base : {true, false}) {
    Held table;
    const auto issue = shown(table);
    const std::vector<FieldChoice> choices = {
        {"A__c", base ? Choice::base : Choice::value, base ? Value{} : value("both")}};
    EXPECT_TRUE(resolve(table.turn(), issue, choices, kPerson).done());
    EXPECT_EQ(table.row("A__c"), base ? "a0" : "both");
    EXPECT_THAT(table.lost(), ElementsAre("p", "s"));
    EXPECT_TRUE(table.claim("t1"));
  }
}

TEST(Resolve, SaysThatTheIssueIsStale) {
  Held table;
  const auto issue = shown(table);
  table.receive(table.event({{"A__c", value("s2")}}, kVersion + 8000));
  EXPECT_EQ(resolve(table.turn(), issue, choose_all(issue, Choice::postgres), kPerson).verdict, ActionVerdict::stale);
  EXPECT_EQ(table.row("A__c"), "p");
  const auto now = shown(table);
  table.app("A__c", "p2");
  EXPECT_EQ(resolve(table.turn(), now, choose_all(now, Choice::postgres), kPerson).verdict, ActionVerdict::stale)
      << "the app's edit was not captured yet when it was shown";
  const auto newest = shown(table);
  EXPECT_TRUE(resolve(table.turn(), newest, choose_all(newest, Choice::salesforce), kPerson).done());
  EXPECT_EQ(resolve(table.turn(), newest, choose_all(newest, Choice::salesforce), kPerson).verdict,
            ActionVerdict::stale)
      << "decided already";
}

TEST(Resolve, ADecidedConflictIsDecidedOtherwise) {
  Table table(ConflictPolicy::salesforce);
  table.load("a0", "b0", kVersion);
  table.app("A__c", "p");
  table.receive(table.event({{"A__c", value("s")}}, kVersion + 4000));
  const auto issue = shown(table);
  ASSERT_EQ(issue.front().chosen, "salesforce");
  EXPECT_TRUE(resolve(table.turn(), issue, choose_all(issue, Choice::postgres), kPerson).done());
  EXPECT_EQ(table.row("A__c"), "p");
  EXPECT_TRUE(table.claim("t1"));
  EXPECT_EQ(text(table.record.lane.attempts.back().fields.at("A__c").base), "s");
}

TEST(Revert, BringsALostValueBack) {
  Table table(ConflictPolicy::salesforce);
  table.load("a0", "b0", kVersion);
  table.app("A__c", "p");
  table.receive(table.event({{"A__c", value("s")}}, kVersion + 4000));
  const JournalEntry entry = table.change.journal.front();
  EXPECT_TRUE(revert(table.turn(), entry, false, kPerson).done());
  EXPECT_EQ(table.row("A__c"), "p");
  EXPECT_EQ(table.change.journal.back().reason, JournalReason::reverted);
  EXPECT_EQ(text(table.change.journal.back().lost), "s");
  EXPECT_EQ(table.change.forward.size(), 1U);
}

TEST(Revert, IsStaleWhenTheFieldMovedUnlessForced) {
  Table table(ConflictPolicy::salesforce);
  table.load("a0", "b0", kVersion);
  table.app("A__c", "p");
  table.receive(table.event({{"A__c", value("s")}}, kVersion + 4000));
  table.receive(table.event({{"A__c", value("s2")}}, kVersion + 6000));
  const JournalEntry entry = table.change.journal.front();
  EXPECT_EQ(revert(table.turn(), entry, false, kPerson).verdict, ActionVerdict::stale);
  EXPECT_EQ(table.row("A__c"), "s2");
  EXPECT_TRUE(revert(table.turn(), entry, true, kPerson).done());
  EXPECT_EQ(table.row("A__c"), "p");
  EXPECT_THAT(table.lost(), Contains("s2"));
}

TEST(Revert, ARowLockedByTheAppIsTriedAgain) {
  Table table(ConflictPolicy::salesforce);
  table.load("a0", "b0", kVersion);
  table.record.busy = true;
  EXPECT_EQ(revert(table.turn(), {}, false, kPerson).verdict, ActionVerdict::refused);
  JournalEntry entry;
  entry.field = "A__c";
  entry.lost = value("p");
  EXPECT_EQ(revert(table.turn(), entry, false, kPerson).verdict, ActionVerdict::busy);
}

/// The org refused A=p.
struct RejectedTable : Table {
  RejectedTable() {
    load("a0", "b0", kVersion);
    app("A__c", "p");
    claim("t1");
    on_rejected(turn(), "t1", Error{ErrorKind::rejected, "VALIDATION", "no", {}, nullptr, {}});
  }
};

TEST(Rejected, IsSentAgain) {
  RejectedTable table;
  const auto issue = shown(table);
  EXPECT_FALSE(table.claim("t2")) << "not by itself";
  EXPECT_TRUE(retry(table.turn(), issue, kPerson).done());
  EXPECT_TRUE(table.claim("t3"));
  EXPECT_EQ(text(table.record.lane.attempts.back().fields.at("A__c").base), "a0");
}

TEST(Rejected, IsStaleAfterANewerEdit) {
  RejectedTable table;
  const auto issue = shown(table);
  table.app("A__c", "p2");
  EXPECT_EQ(retry(table.turn(), issue, kPerson).verdict, ActionVerdict::stale);
  EXPECT_EQ(revert_rejected(table.turn(), issue, kPerson).verdict, ActionVerdict::stale);
}

TEST(Rejected, IsTakenBack) {
  RejectedTable table;
  EXPECT_TRUE(revert_rejected(table.turn(), shown(table), kPerson).done());
  EXPECT_EQ(table.row("A__c"), "a0");
  EXPECT_TRUE(table.record.lane.dirty) << "the org may have moved since";
  on_read_back(table.turn(), read_of("a0", "b0", kVersion), table.record.lane.revision);
  EXPECT_EQ(table.record.row->last_op, "SYNCED");
}

TEST(HeldDelete, OfTheOrgWaitsAndIsDecided) {
  for (const Side side : {Side::salesforce, Side::postgres}) {
    Table table(ConflictPolicy::hold);
    table.load("a0", "b0", kVersion);
    table.app("A__c", "p");
    ChangeEvent gone = table.event({}, kVersion + 4000);
    gone.kind = EventKind::remove;
    table.receive(gone);
    EXPECT_EQ(table.row("A__c"), "p") << "the row stays";
    EXPECT_EQ(table.held(), "A=a0//p");
    EXPECT_FALSE(table.claim("t1"));
    EXPECT_TRUE(resolve_delete(table.turn(), side, kPerson).done());
    EXPECT_EQ(table.record.row.has_value(), side == Side::postgres);
    EXPECT_THAT(table.change.resolved_issues, Contains("conflict"));
    if (side == Side::postgres) {
      EXPECT_TRUE(table.record.lane.pending_create);
      EXPECT_TRUE(table.record.lane.parked.empty());
    } else {
      EXPECT_THAT(table.lost(), Contains("p"));
    }
    EXPECT_EQ(resolve_delete(table.turn(), side, kPerson).verdict, ActionVerdict::stale);
  }
}

TEST(HeldDelete, OfTheAppWaitsAndIsDecided) {
  for (const Side side : {Side::salesforce, Side::postgres}) {
    Table table(ConflictPolicy::hold);
    table.load("a0", "b0", kVersion);
    table.app_removes();
    table.receive(table.event({{"A__c", value("s")}}, kVersion + 4000));
    EXPECT_FALSE(table.record.row);
    EXPECT_EQ(table.held(), "A=a0/s/");
    EXPECT_FALSE(table.claim("t1"));
    EXPECT_TRUE(resolve_delete(table.turn(), side, kPerson).done());
    if (side == Side::postgres) {
      EXPECT_TRUE(table.claim("t2"));
      EXPECT_THAT(table.lost(), ElementsAre("s"));
    } else {
      EXPECT_EQ(table.row("A__c"), "a0");
      EXPECT_TRUE(table.record.lane.dirty) << "read whole";
    }
  }
}

TEST(HeldDelete, OfTheOrgIsReadWhereARecordIsFoundAlive) {
  Table table(ConflictPolicy::hold);
  table.load("a0", "b0", kVersion);
  table.app("A__c", "p");
  ChangeEvent gone = table.event({}, kVersion + 4000);
  gone.kind = EventKind::remove;
  table.receive(gone);
  EXPECT_EQ(on_page_read(table.turn(), read_of("a0", "b0", kVersion + 9000)), ReadVerdict::again);
  ASSERT_TRUE(table.record.lane.frozen_delete) << "the page may be older than the delete";
  on_read_back(table.turn(), read_of("a0", "b0", kVersion + 9000), table.record.lane.revision);
  EXPECT_FALSE(table.record.lane.frozen_delete) << "somebody took it out of the recycle bin";
  EXPECT_TRUE(table.claim("t1"));
}

TEST(HeldDelete, OfTheAppKeepsWhatAWriteOfOursMayHaveCovered) {
  Table table(ConflictPolicy::hold);
  table.load("a0", "b0", kVersion);
  table.send("A__c", "p", "t1");
  table.app_removes();
  table.receive(table.event({{"A__c", value("s")}}, kVersion + 4000));
  ASSERT_TRUE(resolve_delete(table.turn(), Side::salesforce, kPerson).done());
  EXPECT_EQ(table.row("A__c"), "p");
  table.receive(table.event({{"A__c", value("p")}}, kVersion + 5000, "t1"));
  EXPECT_THAT(table.lost(), Contains("s"));
}

}  // namespace
}  // namespace duet::rules
