#include <grpcpp/grpcpp.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "orgsim/server/org_server_test.h"
#include "pubsub_api.grpc.pb.h"

namespace orgsim {
namespace {

using eventbus::v1::FetchRequest;
using eventbus::v1::FetchResponse;
using eventbus::v1::PubSub;

/// A client's end of a Subscribe stream; every read has a deadline, so that a lost event fails instead of hanging.
class Stream {
 public:
  Stream(PubSub::Stub& stub, const std::map<std::string, std::string>& metadata, int deadline_s = 20) {
    for (const auto& [name, value] : metadata) context_.AddMetadata(name, value);
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(deadline_s));
    stream_ = stub.Subscribe(&context_);
  }
  ~Stream() {
    if (finished_) return;
    context_.TryCancel();
    stream_->Finish();
  }

  Stream& fetch(const std::string& topic, int count, eventbus::v1::ReplayPreset preset = eventbus::v1::LATEST,
                const std::string& replay_id = {}) {
    FetchRequest request;
    request.set_topic_name(topic);
    request.set_num_requested(count);
    request.set_replay_preset(preset);
    request.set_replay_id(replay_id);
    stream_->Write(request);
    return *this;
  }
  bool read(FetchResponse* response) { return stream_->Read(response); }
  void half_close() { stream_->WritesDone(); }

  /// Ends the stream; the trailer's error code without its common beginning.
  grpc::Status finish(std::string* code = nullptr) {
    FetchResponse rest;
    while (stream_->Read(&rest)) {
    }
    finished_ = true;
    const grpc::Status status = stream_->Finish();
    const auto& trailers = context_.GetServerTrailingMetadata();
    if (const auto found = trailers.find("error-code"); code != nullptr && found != trailers.end()) {
      *code = std::string(found->second.data(), found->second.size());
    }
    return status;
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<FetchRequest, FetchResponse>> stream_;
  bool finished_ = false;
};

class PubSubTest : public ServerTest {
 protected:
  static constexpr const char* kAccounts = "/data/AccountChangeEvent";

  PubSubTest()
      : stub_(PubSub::NewStub(
            grpc::CreateChannel(ready_["grpc"].get<std::string>(), grpc::InsecureChannelCredentials()))) {
    call("POST", "/orgsim/objects", {{"name", "Account"}, {"cdc", true}});
    call("POST", "/orgsim/objects", {{"name", "Contact"}, {"cdc", true}});
  }

  std::map<std::string, std::string> metadata() const {
    return {{"accesstoken", token_}, {"instanceurl", ready_["http"]}, {"tenantid", ready_["org_id"]}};
  }
  void prepare(grpc::ClientContext& context) const {
    for (const auto& [name, value] : metadata()) context.AddMetadata(name, value);
  }
  /// A stream that is known to be subscribed: the keep-alive is set short until its first answer.
  std::unique_ptr<Stream> subscribed(const std::string& topic, int count) {
    call("POST", "/orgsim/settings", {{"keep_alive_ms", 1}});
    auto stream = std::make_unique<Stream>(*stub_, metadata());
    stream->fetch(topic, count);
    FetchResponse first;
    EXPECT_TRUE(stream->read(&first));
    EXPECT_EQ(first.events_size(), 0);
    call("POST", "/orgsim/settings", {{"keep_alive_ms", 270000}});
    return stream;
  }
  /// The next response that has events.
  static FetchResponse next_events(Stream& stream) {
    FetchResponse response;
    while (stream.read(&response) && response.events_size() == 0) {
    }
    return response;
  }

