#include "postgres/doorbell.h"

#include <thread>

#include <gtest/gtest.h>

#include "postgres/lock_keys.h"
#include "postgres/store_fixture_test.h"

namespace duet::postgres {
namespace {

constexpr TimeMs kLong = 60'000;

class DoorbellTest : public ::testing::Test {
 protected:
  /// Whether the reader holds the lock that tells writers not to ring.
  bool awake() {
    return database_.app.value(
               fmt::format("SELECT pg_try_advisory_lock_shared({0}, {1}) AND pg_advisory_unlock_shared({0}, {1})",
                           kDoorbellLockClass, doorbell_lock_object("salesforce"))) == "f";
  }
  /// Notifications that another listener has seen.
  bool notified() { return listener_->wait_notification(0).value(); }

  StoreDatabase database_;
  Doorbell doorbell_{database_.url, "salesforce"};
  std::unique_ptr<Session> listener_ = [this] {
    auto session = Session::connect(database_.url, SessionRole::listener).value();
    StoreDatabase::must(session->execute("LISTEN \"salesforce.hc_trigger_log\""));
    return session;
  }();
};

TEST_F(DoorbellTest, NothingRingsWithinTheLimit) {
  EXPECT_FALSE(doorbell_.wait(0).value());
  EXPECT_FALSE(doorbell_.wait(20).value());
}

TEST_F(DoorbellTest, WritersRingOnlyWhileTheReaderSleeps) {
  ASSERT_TRUE(doorbell_.wait(0));
  EXPECT_TRUE(awake());
  database_.app_insert({{"LastName", std::string("a")}});
  ASSERT_TRUE(listener_->query("SELECT 1"));
  EXPECT_FALSE(notified());
}

TEST_F(DoorbellTest, ARowThatCameWhileAwakeIsFoundAtOnce) {
  ASSERT_TRUE(doorbell_.wait(0));
  database_.app_insert({{"LastName", std::string("a")}});
  EXPECT_TRUE(doorbell_.wait(kLong).value());
  EXPECT_FALSE(doorbell_.wait(0).value()) << "the same row must not ring for ever";
}

TEST_F(DoorbellTest, AWriterWakesTheSleeper) {
  ASSERT_TRUE(doorbell_.wait(0));
  // The writer waits until it sees that the reader sleeps; then its commit rings, whatever the timing.
  std::jthread writer([this] {
    test::SqlSession app(database_.url);
    const std::string asleep =
        fmt::format("SELECT pg_try_advisory_lock_shared({0}, {1}) AND pg_advisory_unlock_shared({0}, {1})",
                    kDoorbellLockClass, doorbell_lock_object("salesforce"));
    while (app.value(asleep) == "f") std::this_thread::yield();
    app.execute("INSERT INTO salesforce.contact (lastname) VALUES ('a')");
  });
  bool rang = false;
  // Under load the writer may miss one sleep of 100 ms; it must not miss them all.
  for (int i = 0; i < 50 && !rang; ++i) rang = doorbell_.wait(kLong).value();
  EXPECT_TRUE(rang);
  EXPECT_TRUE(awake());
}

TEST_F(DoorbellTest, WritersNeverWaitForTheReader) {
  ASSERT_TRUE(doorbell_.wait(0));
  database_.app.execute("SET lock_timeout = '1ms'");
  EXPECT_NO_THROW(database_.app_insert({{"LastName", std::string("a")}}));
}

TEST_F(DoorbellTest, OnlyRowsThatWaitRing) {
  // Nobody is awake: ignored changes and the engine's own are quiet all the same.
  database_.app.execute(
      "SET xmlbinary = hex; INSERT INTO salesforce.contact (lastname) VALUES ('a'); SET xmlbinary = base64; UPDATE "
      "salesforce.contact SET lastname = 'a'");
  ASSERT_TRUE(listener_->query("SELECT 1"));
  EXPECT_FALSE(notified());
  database_.app.execute("UPDATE salesforce.contact SET lastname = 'b'");
  ASSERT_TRUE(listener_->query("SELECT 1"));
  EXPECT_TRUE(notified());
}

TEST_F(DoorbellTest, ConnectsAgainAfterABreak) {
  ASSERT_TRUE(doorbell_.wait(0));
  database_.app.execute(
      "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE query LIKE '%pg_try_advisory_lock%' AND pid "
      "<> pg_backend_pid()");
  EXPECT_FALSE(doorbell_.wait(0));
  EXPECT_TRUE(doorbell_.wait(0));
  EXPECT_TRUE(awake());
}

}  // namespace
}  // namespace duet::postgres
