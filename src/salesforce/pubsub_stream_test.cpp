#include "salesforce/pubsub_stream.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>

#include <chrono>

#include <gtest/gtest.h>

#include "codec/avro_test_writer.h"
#include "salesforce/scripted_server_test.h"

namespace duet::salesforce {
namespace {

constexpr std::string_view kSchema =
    R"({"name":"AccountChangeEvent","type":"record","fields":[{"name":"ChangeEventHeader","type":{"type":"record","name":"ChangeEventHeader","fields":[
  {"name":"entityName","type":"string"},{"name":"recordIds","type":{"type":"array","items":"string"}},
  {"name":"changeType","type":{"type":"enum","name":"ChangeType","symbols":["CREATE","UPDATE"]}},
  {"name":"transactionKey","type":"string"},{"name":"changedFields","type":{"type":"array","items":"string"}}]}},
  {"name":"Name","type":["null","string"],"default":null}]})";

WireEvent event(int number) {
  codec::AvroTestWriter payload;
  payload.text("Account")
      .texts({"0014W000027f6V3QAI"})
      .whole(1)
      .text("tx")
      .texts({"0x2"})
      .branch(1)
      .text("name " + std::to_string(number));
  return {"replay-" + std::to_string(number), "uuid-" + std::to_string(number), "schema-1", payload.bytes()};
}

WireBatch batch_of(int from, int to) {
  WireBatch batch;
  for (int i = from; i < to; ++i) batch.events.push_back(event(i));
  batch.latest_replay_id = "far-ahead";
  return batch;
}

/// The server's side of one stream, played by the test.
class Channel {
 public:
  void push(WireBatch batch) {
    std::lock_guard lock(mutex_);
    batches_.push_back(std::move(batch));
    changed_.notify_all();
  }
  void end(Error error) {
    std::lock_guard lock(mutex_);
    ended_ = std::move(error);
    changed_.notify_all();
  }
  bool read(WireBatch& batch) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !batches_.empty() || ended_ || cancelled_; });
    if (cancelled_ || batches_.empty()) return false;
    batch = std::move(batches_.front());
    batches_.pop_front();
    return true;
  }
  Error finish() {
    std::lock_guard lock(mutex_);
    return ended_ ? *ended_ : Error{ErrorKind::network, "CANCELLED", {}, {}, nullptr, {}};
  }
  void cancel() {
    std::lock_guard lock(mutex_);
    cancelled_ = true;
    changed_.notify_all();
  }
  void request(int events) {
    std::lock_guard lock(mutex_);
    credit_ += events;
    largest_ = std::max(largest_, events);
    changed_.notify_all();
  }
  int credit() {
    std::lock_guard lock(mutex_);
    return credit_;
  }
  int largest() {
    std::lock_guard lock(mutex_);
    return largest_;
  }
  void wait_for_credit(int credit) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return credit_ >= credit; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<WireBatch> batches_;
  std::optional<Error> ended_;
  bool cancelled_ = false;
  int credit_ = 0;
  int largest_ = 0;
};

class FakeSubscription final : public Subscription {
 public:
  FakeSubscription(Channel& channel, std::uint64_t generation) : channel_(channel), generation_(generation) {}
  bool request(int events) override {
    channel_.request(events);
    return true;
  }
  bool read(WireBatch& batch) override { return channel_.read(batch); }
  Error finish() override { return channel_.finish(); }
  void cancel() override { channel_.cancel(); }
  std::uint64_t login_generation() const override { return generation_; }

 private:
  Channel& channel_;
  std::uint64_t generation_;
};

/// Gives out one channel after the other.
class FakeClient final : public PubSubClient {
 public:
  explicit FakeClient(std::shared_ptr<Session> session) : session_(std::move(session)) {}

