// What two sessions can do to each other (design §6): every order of their steps is run.

#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "postgres/store_fixture_test.h"

namespace duet::postgres {
namespace {

using ::testing::HasSubstr;

constexpr const char* kSfid = "003000000000001AAA";

/// Runs `body` once for each order of three steps of session A and three of session B.
void for_each_order(const std::function<void(const std::string& order)>& body) {
  std::string order = "AAABBB";
  do {
    SCOPED_TRACE("order " + order);
    body(order);
  } while (!::testing::Test::HasFatalFailure() && std::ranges::next_permutation(order).found);
}

/// A worker that claims a record: locks it, puts an attempt into its lane if there is none, commits.
class Claimer {
 public:
  Claimer(const StoreDatabase& database, std::string token)
      : database_(database), store_(database.options()), token_(std::move(token)) {}

  void step(const RecordRef& ref) {
    switch (steps_++) {
      case 0: {
        transaction_ = store_.begin().value();
        const auto locked = transaction_->lock(database_.mapping, {&ref, 1});
        if (!locked) {
          // The other one has the record for longer than we wait.
          EXPECT_EQ(locked.error().kind, ErrorKind::row_locked);
          transaction_.reset();
          break;
        }
        record_ = locked->front();
        break;
      }
      case 1: {
        if (!transaction_ || !record_.lane.attempts.empty()) break;
        Attempt attempt;
        attempt.token = token_;
        record_.lane.attempts.push_back(attempt);
        RecordChange change;
        change.lane_changed = true;
        const ports::RecordWrite write{&record_, &change};
        claimed_ = transaction_->write(database_.mapping, {&write, 1}).value().empty();
        break;
      }
      default:
        if (transaction_) StoreDatabase::must(transaction_->commit());
        transaction_.reset();
    }
  }
  bool claimed() const { return claimed_; }

 private:
  const StoreDatabase& database_;
  PgStore store_;
  std::string token_;
  std::unique_ptr<ports::StoreTransaction> transaction_;
  Record record_;
  int steps_ = 0;
  bool claimed_ = false;
};

class TwoSessionsTest : public ::testing::Test {
 protected:
  Record read(const RecordRef& ref) {
    auto transaction = store_.begin().value();
    return transaction->lock(database_.mapping, {&ref, 1}).value().front();
  }

  std::int64_t insert_synced(const std::string& sfid, const std::string& phone) {
    database_.app.execute(fmt::format(
        "SET xmlbinary = hex; INSERT INTO salesforce.contact (sfid, phone) VALUES ('{}', '{}'); SET xmlbinary = base64",
        sfid, phone));
    return std::stoll(database_.app.value(fmt::format("SELECT id FROM salesforce.contact WHERE sfid = '{}'", sfid)));
  }

