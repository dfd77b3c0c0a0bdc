#include "rules/refresh.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "rules/record_table_test.h"

namespace duet::rules {
namespace {

using testing::kVersion;
using testing::read_of;
using testing::Table;

/// B__c is a formula.
struct FormulaTable : Table {
  FormulaTable() {
    std::ranges::find(mapping.fields, "B__c", [](const MappedField& each) {
      return each.schema.name;
    })->schema.calculated = true;
    load("a0", "b0", kVersion);
  }
};

TEST(Refresh, TakesTheFormulaAtTheRowsOwnStamp) {
  FormulaTable table;
  EXPECT_EQ(on_refresh(table.turn(), read_of("a0", "b1", kVersion)), RefreshVerdict::fresh);
  EXPECT_EQ(table.row("B__c"), "b1");
  EXPECT_EQ(table.change.set.size(), 1U);
  EXPECT_FALSE(table.change.lane_changed);
}

TEST(Refresh, LeavesEverythingElseToTheStream) {
  FormulaTable table;
  EXPECT_EQ(on_refresh(table.turn(), read_of("a1", "b1", kVersion + 5'000)), RefreshVerdict::fresh);
  EXPECT_EQ(table.row("A__c"), "a0");
  EXPECT_EQ(table.row("B__c"), "b1");
  EXPECT_EQ(table.change.set.size(), 1U) << "nor does it make the row newer than what it holds";
}

TEST(Refresh, WritesNothingThatIsEqual) {
  FormulaTable table;
  EXPECT_EQ(on_refresh(table.turn(), read_of("a0", "b0", kVersion)), RefreshVerdict::fresh);
  EXPECT_EQ(table.change.row_action, RowAction::keep);
}

TEST(Refresh, KeepsWhatTheAppHasPending) {
  FormulaTable table;
  table.app("A__c", "mine");
  EXPECT_EQ(on_refresh(table.turn(), read_of("a0", "b1", kVersion)), RefreshVerdict::fresh);
  EXPECT_EQ(table.row("A__c"), "mine");
  EXPECT_EQ(table.record.captured.size(), 1U);
}

TEST(Refresh, WaitsForARecordThatCannotTakeIt) {
  FormulaTable older;
  EXPECT_EQ(on_refresh(older.turn(), read_of("a0", "b1", kVersion - 1'000)), RefreshVerdict::later);
  EXPECT_EQ(older.row("B__c"), "b0") << "the row is newer than the read";
  FormulaTable dirty;
  dirty.record.lane.dirty = Dirty{"gap", 1, 0};
  EXPECT_EQ(on_refresh(dirty.turn(), read_of("a0", "b1", kVersion)), RefreshVerdict::later);
  EXPECT_EQ(dirty.row("B__c"), "b0");
  FormulaTable busy;
  busy.record.busy = true;
  EXPECT_EQ(on_refresh(busy.turn(), read_of("a0", "b1", kVersion)), RefreshVerdict::later);
}

TEST(Refresh, HasNothingToDoForARecordThatIsGone) {
  FormulaTable table;
  RecordRead gone = read_of("a0", "b1", kVersion);
  gone.deleted = true;
  EXPECT_EQ(on_refresh(table.turn(), gone), RefreshVerdict::fresh);
  EXPECT_TRUE(table.record.row) << "deletes are told by the stream";
  table.record.row.reset();
  EXPECT_EQ(on_refresh(table.turn(), read_of("a0", "b1", kVersion)), RefreshVerdict::fresh);
  EXPECT_EQ(table.change.row_action, RowAction::keep);
}

}  // namespace
}  // namespace duet::rules