  Result<bool> can_subscribe(const std::string&) override { return true; }
  Result<std::string> schema(const std::string& id) override {
    ++schemas_asked;
    if (id == "schema-1") return std::string(kSchema);
    return fail(ErrorKind::forbidden, "no schema", "schema.meta.permission");
  }
  Result<std::unique_ptr<Subscription>> subscribe(const std::string& topic, const std::string& replay_id) override {
    std::lock_guard lock(mutex_);
    opened.push_back(topic + " after '" + replay_id + "'");
    auto login = DUET_TRY(session_->login());
    return std::make_unique<FakeSubscription>(channels[opened.size() - 1], login->generation);
  }

  std::deque<Channel> channels = std::deque<Channel>(4);
  std::vector<std::string> opened;
  std::atomic<int> schemas_asked{0};

 private:
  std::mutex mutex_;
  std::shared_ptr<Session> session_;
};

class PubSubStreamTest : public testing::Test {
 protected:
  PubSubStreamTest()
      : server_([](const httplib::Request&, httplib::Response&) {}),
        session_(std::make_shared<Session>(server_.settings())),
        client_(std::make_shared<FakeClient>(session_)) {
    FieldSchema name;
    name.name = "Name";
    account_.name = "Account";
    account_.fields.push_back(name);
  }

  PubSubStream make(StreamLimits limits = {}) {
    return PubSubStream(
        session_, client_, [this](std::string_view object) { return object == "Account" ? &account_ : nullptr; },
        limits);
  }

