#include "rules/read.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/outcome.h"
#include "rules/record_table_test.h"

namespace duet::rules {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::kVersion;
using testing::read_of;
using testing::Table;
using testing::text;

TEST(Key, ThatSeveralRecordsHaveParksTheLaneAndNamesThem) {
  Table table;
  table.load("a0", "b0", kVersion);
  RecordRead first = read_of("a", "b", kVersion);
  RecordRead second = first;
  second.sfid = "a00000000000002AAA";
  const RecordRead* both[] = {&first, &second};
  park_ambiguous(table.turn(), both);
  EXPECT_EQ(table.record.lane.parked, "DUPLICATE_EXTERNAL_ID");
  EXPECT_THAT(table.change.issues.front().message, HasSubstr("(a00000000000001AAA, a00000000000002AAA)"));
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

TEST(Read, AFormulaMayMoveWithoutTheStamp) {
  Table table;
  std::ranges::find(table.mapping.fields, "B__c", [](const MappedField& each) {
    return each.schema.name;
  })->schema.calculated = true;
  table.load("a0", "b0", kVersion);
  EXPECT_EQ(on_page_read(table.turn(), read_of("a0", "b1", kVersion)), ReadVerdict::applied);
  EXPECT_EQ(table.row("B__c"), "b1");
  EXPECT_FALSE(table.record.lane.dirty);
  EXPECT_EQ(on_page_read(table.turn(), read_of("a1", "b2", kVersion)), ReadVerdict::again);
  EXPECT_TRUE(table.record.lane.dirty) << "the other field is part of the version";
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

}  // namespace
}  // namespace duet::rules