  StoreDatabase database_;
  PgStore store_{database_.options()};
};

TEST_F(TwoSessionsTest, OnlyOneOfTwoClaimersSends) {
  const std::int64_t row = insert_synced(kSfid, "1");
  const std::vector<std::pair<RecordRef, RecordRef>> names{
      {{row, {}, {}}, {row, {}, {}}},                                                        // the same name
      {{row, {}, {}}, {std::nullopt, kSfid, {}}},                                            // two names of one row
      {{std::nullopt, "003000000000009AAA", {}}, {std::nullopt, "003000000000009AAA", {}}},  // no row at all
      {{std::nullopt, "003000000000009AAA", "key"}, {std::nullopt, {}, "KEY "}},             // no row, a key in common
  };
  for (const auto& [a_ref, b_ref] : names) {
    for_each_order([&](const std::string& order) {
      database_.app.execute("TRUNCATE duet.lane");
      Claimer a(database_, "a");
      Claimer b(database_, "b");
      for (char who : order) who == 'A' ? a.step(a_ref) : b.step(b_ref);
      ASSERT_NE(a.claimed(), b.claimed());
      ASSERT_EQ(database_.app.value("SELECT json_array_length(state -> 'attempts') FROM duet.lane"), "1");
      ASSERT_EQ(database_.app.value("SELECT state #>> '{attempts,0,token}' FROM duet.lane"), a.claimed() ? "a" : "b");
    });
  }
}

/// The engine applies a remote value to a field that the app changes at the same time. What the app wrote is never
/// overwritten unseen, and the row stays PENDING, whatever the order.
TEST_F(TwoSessionsTest, AnAppsUpdateIsNeverOverwrittenUnseen) {
  for_each_order([&](const std::string& order) {
    database_.app.execute("TRUNCATE salesforce.contact, salesforce._trigger_log, duet.lane");
    const std::int64_t row = insert_synced(kSfid, "base");
    const RecordRef ref{std::nullopt, kSfid, {}};
    std::unique_ptr<ports::StoreTransaction> transaction;
    Record record;
    test::SqlSession observer(database_.url);
    int app_steps = 0;
    int engine_steps = 0;
    bool app_waits = false;
    auto settle_app = [&] {
      if (!app_waits) return;
      database_.app.finish();
      app_waits = false;
    };
    auto app_step = [&] {
      settle_app();
      switch (app_steps++) {
        case 0:
          database_.app.execute("BEGIN");
          break;
        case 1:
          database_.app.start(fmt::format("UPDATE salesforce.contact SET phone = 'app' WHERE id = {}", row));
          app_waits = database_.app.waits_for_lock(observer);
          if (!app_waits) database_.app.finish();
          break;
        default:
          database_.app.execute("COMMIT");
      }
    };
    auto engine_step = [&] {
      switch (engine_steps++) {
        case 0:
          transaction = store_.begin().value();
          record = transaction->lock(database_.mapping, {&ref, 1}).value().front();
          break;
        case 1: {
          if (record.busy) break;
          RecordChange change;
          change.row_action = RowAction::update;
          change.set["Email"] = std::string("org@example.com");
          if (record.captured.empty()) change.set["Phone"] = std::string("org");
          const ports::RecordWrite write{&record, &change};
          ASSERT_TRUE(transaction->write(database_.mapping, {&write, 1}).value().empty());
          break;
        }
        default:
          StoreDatabase::must(transaction->commit());
          transaction.reset();
      }
    };
    // An app whose statement waits for the engine cannot take its next step: the engine goes on first.
    std::string left = order;
    while (!left.empty()) {
      std::size_t at = 0;
      if (left[0] == 'A' && app_waits && left.find('B') != std::string::npos) at = left.find('B');
      left[at] == 'A' ? app_step() : engine_step();
      left.erase(at, 1);
    }
    settle_app();
    ASSERT_EQ(database_.app.value("SELECT phone FROM salesforce.contact"), "app");
    ASSERT_EQ(database_.app.value("SELECT _hc_lastop FROM salesforce.contact"), "PENDING");
    const Record after = read(ref);
    ASSERT_EQ(after.captured.size(), 1U);
    ASSERT_THAT(after.captured[0].changed, ::testing::ElementsAre("Phone"));
    ASSERT_THAT(value_of(after.captured[0].old_values, "Phone"),
                ::testing::AnyOf(Value(std::string("base")), Value(std::string("org"))));
  });
}

TEST_F(TwoSessionsTest, TheEngineYieldsAndTheAppNeverDiesInADeadlock) {
  const std::int64_t one = insert_synced(kSfid, "1");
  const std::int64_t two = insert_synced("003000000000002AAA", "2");
  database_.app.execute(fmt::format("BEGIN; UPDATE salesforce.contact SET phone = 'app' WHERE id = {}", one));

  auto transaction = store_.begin().value();
  const RecordRef first{two, {}, {}};
  EXPECT_FALSE(transaction->lock(database_.mapping, {&first, 1}).value().front().busy);
  test::SqlSession observer(database_.url);
  database_.app.start(fmt::format("UPDATE salesforce.contact SET phone = 'app' WHERE id = {}", two));
  EXPECT_TRUE(database_.app.waits_for_lock(observer));
  const std::vector<RecordRef> both{{one, {}, {}}, {std::nullopt, "003000000000009AAA", {}}};
  const auto records = transaction->lock(database_.mapping, both).value();
  EXPECT_TRUE(records[0].busy);
  EXPECT_FALSE(records[0].row);
  EXPECT_FALSE(records[1].busy) << "only the locked row is busy";
  StoreDatabase::must(transaction->commit());
  EXPECT_NO_THROW(database_.app.finish());
  database_.app.execute("COMMIT");
  EXPECT_EQ(database_.app.value("SELECT count(*) FROM salesforce.contact WHERE phone = 'app'"), "2");
}

TEST_F(TwoSessionsTest, ABusyRecordCanBeMarkedDirty) {
  const std::int64_t row = insert_synced(kSfid, "1");
  database_.app.execute(fmt::format("BEGIN; UPDATE salesforce.contact SET phone = 'app' WHERE id = {}", row));
  for (int i = 0; i < 2; ++i) {
    auto transaction = store_.begin().value();
    const RecordRef ref{std::nullopt, kSfid, {}};
    Record record = transaction->lock(database_.mapping, {&ref, 1}).value().front();
    ASSERT_TRUE(record.busy);
    record.lane.dirty = Dirty{"the row is locked by the application", 5, i};
    RecordChange change;
    change.lane_changed = true;
    const ports::RecordWrite write{&record, &change};
    ASSERT_TRUE(transaction->write(database_.mapping, {&write, 1}).value().empty());
    StoreDatabase::must(transaction->commit());
  }
  database_.app.execute("COMMIT");
  EXPECT_EQ(database_.app.value("SELECT count(*) FROM duet.lane"), "1");
  EXPECT_TRUE(read({row, {}, {}}).lane.dirty);
}

/// Its lane may be about to get an attempt: an event that met the record without it would not be held for it, and what
/// the attempt covers would be lost.
TEST_F(TwoSessionsTest, ARecordThatAnotherWorkerHoldsIsWaitedForAlsoWhileTheAppHoldsARow) {
  const std::int64_t row = insert_synced(kSfid, "1");
  const std::int64_t locked = insert_synced("003000000000002AAA", "2");
  const std::vector<RecordRef> refs{{row, {}, {}}, {locked, {}, {}}};
  auto first = store_.begin().value();
  Record mine = first->lock(database_.mapping, {refs.data(), 1}).value().front();
  database_.app.execute(fmt::format("BEGIN; UPDATE salesforce.contact SET phone = 'app' WHERE id = {}", locked));

  StoreOptions impatient = database_.options();
  PgStore other(impatient);
  auto late = other.begin().value();
  const auto refused = late->lock(database_.mapping, refs);
  ASSERT_FALSE(refused) << "nothing is told of a record that could not be read";
  EXPECT_EQ(refused.error().kind, ErrorKind::row_locked);
  late.reset();

  StoreOptions patient = database_.options();
  patient.engine_wait_ms = 20'000;
  PgStore third(patient);
  std::jthread engine([&] {
    auto second = third.begin().value();
    // A statement before the lock: the transaction has begun.
    EXPECT_TRUE(second->find_creates(database_.mapping, 1));
    const auto records = second->lock(database_.mapping, refs).value();
    EXPECT_FALSE(records[0].busy);
    EXPECT_TRUE(records[0].lane.pending.contains("Phone"));
    EXPECT_TRUE(records[1].busy);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  mine.lane.pending["Phone"] = {std::string("0"), {1, 2}};
  RecordChange change;
  change.lane_changed = true;
  const ports::RecordWrite write{&mine, &change};
  EXPECT_TRUE(first->write(database_.mapping, {&write, 1}).value().empty());
  StoreDatabase::must(first->commit());
  engine.join();
  database_.app.execute("COMMIT");
}

TEST_F(TwoSessionsTest, InboundWritesBurnNoIds) {
  std::vector<RecordRef> refs;
  for (int i = 0; i < 20; ++i) {
    const std::string sfid = fmt::format("0030000000000{:02}AAA", i);
    insert_synced(sfid, "1");
    refs.push_back({std::nullopt, sfid, {}});
  }
  const std::string before = database_.app.value("SELECT last_value FROM salesforce.contact_id_seq");
  for (int round = 0; round < 3; ++round) {
    auto transaction = store_.begin().value();
    auto records = transaction->lock(database_.mapping, refs).value();
    RecordChange change;
    change.row_action = RowAction::update;
    change.set["Phone"] = std::to_string(round);
    std::vector<ports::RecordWrite> writes;
    for (const Record& record : records) writes.push_back({&record, &change});
    ASSERT_TRUE(transaction->write(database_.mapping, writes).value().empty());
    StoreDatabase::must(transaction->commit());
  }
  EXPECT_EQ(database_.app.value("SELECT last_value FROM salesforce.contact_id_seq"), before);
}

/// A row that references ours holds a lock on it until its transaction ends; that must not keep remote changes out.
TEST_F(TwoSessionsTest, AForeignKeyOfTheAppDoesNotKeepTheEngineOut) {
  StoreDatabase database(test::sample_mapping());
  PgStore store(database.options());
  database.app.execute(
      "CREATE TABLE note (contact_id integer REFERENCES salesforce.contact); SET xmlbinary = hex; INSERT INTO "
      "salesforce.contact (sfid) VALUES "
      "('003000000000001AAA'); SET xmlbinary = base64; BEGIN; INSERT INTO note VALUES (1)");
  auto transaction = store.begin().value();
  const RecordRef ref{std::nullopt, kSfid, {}};
  const Record record = transaction->lock(database.mapping, {&ref, 1}).value().front();
  ASSERT_FALSE(record.busy);
  RecordChange change;
  change.row_action = RowAction::update;
  change.set["Phone"] = std::string("org");
  const ports::RecordWrite write{&record, &change};
  EXPECT_TRUE(transaction->write(database.mapping, {&write, 1}).value().empty());
  StoreDatabase::must(transaction->commit());
  database.app.execute("COMMIT");
}

}  // namespace
}  // namespace duet::postgres