  /// Reads until `count` events have come.
  static std::vector<ChangeEvent> take(PubSubStream& stream, std::size_t count) {
    std::vector<ChangeEvent> events;
    while (events.size() < count) {
      auto batch = stream.next(5'000);
      if (!batch) {
        ADD_FAILURE() << describe(batch.error());
        break;
      }
      std::ranges::move(batch->events, std::back_inserter(events));
    }
    return events;
  }

  ScriptedServer server_;
  std::shared_ptr<Session> session_;
  std::shared_ptr<FakeClient> client_;
  ObjectSchema account_;
};

TEST_F(PubSubStreamTest, gives_events_in_order_with_the_position_of_the_last) {
  PubSubStream stream = make();
  ASSERT_TRUE(stream.open("start"));
  client_->channels[0].push(batch_of(0, 3));
  auto batch = stream.next(5'000);
  ASSERT_TRUE(batch);
  ASSERT_EQ(batch->events.size(), 3u);
  EXPECT_EQ(batch->events[2].position, "replay-2");
  EXPECT_EQ(batch->events[2].event_id, "uuid-2");
  EXPECT_EQ(value_of(batch->events[2].fields, "Name"), Value(std::string("name 2")));
  EXPECT_EQ(batch->latest_position, "replay-2") << "not what the server has further ahead";
  EXPECT_FALSE(batch->keep_alive);
  EXPECT_EQ(client_->opened.at(0), "/data/ChangeEvents after 'start'");
  EXPECT_EQ(client_->schemas_asked, 1);
}

TEST_F(PubSubStreamTest, a_keep_alive_ends_a_batch_and_carries_the_position_and_its_time) {
  const auto now = [] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  };
  const TimeMs before = now();
  PubSubStream stream = make();
  ASSERT_TRUE(stream.open(""));
  client_->channels[0].push(batch_of(0, 1));
  client_->channels[0].push({.events = {}, .latest_replay_id = "alive"});
  client_->channels[0].push(batch_of(1, 2));
  std::vector<std::string> seen;
  while (seen.size() < 3) {
    auto batch = stream.next(5'000);
    ASSERT_TRUE(batch);
    for (const ChangeEvent& one : batch->events) seen.push_back(one.position);
    if (batch->keep_alive) {
      EXPECT_EQ(batch->latest_position, "alive");
      EXPECT_GE(batch->received_at, before) << "what was committed well before has been delivered";
      EXPECT_LE(batch->received_at, now());
      EXPECT_EQ(seen, std::vector<std::string>{"replay-0"});
      seen.push_back("alive");
    }
  }
  EXPECT_EQ(seen.back(), "replay-1");
}

TEST_F(PubSubStreamTest, says_when_nothing_came) {
  PubSubStream stream = make();
  ASSERT_TRUE(stream.open(""));
  auto batch = stream.next(1);
  ASSERT_TRUE(batch);
  EXPECT_TRUE(batch->events.empty());
  EXPECT_FALSE(batch->keep_alive);
}

TEST_F(PubSubStreamTest, never_asks_for_more_than_its_queue_and_the_org_allow) {
  PubSubStream stream = make({.queued_events = 150});
  ASSERT_TRUE(stream.open(""));
  Channel& channel = client_->channels[0];
  channel.wait_for_credit(100);
  channel.push(batch_of(0, 100));
  channel.wait_for_credit(150);  // the queue has 50 places left
  channel.push(batch_of(100, 150));
  EXPECT_EQ(take(stream, 150).size(), 150u);
  channel.wait_for_credit(250);
  EXPECT_EQ(channel.credit(), 250);
  EXPECT_LE(channel.largest(), 100);
}

TEST_F(PubSubStreamTest, gives_the_servers_error_behind_the_events_and_is_closed_then) {
  PubSubStream stream = make();
  ASSERT_TRUE(stream.open("old"));
  client_->channels[0].push(batch_of(0, 1));
  client_->channels[0].end(Error{ErrorKind::bad_data, "replayid.corrupted", "m", {}, nullptr, {}});
  EXPECT_EQ(take(stream, 1).size(), 1u);
  auto failed = stream.next(5'000);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, "replayid.corrupted");
  EXPECT_EQ(stream.next(0).error().code, "CLOSED");
}

TEST_F(PubSubStreamTest, renews_a_refused_token_and_goes_on_where_it_stood) {
  PubSubStream stream = make();
  ASSERT_TRUE(stream.open("start"));
  client_->channels[0].push(batch_of(0, 2));
  client_->channels[0].end(Error{ErrorKind::auth_expired, "UNAUTHENTICATED", "m", {}, nullptr, {}});
  client_->channels[1].push(batch_of(2, 3));
  auto events = take(stream, 3);
  EXPECT_EQ(events.back().position, "replay-2");
  EXPECT_EQ(client_->opened.at(1), "/data/ChangeEvents after 'replay-1'");
  EXPECT_EQ(server_.logins(), 2);
}

TEST_F(PubSubStreamTest, does_not_renew_for_ever) {
  PubSubStream stream = make();
  Error refused{ErrorKind::auth_expired, "UNAUTHENTICATED", "m", {}, nullptr, {}};
  for (Channel& channel : client_->channels) channel.end(refused);
  ASSERT_TRUE(stream.open(""));
  auto failed = stream.next(5'000);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::auth_expired);
  EXPECT_EQ(client_->opened.size(), 2u);
}

TEST_F(PubSubStreamTest, an_event_whose_schema_cannot_be_had_ends_the_stream) {
  PubSubStream stream = make();
  ASSERT_TRUE(stream.open(""));
  WireBatch batch = batch_of(0, 1);
  batch.events[0].schema_id = "other";
  client_->channels[0].push(std::move(batch));
  auto failed = stream.next(5'000);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::forbidden);
}

TEST_F(PubSubStreamTest, silence_beyond_the_keep_alive_is_an_error) {
  PubSubStream stream = make({.silence_ms = 0});
  ASSERT_TRUE(stream.open(""));
  auto failed = stream.next(1);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, "SILENT");
}

TEST_F(PubSubStreamTest, can_be_closed_and_opened_at_any_time) {
  PubSubStream stream = make();
  stream.close();
  EXPECT_FALSE(stream.next(0));
  for (int round = 0; round < 3; ++round) ASSERT_TRUE(stream.open("p" + std::to_string(round)));
  stream.close();
}

}  // namespace
}  // namespace duet::salesforce
