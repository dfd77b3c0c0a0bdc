#include <grpcpp/grpcpp.h>

#include <chrono>

#include "orgsim/server/org_server_test.h"
#include "pubsub_api.grpc.pb.h"

namespace orgsim {
namespace {

using eventbus::v1::ManagedFetchRequest;
using eventbus::v1::ManagedFetchResponse;
using eventbus::v1::PublishRequest;
using eventbus::v1::PublishResponse;
using eventbus::v1::PubSub;

constexpr const char* kTopic = "/event/Sample__e";

/// CreatedDate 0, CreatedById "005", Message__c: small enough to be written by hand.
std::string payload(const std::string& message) {
  std::string out = std::string("\x00\x06", 2) + "005\x02";
  out.push_back(static_cast<char>(message.size() * 2));
  return out + message;
}

class PublishTest : public ServerTest {
 protected:
  PublishTest()
      : stub_(PubSub::NewStub(
            grpc::CreateChannel(ready_["grpc"].get<std::string>(), grpc::InsecureChannelCredentials()))) {
    call("POST", "/orgsim/objects",
         json::parse(R"({"name":"Sample__e","fields":[{"name":"Message__c","length":255}]})"));
    grpc::ClientContext context;
    prepare(context);
    eventbus::v1::TopicRequest request;
    request.set_topic_name(kTopic);
    EXPECT_TRUE(stub_->GetTopic(&context, request, &topic_).ok());
  }

  void prepare(grpc::ClientContext& context) const {
    context.AddMetadata("accesstoken", token_);
    context.AddMetadata("instanceurl", ready_["http"]);
    context.AddMetadata("tenantid", ready_["org_id"]);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
  }
  PublishRequest request(const std::vector<std::string>& payloads, const std::string& topic = kTopic) const {
    PublishRequest out;
    out.set_topic_name(topic);
    for (const std::string& bytes : payloads) {
      auto& event = *out.add_events();
      event.set_id("id-" + std::to_string(out.events_size()));
      event.set_schema_id(topic_.schema_id());
      event.set_payload(bytes);
    }
    return out;
  }
  /// The trailer's error code without its common beginning; "" when the call went well.
  std::string publish(const PublishRequest& in, PublishResponse* out, grpc::StatusCode* status = nullptr) {
    grpc::ClientContext context;
    prepare(context);
    const grpc::Status ended = stub_->Publish(&context, in, out);
    if (status != nullptr) *status = ended.error_code();
    return code_of(context);
  }
  static std::string code_of(const grpc::ClientContext& context) {
    const auto found = context.GetServerTrailingMetadata().find("error-code");
    if (found == context.GetServerTrailingMetadata().end()) return {};
    return std::string(found->second.data(), found->second.size()).substr(28);
  }
  /// The messages on the topic from the beginning.
  std::vector<std::string> messages(int count) {
    grpc::ClientContext context;
    prepare(context);
    const auto stream = stub_->Subscribe(&context);
    eventbus::v1::FetchRequest fetch;
    fetch.set_topic_name(kTopic);
    fetch.set_num_requested(100);
    fetch.set_replay_preset(eventbus::v1::EARLIEST);
    stream->Write(fetch);
    std::vector<std::string> out;
    eventbus::v1::FetchResponse response;
    while (static_cast<int>(out.size()) < count && stream->Read(&response)) {
      for (const auto& event : response.events()) out.push_back(event.event().payload().substr(7));
    }
    context.TryCancel();
    stream->Finish();
    return out;
  }
  std::string managed(const json& definition) { return call("POST", "/orgsim/subscriptions", definition).body["Id"]; }

