#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/merge.h"
#include "rules/outcome.h"
#include "rules/read.h"
#include "rules/record_table_test.h"

namespace duet::rules {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kVersion;
using testing::Table;
using testing::text;
using ::testing::UnorderedElementsAre;

Value value(const char* text) { return std::string(text); }

/// A and B are a group.
struct Grouped : Table {
  explicit Grouped(ConflictPolicy policy) : Table(policy) {
    mapping.groups = {{"Pair", {"A__c", "B__c"}}};
    load("a0", "b0", kVersion);
  }
};

TEST(Group, IsSentWhole) {
  Grouped table(ConflictPolicy::salesforce);
  table.app("A__c", "a1");
  ASSERT_TRUE(table.claim("t1"));
  const auto& fields = table.record.lane.attempts.back().fields;
  EXPECT_EQ(text(fields.at("B__c").value), "b0");
  EXPECT_EQ(fields.at("A__c").changed_at, fields.at("B__c").changed_at);
}

TEST(Group, DifferentMembersAreAConflictAllTheSame) {
  Grouped table(ConflictPolicy::salesforce);
  table.app("A__c", "a1");
  table.receive(table.event({{"B__c", value("theirs")}}, kVersion + 4000));
  EXPECT_EQ(table.row("A__c"), "a0") << "loses with its group";
  EXPECT_EQ(table.row("B__c"), "theirs");
  EXPECT_THAT(table.lost(), ElementsAre("a1"));
  EXPECT_FALSE(table.claim("t1"));
}

TEST(Group, TheAppsSideGoesOutWhole) {
  Grouped table(ConflictPolicy::postgres);
  table.app("A__c", "a1");
  table.receive(table.event({{"B__c", value("theirs")}}, kVersion + 4000));
  EXPECT_EQ(table.row("A__c"), "a1");
  EXPECT_EQ(table.row("B__c"), "b0");
  EXPECT_THAT(table.lost(), ElementsAre("theirs"));
  ASSERT_EQ(table.change.issues.size(), 1U);
  EXPECT_EQ(table.change.issues.front().message, "Both sides changed Pair; postgres won.");
  ASSERT_TRUE(table.claim("t1"));
  EXPECT_EQ(text(table.record.lane.attempts.back().fields.at("B__c").value), "b0");
}

TEST(Group, TakesItsNewestMember) {
  // A is older than their change, B is newer: the group is newer.
  Grouped table(ConflictPolicy::newest);
  table.context.database_now = kVersion + 1000;
  table.app("A__c", "a1");
  EXPECT_FALSE(table.record.captured.empty());
  table.context.database_now = kVersion + 60'000;
  table.app("B__c", "b1");
  table.receive(table.event({{"A__c", value("theirs")}}, kVersion + 30'000));
  EXPECT_EQ(table.row("A__c"), "a1");
  EXPECT_THAT(table.lost(), ElementsAre("theirs"));
}

TEST(Group, WithNothingOfOursTheirsIsTaken) {
  Grouped table(ConflictPolicy::postgres);
  table.receive(table.event({{"B__c", value("theirs")}}, kVersion + 4000));
  EXPECT_EQ(table.row("B__c"), "theirs");
  EXPECT_THAT(table.lost(), IsEmpty());
}

TEST(Group, WhatWasCoveredOnOneMemberIsAConflictOfAll) {
  Grouped table(ConflictPolicy::salesforce);
  table.send("A__c", "a1", "t1");
  table.receive(table.event({{"B__c", value("theirs")}}, kVersion + 4000));
  EXPECT_EQ(table.row("B__c"), "b0") << "held: the group is under way";
  // Our write put the old B back.
  table.receive(table.event({{"A__c", value("a1")}, {"B__c", value("b0")}}, kVersion + 5000, "t1"));
  EXPECT_EQ(table.row("A__c"), "a0");
  EXPECT_EQ(table.row("B__c"), "theirs");
  EXPECT_THAT(table.lost(), ElementsAre("a1"));
  ASSERT_EQ(table.change.forward.size(), 1U);
  EXPECT_THAT(table.change.forward.front().fields, UnorderedElementsAre("A__c", "B__c"));
}

TEST(Group, IsHeldWhole) {
  Grouped table(ConflictPolicy::hold);
  table.app("A__c", "a1");
  table.receive(table.event({{"B__c", value("theirs")}}, kVersion + 4000));
  EXPECT_EQ(table.held(), "A=a0/a0/a1 B=b0/theirs/b0");
  EXPECT_FALSE(table.claim("t1"));
}

TEST(Group, WhatAReadFindsOnOneMemberIsAConflictOfAll) {
  for (const ConflictPolicy policy : {ConflictPolicy::salesforce, ConflictPolicy::postgres}) {
    Grouped table(policy);
    table.app("A__c", "a1");
    table.app("B__c", "b1");
    ASSERT_TRUE(table.claim("t1"));
    on_unknown(table.turn(), "t1");
    // The row was deleted and came back with what it had before the write.
    table.record.row->values["B__c"] = value("b0");
    table.app("A__c", "a2");
    on_read_back(table.turn(), testing::read_of("a1", "b1", kVersion + 5000), table.record.lane.revision);
    const bool theirs = policy == ConflictPolicy::salesforce;
    EXPECT_EQ(table.row("A__c"), theirs ? "a1" : "a2");
    EXPECT_EQ(table.row("B__c"), theirs ? "b1" : "b0") << "never the org's beside what is not sent";
    EXPECT_THAT(table.lost(), ElementsAre(theirs ? "a2" : "b1"));
    EXPECT_EQ(table.claim("t2"), !theirs);
  }
}

TEST(Group, ThatACreateSentInPartIsReadWhereTheKeyWasTaken) {
  // The app's row has no B; somebody made the record between our look-up of the key and our upsert.
  Grouped table(ConflictPolicy::hold);
  table.record.row->sfid.clear();
  table.record.row->values["B__c"] = Null{};
  table.record.lane.key_checked = true;
  table.record.captured.push_back({1, LogAction::insert, 7, {}, {}, {}, table.now});
  ASSERT_TRUE(table.claim("t1"));
  ASSERT_EQ(table.record.lane.attempts.front().kind, AttemptKind::create);
  ChangeEvent theirs = table.event({{"A__c", value("theirs")}, {"B__c", value("b9")}}, kVersion + 4000);
  theirs.kind = EventKind::create;
  table.receive(theirs);
  on_accepted(table.turn(), "t1", testing::kSfid);
  table.app("B__c", "b1");
  table.receive(table.event({{"A__c", value("a0")}}, kVersion + 5000, "t1"));
  EXPECT_TRUE(table.record.lane.frozen.empty()) << "no member waits for a person without the others";
  on_read_back(table.turn(), testing::read_of("a0", "b9", kVersion + 5000), table.record.lane.revision);
  EXPECT_EQ(table.held(), "A=a0/a0/a0 B=/b9/b1");
  EXPECT_THAT(table.lost(), ::testing::Contains("theirs"));
}

TEST(Function, MergesBeforeEquality) {
  Table table(ConflictPolicy::salesforce);
  table.mapping.fields.back().conflict = ConflictPolicy::add;
  table.load("a0", "b0", kVersion);
  table.record.row->values["N__c"] = 10.0;
  table.app("N__c", Value(15.0));
  table.receive(table.event({{"N__c", 15.0}}, kVersion + 4000));
  EXPECT_EQ(row_value(table.turn(), "N__c"), Value(20.0)) << "two changes of five";
  EXPECT_EQ(table.record.lane.pending.at("N__c").base, Value(15.0));
  EXPECT_THAT(table.change.journal, IsEmpty());
}

TEST(Function, CountsWhatItsWriteCovered) {
  Table table(ConflictPolicy::salesforce);
  table.mapping.fields.back().conflict = ConflictPolicy::add;
  table.load("a0", "b0", kVersion);
  table.record.row->values["N__c"] = 10.0;
  table.send("N__c", Value(12.0), "t1");
  table.app("N__c", Value(13.0));
  table.receive(table.event({{"N__c", 15.0}}, kVersion + 4000));
  table.receive(table.event({{"N__c", 12.0}}, kVersion + 5000, "t1"));
  EXPECT_EQ(row_value(table.turn(), "N__c"), Value(18.0)) << "10 + 2 + 1 + 5";
  EXPECT_EQ(table.record.lane.pending.at("N__c").base, Value(12.0));
}

TEST(Function, TheGreaterStaysAndTheOtherIsJournalled) {
  Table table(ConflictPolicy::salesforce);
  table.mapping.fields.back().conflict = ConflictPolicy::max;
  table.load("a0", "b0", kVersion);
  table.record.row->values["N__c"] = 1.0;
  table.app("N__c", Value(9.0));
  table.receive(table.event({{"N__c", 4.0}}, kVersion + 4000));
  EXPECT_EQ(row_value(table.turn(), "N__c"), Value(9.0));
  ASSERT_EQ(table.change.journal.size(), 1U);
  EXPECT_EQ(table.change.journal.front().reason, JournalReason::merge);
  EXPECT_EQ(table.change.journal.front().lost, Value(4.0));
  EXPECT_TRUE(table.claim("t1"));
}

TEST(Function, WhatCannotMergeIsAConflict) {
  Table table(ConflictPolicy::salesforce);
  table.mapping.fields.back().conflict = ConflictPolicy::add;
  table.load("a0", "b0", kVersion);
  table.record.row->values["N__c"] = 1.0;
  table.app("N__c", Value(9.0));
  table.receive(table.event({{"N__c", Null{}}}, kVersion + 4000));
  EXPECT_EQ(row_value(table.turn(), "N__c"), Value(Null{}));
  EXPECT_EQ(table.change.journal.front().rule, "salesforce");
}

}  // namespace
}  // namespace duet::rules
