#include "engine/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/logging.h"
#include "codec/mapping_fixture.h"
#include "engine/load_fakes.h"

namespace duet::engine {
namespace {

using namespace load_fakes;
using codec::fixture_mapping;

constexpr int kMaxSteps = 2'000;

std::string sfid_of(int number) { return fmt::format("0010000000{:05}AAA", number); }

class LoadTest : public testing::Test {
 protected:
  LoadTest() {
    configure_logging(LogLevel::error, LogFormat::text);
    Mapping mapping = fixture_mapping(
        {{"Id", FieldType::id}, {"Name", FieldType::string, 80}, {"SystemModstamp", FieldType::datetime}});
    mapping.id = 1;
    connection_.mappings.push_back(std::move(mapping));
    db_.positions["events"] = "1";
  }

  Mapping& mapping() { return connection_.mappings.front(); }

  void fill_org(int count) {
    for (int i = 0; i < count; ++i) org_.records[sfid_of(i)] = {fmt::format("name {}", i), 500'000, false};
  }

  void add_row(const std::string& sfid, const std::string& name, TimeMs stamp) {
    Row row{db_.next_id++, sfid, {{"Name", name}, {"SystemModstamp", DateTime{stamp}}}, "SYNCED"};
    db_.rows[row.id] = std::move(row);
  }

  ChangeEvent rename_event(int number, const std::string& name, TimeMs stamp) {
    ChangeEvent event;
    event.event_id = fmt::format("{}/{}", number, name);
    event.object = "Account";
    event.record_ids = {sfid_of(number)};
    event.stamp = stamp;
    event.committed_at = stamp;
    event.fields = {{"Name", name}};
    return event;
  }

  void start() {
    worker_ = std::make_unique<LoadWorker>(connection_, mapping(), settings_,
                                           SettlePorts{store_, org_, clock_, governor_}, counters_);
  }

  /// Steps until nothing is left to do; the errors on the way.
  std::vector<Error> run() {
    if (!worker_) start();
    std::vector<Error> errors;
    for (int i = 0; i < kMaxSteps; ++i) {
      const auto step = worker_->step();
      if (!step) errors.push_back(step.error());
      if (step && !step->worked) return errors;
    }
    ADD_FAILURE() << "the load does not end";
    return errors;
  }

  /// The table is what the org holds, under one row per record.
  void expect_loaded() {
    EXPECT_EQ(db_.state, ports::MappingState::loaded);
    std::map<std::string, std::string> expected;
    std::map<std::string, std::string> found;
    for (const auto& [sfid, record] : org_.records) {
      if (!record.deleted) expected[sfid] = record.name;
    }
    for (const auto& [id, row] : db_.rows) {
      EXPECT_TRUE(found.emplace(row.sfid, std::get<std::string>(row.values.at("Name"))).second)
          << "two rows of " << row.sfid;
    }
    EXPECT_EQ(found, expected);
  }

  Database db_;
  Script script_;
  FakeStore store_{db_, script_};
  FakeOrg org_{script_};
  FakeClock clock_;
  Connection connection_;
  Settings settings_;
  Governor governor_;
  Counters counters_;
  std::unique_ptr<LoadWorker> worker_;
};

TEST_F(LoadTest, CopiesIntoAnEmptyTable) {
  fill_org(1'000);
  EXPECT_TRUE(run().empty());
  expect_loaded();
  EXPECT_EQ(store_.copies, 1);
  EXPECT_EQ(org_.queries, 1);
  EXPECT_EQ(counters_.rows_loaded, 1'000U);
  EXPECT_EQ(db_.rows.begin()->second.last_op, "SYNCED");
  EXPECT_TRUE(run().empty());
  EXPECT_EQ(org_.queries, 1) << "a loaded mapping is not loaded again";
}

TEST_F(LoadTest, LoadsAnObjectWithoutRecords) {
  EXPECT_TRUE(run().empty());
  expect_loaded();
}

TEST_F(LoadTest, WaitsForThePositionOfTheStream) {
  fill_org(3);
  db_.positions.clear();
  EXPECT_TRUE(run().empty());
  EXPECT_EQ(org_.queries, 0);
  db_.positions["events"] = "7";
  run();
  expect_loaded();
}

TEST_F(LoadTest, NotesWherePollingBeginsBeforeItReads) {
  fill_org(3);
  mapping().source = InboundSource::poll;
  db_.positions.clear();
  script_.fail_at = 4;  // load_progress, begin, state, commit: the transaction before the query
  start();
  EXPECT_FALSE(worker_->step());
  EXPECT_EQ(org_.queries, 0);
  run();
  expect_loaded();
  EXPECT_EQ(db_.positions.at("poll:Account"), "1000000");
}

TEST_F(LoadTest, MergesIntoATableThatHasRows) {
  fill_org(1'200);
  org_.records[sfid_of(3)].deleted = true;
  add_row(sfid_of(1), "old", 400'000);
  add_row(sfid_of(3), "deleted in the org", 400'000);
  add_row(sfid_of(5'000), "never seen", 400'000);
  EXPECT_TRUE(run().empty());
  expect_loaded();
  EXPECT_EQ(store_.copies, 0);
  EXPECT_EQ(db_.rows.at(1).sfid, sfid_of(1)) << "ids stay";
  EXPECT_EQ(org_.reads, 1) << "only rows that the query did not give are asked for";
}

TEST_F(LoadTest, NeverOverwritesANewerRow) {
  fill_org(2);
  add_row(sfid_of(1), "newer", 600'000);
  run();
  EXPECT_EQ(db_.state, ports::MappingState::loaded);
  EXPECT_EQ(db_.rows.at(1).values.at("Name"), Value("newer"));
}

TEST_F(LoadTest, MakesRecordsDirtyThatTheTableCannotHold) {
  fill_org(700);
  for (int i = 0; i < 600; ++i) org_.records[sfid_of(i)].name = std::string(81, 'x');
  EXPECT_TRUE(run().empty());
  EXPECT_EQ(db_.state, ports::MappingState::loaded);
  EXPECT_EQ(db_.rows.size(), 100U);
  EXPECT_EQ(db_.lanes.size(), 600U);
  EXPECT_TRUE(db_.lanes.at(sfid_of(0)).dirty);
  EXPECT_EQ(counters_.records_dirty, 600U);
}

TEST_F(LoadTest, GoesOnRecordByRecordWhenTheDatabaseRefusesTheCopy) {
  fill_org(20);
  db_.refused_names = {"name 7"};
  EXPECT_TRUE(run().empty());
  EXPECT_EQ(db_.state, ports::MappingState::loaded);
  EXPECT_EQ(db_.rows.size(), 19U);
  EXPECT_TRUE(db_.lanes.at(sfid_of(7)).dirty);
  EXPECT_EQ(db_.lanes.at(sfid_of(7)).sfid, sfid_of(7));
}

TEST_F(LoadTest, AppliesTheSpoolInOrderBeforeItIsLoaded) {
  fill_org(10);
  for (int i = 0; i < 4'500; ++i)
    db_.spool.push_back(rename_event(i % 10, fmt::format("event {}", i), 600'000 + i * 1'000));
  for (int i = 0; i < 10; ++i) org_.records[sfid_of(i)].name = fmt::format("event {}", 4'490 + i);
  EXPECT_TRUE(run().empty());
  expect_loaded();
  EXPECT_TRUE(db_.spool.empty());
}

TEST_F(LoadTest, DoesNotTakeAResultThatEndsEarly) {
  fill_org(50);
  org_.missing_rows = 1;
  const auto errors = run();
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_THAT(describe(errors[0]), testing::HasSubstr("49 rows of 50"));
  expect_loaded();
  EXPECT_EQ(counters_.rows_loaded, 50U);
}

class LoadFailsAtEveryCall : public LoadTest, public testing::WithParamInterface<bool> {};

/// Fails port call k for every k; then the worker goes on, or a new process begins.
TEST_P(LoadFailsAtEveryCall, AndIsCompleteInTheEnd) {
  const bool merges = GetParam();
  fill_org(600);
  org_.chunk_size = 5'000;
  org_.records[sfid_of(4)].deleted = true;
  const Database before = [&] {
    db_.spool.push_back(rename_event(1, "spooled", 700'000));
    if (merges) add_row(sfid_of(4), "deleted in the org", 400'000);
    return db_;
  }();
  org_.records[sfid_of(1)].name = "spooled";

  int failures = 0;
  for (const bool restarts : {false, true}) {
    for (int k = 1; k < 10'000; ++k) {
      db_ = before;
      script_ = {};
      script_.fail_at = k;
      start();
      for (int steps = 0; steps < kMaxSteps; ++steps) {
        const auto step = worker_->step();
        if (!step) {
          EXPECT_EQ(step.error().kind, ErrorKind::store_down);
          ++failures;
          if (restarts) start();
        } else if (!step->worked) {
          break;
        }
      }
      expect_loaded();
      EXPECT_TRUE(db_.spool.empty());
      ASSERT_FALSE(HasFailure()) << "call " << k << " failed, restarts: " << restarts;
      if (script_.calls < k) break;
    }
  }
  EXPECT_GT(failures, 30);
}

INSTANTIATE_TEST_SUITE_P(Ways, LoadFailsAtEveryCall, testing::Bool(),
                         [](const auto& param) { return param.param ? "Merge" : "Copy"; });

}  // namespace
}  // namespace duet::engine