  std::unique_ptr<PubSub::Stub> stub_;
  eventbus::v1::TopicInfo topic_;
};

TEST_F(PublishTest, ATopicOfAPlatformEventTakesEvents) {
  EXPECT_TRUE(topic_.can_publish());
  EXPECT_TRUE(topic_.can_subscribe());
  PublishResponse response;
  ASSERT_EQ(publish(request({payload("one"), "nonsense", payload("two")}), &response), "");
  ASSERT_EQ(response.results_size(), 3);
  EXPECT_EQ(response.schema_id(), topic_.schema_id());
  EXPECT_EQ(response.results(0).replay_id().size(), 8U);
  EXPECT_EQ(response.results(0).correlation_key(), "id-1");
  EXPECT_FALSE(response.results(0).has_error());
  EXPECT_EQ(response.results(1).error().code(), eventbus::v1::PUBLISH);
  EXPECT_TRUE(response.results(1).replay_id().empty());
  EXPECT_LT(response.results(0).replay_id(), response.results(2).replay_id());
  EXPECT_EQ(messages(2), (std::vector<std::string>{"one", "two"}));
}

TEST_F(PublishTest, WrongPublishesNameTheirError) {
  PublishResponse response;
  grpc::StatusCode status{};
  EXPECT_EQ(publish(request({}), &response), "publish.event.count.invalid");
  EXPECT_EQ(publish(request({payload("a")}, ""), &response), "publish.topic.validation.empty");
  EXPECT_EQ(publish(request({payload("a")}, "/event/Nope__e"), &response, &status), "topic.not.found");
  EXPECT_EQ(status, grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(publish(request({payload("a")}, "/data/ChangeEvents"), &response, &status), "topic.meta.permission");
  EXPECT_EQ(status, grpc::StatusCode::PERMISSION_DENIED);
  get("/services/oauth2/revoke?token=" + url_encode(token_));
  EXPECT_EQ(publish(request({payload("a")}), &response, &status), "service.auth.error");
  EXPECT_EQ(status, grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(PublishTest, TheHourlyLimitRefusesEventByEvent) {
  call("POST", "/orgsim/settings", {{"hourly_publish_limit", 3}});
  EXPECT_EQ(get("limits").body["HourlyPublishedPlatformEvents"], (json{{"Max", 3}, {"Remaining", 3}}));
  EXPECT_EQ(call("POST", "sobjects/Sample__e", {{"Message__c", "row"}}).status, 201);
  PublishResponse response;
  EXPECT_EQ(publish(request({payload("a"), payload("b"), payload("c")}), &response), "");
  ASSERT_EQ(response.results_size(), 3);
  EXPECT_FALSE(response.results(1).has_error());
  EXPECT_EQ(response.results(2).error().code(), eventbus::v1::PUBLISH);
  EXPECT_TRUE(response.results(2).error().msg().starts_with("LIMIT_EXCEEDED")) << response.results(2).error().msg();
  EXPECT_EQ(response.results(2).correlation_key(), "id-3");
  EXPECT_EQ(get("limits").body["HourlyPublishedPlatformEvents"], (json{{"Max", 3}, {"Remaining", 0}}));
  EXPECT_EQ(call("POST", "sobjects/Sample__e", {{"Message__c", "late"}}).error_code(), "LIMIT_EXCEEDED");
  call("POST", "/orgsim/settings", {{"hourly_publish_limit", 0}});
  EXPECT_EQ(publish(request({payload("d")}), &response), "");
  const std::vector<std::string> published = messages(4);
  EXPECT_TRUE(published[0].ends_with("row"));
  EXPECT_EQ((std::vector<std::string>{published.begin() + 1, published.end()}),
            (std::vector<std::string>{"a", "b", "d"}));
}

TEST_F(PublishTest, ALostReplyHasPublished) {
  call("POST", "/orgsim/faults",
       {{"method", "GRPC"},
        {"path_prefix", "/eventbus.v1.PubSub/Publish"},
        {"count", 1},
        {"action", "commit_then_drop"}});
  PublishResponse response;
  grpc::StatusCode status{};
  publish(request({payload("once")}), &response, &status);
  EXPECT_EQ(status, grpc::StatusCode::UNAVAILABLE);
  publish(request({payload("twice")}), &response, &status);
  EXPECT_EQ(status, grpc::StatusCode::OK);
  EXPECT_EQ(messages(2), (std::vector<std::string>{"once", "twice"}));
}

TEST_F(PublishTest, AStreamPublishesInOrderAndEndsWhenIdle) {
  grpc::ClientContext context;
  prepare(context);
  const auto stream = stub_->PublishStream(&context);
  PublishResponse response;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(stream->Write(request({payload(std::to_string(i))})));
    ASSERT_TRUE(stream->Read(&response));
    ASSERT_EQ(response.results_size(), 1);
    EXPECT_FALSE(response.results(0).has_error());
  }
  EXPECT_EQ(messages(5), (std::vector<std::string>{"0", "1", "2", "3", "4"}));
  call("POST", "/orgsim/settings", {{"publish_stream_idle_ms", 50}});
  EXPECT_FALSE(stream->Read(&response));
  stream->Finish();
  EXPECT_EQ(code_of(context), "publish.stream.sweeper.timeout");
}

TEST_F(PublishTest, AStreamKeepsToItsTopic) {
  call("POST", "/orgsim/objects", {{"name", "Other__e"}});
  grpc::ClientContext context;
  prepare(context);
  const auto stream = stub_->PublishStream(&context);
  PublishResponse response;
  stream->Write(request({payload("a")}));
  ASSERT_TRUE(stream->Read(&response));
  stream->Write(request({payload("b")}, "/event/Other__e"));
  EXPECT_FALSE(stream->Read(&response));
  stream->Finish();
  EXPECT_EQ(code_of(context), "publish.topic.mismatch");
  grpc::ClientContext half_closed;
  prepare(half_closed);
  const auto other = stub_->PublishStream(&half_closed);
  other->WritesDone();
  EXPECT_TRUE(other->Finish().ok());
}

TEST_F(PublishTest, AManagedSubscriptionGoesOnWhereItWasCommitted) {
  const std::string id = managed({{"developerName", "Mine"}, {"topicName", kTopic}, {"defaultReplay", "EARLIEST"}});
  PublishResponse published;
  publish(request({payload("one"), payload("two"), payload("three")}), &published);
  const auto read = [&](bool commit_second) {
    grpc::ClientContext context;
    prepare(context);
    const auto stream = stub_->ManagedSubscribe(&context);
    ManagedFetchRequest fetch;
    fetch.set_developer_name("Mine");
    fetch.set_num_requested(10);
    stream->Write(fetch);
    std::vector<std::string> out;
    ManagedFetchResponse response;
    while ((out.empty() || out.back() != "three") && stream->Read(&response)) {
      EXPECT_EQ(response.latest_replay_id().size(), 8U);
      for (const auto& event : response.events()) out.push_back(event.event().payload().substr(7));
    }
    if (commit_second) {
      ManagedFetchRequest commit;
      commit.mutable_commit_replay_id_request()->set_commit_request_id("c-1");
      commit.mutable_commit_replay_id_request()->set_replay_id(published.results(1).replay_id());
      stream->Write(commit);
      EXPECT_TRUE(stream->Read(&response));
      EXPECT_EQ(response.commit_response().commit_request_id(), "c-1");
      EXPECT_FALSE(response.commit_response().has_error());
      EXPECT_EQ(response.latest_replay_id().size(), 8U);
      commit.mutable_commit_replay_id_request()->set_replay_id("bad");
      stream->Write(commit);
      EXPECT_TRUE(stream->Read(&response));
      EXPECT_EQ(response.commit_response().error().code(), eventbus::v1::COMMIT);
    }
    stream->WritesDone();
    EXPECT_TRUE(stream->Finish().ok());
    return out;
  };
  EXPECT_EQ(read(true), (std::vector<std::string>{"one", "two", "three"}));
  EXPECT_EQ(read(false), (std::vector<std::string>{"three"}));
  const Answer record = get("tooling/query/?q=" + url_encode("SELECT Id, DeveloperName, Metadata FROM "
                                                             "ManagedEventSubscription WHERE Id='" +
                                                             id + "' LIMIT 1"));
  EXPECT_EQ(record.body["size"], 1);
  EXPECT_EQ(record.body["records"][0]["Metadata"]["topicName"], kTopic);
  EXPECT_EQ(get("tooling/query?q=" + url_encode("SELECT Id FROM ManagedEventSubscription WHERE DeveloperName='No'"))
                .body["size"],
            0);
  EXPECT_EQ(get("tooling/query?q=" + url_encode("SELECT Id FROM SandboxProcess")).error_code(), "INVALID_TYPE");
}

TEST_F(PublishTest, ManagedStreamsEndWithTheirErrors) {
  managed({{"developerName", "Stopped"}, {"topicName", kTopic}, {"state", "STOP"}});
  managed({{"developerName", "Running"}, {"topicName", kTopic}});
  const auto code = [this](const std::string& id, const std::string& name, int count) {
    grpc::ClientContext context;
    prepare(context);
    const auto stream = stub_->ManagedSubscribe(&context);
    ManagedFetchRequest fetch;
    fetch.set_subscription_id(id);
    fetch.set_developer_name(name);
    fetch.set_num_requested(count);
    stream->Write(fetch);
    ManagedFetchResponse response;
    EXPECT_FALSE(stream->Read(&response));
    stream->Finish();
    return code_of(context);
  };
  EXPECT_EQ(code("", "", 1), "managed.subscription.id.or.developer.name.empty");
  EXPECT_EQ(code("nonsense", "", 1), "managed.subscription.subscription.id.invalid");
  EXPECT_EQ(code("18x000000000000", "", 1), "managed.subscription.subscription.id.not.found");
  EXPECT_EQ(code("", "Nobody", 1), "managed.subscription.developer.name.not.found");
  EXPECT_EQ(code("", "Stopped", 1), "managed.subscription.config.stopped");
  EXPECT_EQ(code("", "Running", 0), "managed.subscription.fetch.request.events.invalid");

  call("POST", "/orgsim/settings", {{"keep_alive_ms", 1}});
  grpc::ClientContext context;
  prepare(context);
  const auto stream = stub_->ManagedSubscribe(&context);
  ManagedFetchRequest fetch;
  fetch.set_developer_name("Running");
  fetch.set_num_requested(1);
  stream->Write(fetch);
  ManagedFetchResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(code("", "Running", 1), "managed.subscription.already.active");
  call("DELETE", "/orgsim/subscriptions/Running");
  while (stream->Read(&response)) {
  }
  stream->Finish();
  EXPECT_EQ(code_of(context), "managed.subscription.config.deleted");
}

TEST_F(PublishTest, TheDeliveryLimitEndsSubscriptions) {
  call("POST", "/orgsim/settings", {{"daily_event_limit", 2}});
  PublishResponse published;
  publish(request({payload("one"), payload("two"), payload("three")}), &published);
  grpc::ClientContext context;
  prepare(context);
  const auto stream = stub_->Subscribe(&context);
  eventbus::v1::FetchRequest fetch;
  fetch.set_topic_name(kTopic);
  fetch.set_num_requested(10);
  fetch.set_replay_preset(eventbus::v1::EARLIEST);
  stream->Write(fetch);
  eventbus::v1::FetchResponse response;
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.events_size(), 2);
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(code_of(context), "subscription.limit.exceeded");
  EXPECT_EQ(get("limits").body["DailyDeliveredPlatformEvents"]["Remaining"], 0);
}

TEST_F(PublishTest, ASubscriptionThatLagsBehindTheRetentionEnds) {
  PublishResponse published;
  publish(request({payload("one"), payload("two")}), &published);
  grpc::ClientContext context;
  prepare(context);
  const auto stream = stub_->Subscribe(&context);
  eventbus::v1::FetchRequest fetch;
  fetch.set_topic_name(kTopic);
  fetch.set_num_requested(1);
  fetch.set_replay_preset(eventbus::v1::EARLIEST);
  stream->Write(fetch);
  eventbus::v1::FetchResponse response;
  ASSERT_TRUE(stream->Read(&response));
  call("POST", "/orgsim/faults", {{"event", "expire"}});
  stream->Write(fetch);
  EXPECT_FALSE(stream->Read(&response));
  stream->Finish();
  EXPECT_EQ(code_of(context), "subscription.fetch.replayid.corrupted");
}

TEST_F(PublishTest, ARowOfAnEventObjectIsPublished) {
  const Answer answer = call("POST", "sobjects/Sample__e", {{"Message__c", "by REST"}});
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.body["errors"][0]["statusCode"], "OPERATION_ENQUEUED");
  EXPECT_EQ(messages(1).at(0).substr(messages(1).at(0).size() - 7), "by REST");
  EXPECT_EQ(get("sobjects/Sample__e/describe").body["queryable"], false);
}

}  // namespace
}  // namespace orgsim
