#include "engine/refresh.h"

#include <gtest/gtest.h>

#include "engine/load_fakes.h"

namespace duet::engine {
namespace {

using namespace load_fakes;

constexpr TimeMs kStamp = 500'000;

std::string sfid_of(int number) { return fmt::format("0010000000{:05}AAA", number); }

/// Account.Name is a formula of its own field Nick__c, which is not mapped.
class RefreshTest : public testing::Test {
 protected:
  static Connection connection() {
    Mapping account;
    account.id = 1;
    account.object = "Account";
    account.fields.resize(2);
    account.fields[0].schema.name = "Name";
    account.fields[0].schema.calculated = true;
    account.fields[0].schema.formula = "UPPER(Nick__c)";
    account.fields[1].schema.name = "SystemModstamp";
    account.fields[1].schema.type = FieldType::datetime;
    Connection made;
    made.mappings = {account};
    return made;
  }

  /// Rows that are stale, with what the org has by now.
  void fill(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string sfid = sfid_of(i);
      Row row{db_.next_id++, sfid, {{"Name", std::string("old")}, {"SystemModstamp", DateTime{kStamp}}}, "SYNCED"};
      db_.rows[row.id] = std::move(row);
      org_.records[sfid] = {"new", kStamp, false};
      db_.marks.push_back({sfid, i + 1});
    }
  }

  std::string name_of(int number) { return std::get<std::string>(db_.find(sfid_of(number))->values.at("Name")); }

  Database db_;
  Script script_;
  FakeStore store_{db_, script_};
  FakeOrg org_{script_};
  FakeClock clock_;
  const Connection connection_ = connection();
  Settings settings_;
  Counters counters_;
  Governor governor_;
  RefreshWorker worker_{connection_, settings_, SettlePorts{store_, org_, clock_, governor_}, counters_};
};

TEST_F(RefreshTest, ReadsManyRecordsInOneCall) {
  fill(1'500);
  EXPECT_TRUE(worker_.step()->worked);
  EXPECT_EQ(org_.reads, 1);
  EXPECT_EQ(name_of(0), "new");
  EXPECT_EQ(name_of(1'499), "new");
  EXPECT_TRUE(db_.marks.empty());
  EXPECT_EQ(counters_.records_refreshed, 1'500U);
  EXPECT_FALSE(worker_.step()->worked);
  EXPECT_EQ(org_.reads, 1);
}

TEST_F(RefreshTest, ReadsAtMostTwoThousandInACall) {
  fill(2'001);
  EXPECT_TRUE(worker_.step()->worked);
  EXPECT_EQ(db_.marks.size(), 1U);
}

TEST_F(RefreshTest, PutsOffWhatCannotTakeItsRead) {
  fill(2);
  db_.lanes[sfid_of(1)].dirty = Dirty{"gap", 1, 0};
  EXPECT_TRUE(worker_.step()->worked);
  EXPECT_EQ(name_of(0), "new");
  EXPECT_EQ(name_of(1), "old");
  ASSERT_EQ(db_.put_off.size(), 1U);
  EXPECT_EQ(db_.put_off[0].sfid, sfid_of(1));
}

TEST_F(RefreshTest, ForgetsWhatIsGone) {
  fill(1);
  org_.records.clear();
  EXPECT_TRUE(worker_.step()->worked);
  EXPECT_TRUE(db_.marks.empty());
  EXPECT_EQ(name_of(0), "old") << "deletes are told by the stream";
}

TEST_F(RefreshTest, KeepsAMarkWhenSomethingFails) {
  for (int at = 1; at < 20; ++at) {
    db_ = {};
    fill(1);
    script_.calls = 0;
    script_.fail_at = at;
    const auto step = worker_.step();
    if (step) {
      EXPECT_TRUE(db_.marks.empty());
      EXPECT_EQ(name_of(0), "new");
      return;
    }
    EXPECT_EQ(db_.marks.size(), 1U) << "failed at call " << at;
  }
  ADD_FAILURE() << "more calls than expected";
}

TEST_F(RefreshTest, RunsOutOfCalls) {
  for (int i = 0; i < 300; ++i) {
    db_.marks = {{sfid_of(i), i + 1}};
    ASSERT_TRUE(worker_.step());
  }
  EXPECT_EQ(org_.reads, 100) << "the clock stands still";
}

}  // namespace
}  // namespace duet::engine
