#include "orgsim/core/table.h"

#include <gtest/gtest.h>

namespace orgsim {
namespace {

class TableTest : public ::testing::Test {
 protected:
  std::string row(std::string_view name, std::string_view phone = {}) {
    RowWriter writer;
    writer.put(*name_, name);
    if (!phone.empty()) writer.put(*phone_, phone);
    return writer.bytes();
  }
  void rename(std::uint32_t slot, std::string_view before, std::string_view after, std::uint32_t stamp,
              std::uint32_t commit) {
    RowWriter old_cells;
    old_cells.put(*name_, before);
    const std::string packed = row(after);
    table_.change(slot, {ChangeType::update, RowState::live, stamp, commit, packed, old_cells.bytes()});
  }
  std::vector<std::uint32_t> named(std::string_view name) {
    std::vector<std::uint32_t> slots;
    table_.find(*name_, name, [&slots](std::uint32_t slot) {
      slots.push_back(slot);
      return true;
    });
    return slots;
  }

  Schema schema_ = Schema::standard();
  const ObjectDef& account_ = *schema_.object("Account");
  const FieldDef* name_ = account_.field("Name");
  const FieldDef* phone_ = account_.field("Phone");
  Table table_{account_};
};

TEST_F(TableTest, SnapshotsSeeTheRowAsItWas) {
  const auto slot = table_.allocate();
  EXPECT_EQ(table_.state(slot), RowState::absent);
  table_.insert(slot, row("one"), 100, 0);
  rename(slot, "one", "two", 101, 1);
  rename(slot, "two", "three", 102, 2);
  EXPECT_EQ(table_.image_at(slot, 0).state, RowState::absent);
  for (const auto& [commits, name, stamp] : {std::tuple{1U, "one", 100U}, {2U, "two", 101U}, {3U, "three", 102U}}) {
    const RowImage image = table_.image_at(slot, commits);
    EXPECT_EQ(image.packed(), row(name));
    EXPECT_EQ(image.stamp, stamp);
  }
}

TEST_F(TableTest, IndexesFollowChanges) {
  const auto a = table_.allocate();
  const auto b = table_.allocate();
  table_.insert(a, row("Same"), 1, 0);
  EXPECT_EQ(named("SAME"), std::vector{a}) << "made at first use, without case";
  table_.insert(b, row("same"), 1, 0);
  EXPECT_EQ(named("Same").size(), 2U);
  rename(a, "Same", "Other", 2, 1);
  EXPECT_EQ(named("same"), std::vector{b});
  EXPECT_EQ(named("other"), std::vector{a});
  EXPECT_TRUE(named("none").empty());
}

TEST_F(TableTest, DeleteAndPurge) {
  const auto slot = table_.allocate();
  table_.insert(slot, row("x"), 1, 0);
  table_.change(slot, {ChangeType::remove, RowState::deleted, 5, 1, row("x"), {}});
  EXPECT_EQ(table_.live_count(), 0U);
  EXPECT_EQ(table_.deleted_count(), 1U);
  EXPECT_EQ(named("x"), std::vector{slot});
  table_.change(slot, {ChangeType::remove, RowState::purged, 6, 2, row("x"), {}});
  EXPECT_TRUE(named("x").empty());
  std::vector<std::uint32_t> all;
  table_.stamps().range(0, 100, [&all](std::uint32_t at) {
    all.push_back(at);
    return true;
  });
  EXPECT_TRUE(all.empty());
  EXPECT_EQ(table_.deletes(), (std::vector<std::pair<std::uint32_t, std::uint32_t>>{{5, slot}}));
  EXPECT_EQ(table_.image_at(slot, 1).state, RowState::live);
  EXPECT_EQ(table_.image_at(slot, 2).state, RowState::deleted);
}

TEST_F(TableTest, LongHistoriesEndWithoutRecursion) {
  const auto slot = table_.allocate();
  table_.insert(slot, row("0"), 1, 0);
  for (std::uint32_t i = 1; i < 200'000; ++i) rename(slot, "a", "b", i, i);
  EXPECT_EQ(table_.image_at(slot, 1).stamp, 1U);
}

}  // namespace
}  // namespace orgsim