  std::unique_ptr<PubSub::Stub> stub_;
};

TEST_F(PubSubTest, ACommitIsDeliveredWithItsSchema) {
  const auto stream = subscribed(kAccounts, 10);
  create("Account", {{"Name", "Acme"}});
  const FetchResponse response = next_events(*stream);
  ASSERT_EQ(response.events_size(), 1);
  EXPECT_EQ(response.pending_num_requested(), 9);
  const auto& event = response.events(0);
  EXPECT_EQ(event.replay_id().size(), 8u);
  EXPECT_EQ(response.latest_replay_id(), event.replay_id());
  EXPECT_NE(event.event().payload().find("Acme"), std::string::npos);
  EXPECT_FALSE(event.event().id().empty());

  grpc::ClientContext topic_context;
  prepare(topic_context);
  eventbus::v1::TopicRequest topic;
  topic.set_topic_name(kAccounts);
  eventbus::v1::TopicInfo info;
  ASSERT_TRUE(stub_->GetTopic(&topic_context, topic, &info).ok());
  EXPECT_EQ(info.schema_id(), event.event().schema_id());
  EXPECT_TRUE(info.can_subscribe());
  EXPECT_EQ(info.tenant_guid(), ready_["org_id"].get<std::string>());

  grpc::ClientContext schema_context;
  prepare(schema_context);
  eventbus::v1::SchemaRequest wanted;
  wanted.set_schema_id(event.event().schema_id());
  eventbus::v1::SchemaInfo schema;
  ASSERT_TRUE(stub_->GetSchema(&schema_context, wanted, &schema).ok());
  EXPECT_EQ(json::parse(schema.schema_json())["name"], "AccountChangeEvent");
}

TEST_F(PubSubTest, CreditIsHonouredAndCapped) {
  const auto stream = subscribed("/data/ChangeEvents", 3);
  for (int i = 0; i < 150; ++i) create("Account", {{"Name", "A"}});
  int events = 0;
  FetchResponse response;
  while (events < 3 && stream->read(&response)) events += response.events_size();
  EXPECT_EQ(events, 3);
  EXPECT_EQ(response.pending_num_requested(), 0);
  stream->fetch("", 500);
  events = 0;
  while (events < 100 && stream->read(&response)) {
    events += response.events_size();
    EXPECT_EQ(response.pending_num_requested(), 100 - events);
  }
  EXPECT_EQ(events, 100);
}

TEST_F(PubSubTest, ReplayGivesEverythingAfterAnIdOnce) {
  for (int i = 0; i < 5; ++i) create("Account", {{"Name", "A"}});
  Stream earliest(*stub_, metadata());
  earliest.fetch(kAccounts, 100, eventbus::v1::EARLIEST);
  std::vector<std::string> ids;
  FetchResponse response;
  while (ids.size() < 5 && earliest.read(&response)) {
    for (const auto& event : response.events()) ids.push_back(event.replay_id());
  }
  ASSERT_EQ(ids.size(), 5u);
  EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
  Stream custom(*stub_, metadata());
  custom.fetch(kAccounts, 100, eventbus::v1::CUSTOM, ids[2]);
  const FetchResponse rest = next_events(custom);
  ASSERT_EQ(rest.events_size(), 2);
  EXPECT_EQ(rest.events(0).replay_id(), ids[3]);
}

TEST_F(PubSubTest, KeepAlivesCarryANewerReplayId) {
  const auto stream = subscribed("/data/ContactChangeEvent", 5);
  create("Account", {{"Name", "of another topic"}});
  call("POST", "/orgsim/settings", {{"keep_alive_ms", 1}});
  FetchResponse response;
  ASSERT_TRUE(stream->read(&response));
  EXPECT_EQ(response.events_size(), 0);
  EXPECT_EQ(response.latest_replay_id().size(), 8u);
  EXPECT_EQ(response.pending_num_requested(), 5);
  Stream again(*stub_, metadata());
  again.fetch("/data/ContactChangeEvent", 5, eventbus::v1::CUSTOM, response.latest_replay_id());
  EXPECT_TRUE(again.read(&response));
}

TEST_F(PubSubTest, WrongRequestsEndTheStreamWithTheirCode) {
  const auto code_of = [this](const std::function<void(Stream&)>& talk, grpc::StatusCode status) {
    Stream stream(*stub_, metadata());
    talk(stream);
    std::string code = "none";
    const grpc::Status ended = stream.finish(&code);
    EXPECT_EQ(ended.error_code(), status) << ended.error_message();
    EXPECT_NE(ended.error_message().find("rpcId: "), std::string::npos);
    constexpr std::string_view kCommon = "sfdc.platform.eventbus.grpc.";
    return code.starts_with(kCommon) ? code.substr(kCommon.size()) : code;
  };
  using enum grpc::StatusCode;
  EXPECT_EQ(code_of([](Stream& s) { s.fetch("/data/NopeChangeEvent", 1); }, NOT_FOUND), "topic.not.found");
  EXPECT_EQ(code_of([](Stream& s) { s.fetch("", 1); }, INVALID_ARGUMENT), "topic.validation.empty");
  EXPECT_EQ(code_of([](Stream& s) { s.fetch(kAccounts, 0); }, INVALID_ARGUMENT),
            "subscription.fetch.requested.events.invalid");
  EXPECT_EQ(code_of([](Stream& s) { s.fetch(kAccounts, 1).fetch("/data/ChangeEvents", 1); }, INVALID_ARGUMENT),
            "subscription.fetch.topic.mismatch");
  EXPECT_EQ(code_of([](Stream& s) { s.fetch(kAccounts, 1, eventbus::v1::CUSTOM, "xyz"); }, INVALID_ARGUMENT),
            "subscription.fetch.replayid.corrupted");
  EXPECT_EQ(
      code_of([](Stream& s) { s.fetch(kAccounts, 1, eventbus::v1::CUSTOM, std::string(8, '\x7f')); }, INVALID_ARGUMENT),
      "subscription.fetch.replayid.corrupted");
  EXPECT_EQ(code_of([](Stream& s) { s.fetch(kAccounts, 1, eventbus::v1::CUSTOM); }, INVALID_ARGUMENT),
            "subscription.fetch.replayid.validation.failed");
}

TEST_F(PubSubTest, CallersWithoutASessionAreNotLetIn) {
  for (const char* name : {"accesstoken", "instanceurl", "tenantid"}) {
    for (const bool is_missing : {true, false}) {
      auto headers = metadata();
      if (is_missing) headers.erase(name);
      if (!is_missing) headers[name] = "wrong";
      Stream stream(*stub_, headers);
      stream.fetch(kAccounts, 1);
      stream.half_close();
      const bool refused = is_missing || std::string_view(name) != "instanceurl";
      EXPECT_EQ(stream.finish().error_code() == grpc::StatusCode::UNAUTHENTICATED, refused) << name << is_missing;
    }
  }
  grpc::ClientContext context;
  eventbus::v1::TopicInfo info;
  EXPECT_EQ(stub_->GetTopic(&context, {}, &info).error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(PubSubTest, ARevokedSessionEndsTheStreamAtItsNextEvent) {
  const auto stream = subscribed(kAccounts, 10);
  const std::string id = create("Account", {{"Name", "A"}});
  EXPECT_EQ(next_events(*stream).events_size(), 1);
  get("/services/oauth2/revoke?token=" + url_encode(token_));
  call("POST", "/orgsim/records/Account", {{"records", {{{"Id", id}, {"Phone", "1"}}}}});
  EXPECT_EQ(stream->finish().error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(PubSubTest, ASubscriberGetsWhatItMaySee) {
  const auto admin = subscribed("/data/ChangeEvents", 10);
  call("POST", "/orgsim/users",
       {{"username", "limited@orgsim.example"},
        {"objects", {{"Account", json::object()}}},
        {"fields", {{"Account.Phone", "hidden"}}}});
  const std::string password = ready_["password"].get<std::string>() + ready_["security_token"].get<std::string>();
  const Answer login =
      raw("POST", "/services/oauth2/token",
          "grant_type=password&username=limited%40orgsim.example&password=" + url_encode(password) +
              "&client_id=" + url_encode(ready_["client_id"]) + "&client_secret=" + url_encode(ready_["client_secret"]),
          {}, "application/x-www-form-urlencoded");
  ASSERT_EQ(login.status, 200) << login.text;
  token_ = login.body["access_token"];
  const auto limited = subscribed("/data/ChangeEvents", 10);
  call("POST", "/orgsim/records/Contact", {{"records", {{{"LastName", "unseen"}}}}});
  call("POST", "/orgsim/records/Account", {{"records", {{{"Name", "seen"}, {"Phone", "49-30-1234"}}}}});
  const FetchResponse shown = next_events(*limited);
  ASSERT_EQ(shown.events_size(), 1) << "the contact is not for this user";
  EXPECT_NE(shown.events(0).event().payload().find("seen"), std::string::npos);
  EXPECT_EQ(shown.events(0).event().payload().find("49-30-1234"), std::string::npos);
  std::string all;
  for (int seen = 0; seen < 3;) {  // the new user is an event too
    const FetchResponse more = next_events(*admin);
    ASSERT_GT(more.events_size(), 0);
    seen += more.events_size();
    for (const auto& event : more.events()) all += event.event().payload();
  }
  EXPECT_NE(all.find("unseen"), std::string::npos);
  EXPECT_NE(all.find("49-30-1234"), std::string::npos);
  Stream refused(*stub_, metadata());
  refused.fetch("/data/ContactChangeEvent", 1);
  std::string code;
  EXPECT_EQ(refused.finish(&code).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(code, "sfdc.platform.eventbus.grpc.subscription.topic.cannot.subscribe");
}

TEST_F(PubSubTest, AStreamResetVoidsSubscriptionsAndIds) {
  const auto stream = subscribed(kAccounts, 10);
  create("Account", {{"Name", "A"}});
  const std::string old_id = next_events(*stream).latest_replay_id();
  call("POST", "/orgsim/faults", {{"event", "stream_reset"}});
  std::string code;
  EXPECT_EQ(stream->finish(&code).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(code, "sfdc.platform.eventbus.grpc.subscription.fetch.replayid.corrupted");
  Stream again(*stub_, metadata());
  again.fetch(kAccounts, 1, eventbus::v1::CUSTOM, old_id);
  EXPECT_EQ(again.finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(PubSubTest, FaultsCutTheStreamWithAnyStatus) {
  call("POST", "/orgsim/faults",
       {{"method", "GRPC"},
        {"path_prefix", "/eventbus.v1.PubSub/Deliver"},
        {"count", 1},
        {"action", "status"},
        {"status", 14}});
  const auto stream = subscribed(kAccounts, 10);
  create("Account", {{"Name", "A"}});
  EXPECT_EQ(stream->finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(PubSubTest, LostDoubledAndGapEvents) {
  const auto stream = subscribed(kAccounts, 10);
  call("POST", "/orgsim/faults", {{"event", "drop"}, {"object", "Account"}, {"ordinal", 1}});
  call("POST", "/orgsim/faults", {{"event", "duplicate"}, {"object", "Account"}, {"ordinal", 2}});
  create("Account", {{"Name", "lost"}});
  create("Account", {{"Name", "doubled"}});
  std::vector<eventbus::v1::ConsumerEvent> events;
  FetchResponse response;
  while (events.size() < 2 && stream->read(&response)) {
    events.insert(events.end(), response.events().begin(), response.events().end());
  }
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].event().id(), events[1].event().id());
  EXPECT_NE(events[0].replay_id(), events[1].replay_id());
  EXPECT_NE(events[0].event().payload().find("doubled"), std::string::npos);
}

TEST_F(PubSubTest, TlsIsTrustedThroughTheCaFile) {
  std::stringstream ca;
  ca << std::ifstream(ready_["ca_file"].get<std::string>()).rdbuf();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = ca.str();
  const auto stub =
      PubSub::NewStub(grpc::CreateChannel(ready_["grpc_tls"].get<std::string>(), grpc::SslCredentials(options)));
  create("Account", {{"Name", "A"}});
  Stream stream(*stub, metadata());
  stream.fetch(kAccounts, 5, eventbus::v1::EARLIEST);
  EXPECT_EQ(next_events(stream).events_size(), 1);
}

TEST_F(PubSubTest, AHalfClosedStreamEndsWell) {
  const auto stream = subscribed(kAccounts, 5);
  stream->half_close();
  EXPECT_TRUE(stream->finish().ok());
}

TEST_F(PubSubTest, AStoppingServerEndsItsStreams) {
  const auto stream = subscribed(kAccounts, 5);
  std::thread stopping([this] { server_.reset(); });
  EXPECT_FALSE(stream->finish().ok());
  stopping.join();
}

}  // namespace
}  // namespace orgsim
