#include "orgsim/server/pubsub_service.h"

#include <fmt/format.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "orgsim/core/event_schema.h"
#include "orgsim/server/pubsub_error.h"
#include "orgsim/server/pubsub_managed.h"
#include "orgsim/server/pubsub_publish.h"
#include "orgsim/server/pubsub_subscription.h"
#include "pubsub_api.grpc.pb.h"

namespace orgsim {
namespace {

using Metadata = std::multimap<grpc::string_ref, grpc::string_ref>;

constexpr int kMessageBytesMax = 4 << 20;
constexpr int kThreadsMax = 256;
constexpr std::chrono::milliseconds kShutdownGrace{500};

std::string metadata_value(const Metadata& metadata, const char* name) {
  const auto found = metadata.find(name);
  return found == metadata.end() ? std::string{} : std::string(found->second.data(), found->second.size());
}

/// Why the caller is not let in, or nothing (spec §4.1: accesstoken, instanceurl and tenantid on every call).
std::optional<PubSubError> refuse_caller(PubSubEnvironment& environment, const Metadata& metadata) {
  const std::string token = metadata_value(metadata, "accesstoken");
  const std::string tenant = metadata_value(metadata, "tenantid");
  if (token.empty() || tenant.empty() || metadata_value(metadata, "instanceurl").empty()) {
    return PubSubError{grpc::StatusCode::UNAUTHENTICATED, "service.auth.headers.invalid",
                       "An authentication header is missing."};
  }
  constexpr std::size_t kIdLength = 15;
  const std::string organization = environment.host.access()->organization_id();
  const bool is_own = tenant.size() >= kIdLength && tenant.substr(0, kIdLength) == organization.substr(0, kIdLength);
  if (!is_own || !environment.sessions.touch(token, wall_clock_ms())) {
    return PubSubError{grpc::StatusCode::UNAUTHENTICATED, "service.auth.error",
                       "An authentication exception occurred. Provide valid authentication headers."};
  }
  return std::nullopt;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::shared_ptr<grpc::ServerCredentials> make_credentials(const PubSubServer::Listener& listener) {
  if (listener.certificate_file.empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions options;
  options.pem_key_cert_pairs.push_back({read_file(listener.key_file), read_file(listener.certificate_file)});
  return grpc::SslServerCredentials(options);
}

using eventbus::v1::PubSub;
using StreamingService = PubSub::WithCallbackMethod_Subscribe<
    PubSub::WithCallbackMethod_ManagedSubscribe<PubSub::WithCallbackMethod_PublishStream<PubSub::Service>>>;

/// Streams are served by reactors, which delete themselves when gRPC is done with them.
class Service final : public StreamingService {
 public:
  explicit Service(PubSubEnvironment& environment) : environment_(environment) {}

  grpc::ServerBidiReactor<eventbus::v1::FetchRequest, eventbus::v1::FetchResponse>* Subscribe(
      grpc::CallbackServerContext* context) override {
    note("pubsub_subscribe", "Subscribe");
    return new Subscription(environment_, *context, token_of(*context), refuse_stream(*context));
  }

  grpc::ServerBidiReactor<eventbus::v1::ManagedFetchRequest, eventbus::v1::ManagedFetchResponse>* ManagedSubscribe(
      grpc::CallbackServerContext* context) override {
    note("pubsub_managed_subscribe", "ManagedSubscribe");
    return new ManagedStream(environment_, *context, token_of(*context), refuse_stream(*context));
  }

  grpc::ServerBidiReactor<eventbus::v1::PublishRequest, eventbus::v1::PublishResponse>* PublishStream(
      grpc::CallbackServerContext* context) override {
    note("pubsub_publish_stream", "PublishStream");
    return new orgsim::PublishStream(environment_, *context, token_of(*context), refuse_stream(*context));
  }

  grpc::Status Publish(grpc::ServerContext* context, const eventbus::v1::PublishRequest* request,
                       eventbus::v1::PublishResponse* reply) override {
    note("pubsub_publish", "Publish");
    if (auto error = refuse_caller(environment_, context->client_metadata())) return fail_call(*context, *error);
    const std::string token = metadata_value(context->client_metadata(), "accesstoken");
    if (auto error = publish_events(environment_, *request, token, "Publish", next_rpc_id(), *reply)) {
      return fail_call(*context, *error);
    }
    return grpc::Status::OK;
  }

  grpc::Status GetTopic(grpc::ServerContext* context, const eventbus::v1::TopicRequest* request,
                        eventbus::v1::TopicInfo* reply) override {
    note("pubsub_get_topic", "GetTopic");
    if (auto error = refuse(*context, "GetTopic")) return fail_call(*context, *error);
    const OrgHost::Access org = environment_.host.access();
    if (!org->topic_exists(request->topic_name())) {
      return fail_call(*context, {grpc::StatusCode::NOT_FOUND, "topic.not.found",
                                  fmt::format("The topic {} was not found.", request->topic_name())});
    }
    reply->set_topic_name(request->topic_name());
    reply->set_tenant_guid(org->organization_id());
    reply->set_can_publish(org->can_publish(request->topic_name()));
    reply->set_can_subscribe(true);
    if (const auto schema = org->topic_schema(request->topic_name())) {
      const auto user =
          environment_.sessions.touch(metadata_value(context->client_metadata(), "accesstoken"), wall_clock_ms());
      reply->set_can_subscribe(user && org->may_subscribe(*user, schema->entity));
      reply->set_schema_id(schema->id);
    }
    reply->set_rpc_id(next_rpc_id());
    return grpc::Status::OK;
  }

  grpc::Status GetSchema(grpc::ServerContext* context, const eventbus::v1::SchemaRequest* request,
                         eventbus::v1::SchemaInfo* reply) override {
    note("pubsub_get_schema", "GetSchema");
    if (auto error = refuse(*context, "GetSchema")) return fail_call(*context, *error);
    const OrgHost::Access org = environment_.host.access();
    const auto schema = org->event_schema(request->schema_id());
    if (schema == nullptr) {
      return fail_call(*context, {grpc::StatusCode::NOT_FOUND, "schema.validation.failed",
                                  fmt::format("There is no schema {}.", request->schema_id())});
    }
    reply->set_schema_id(schema->id);
    reply->set_schema_json(schema->json);
    reply->set_rpc_id(next_rpc_id());
    return grpc::Status::OK;
  }

 private:
  void note(std::string_view kind, std::string_view call) {
    environment_.usage.count_free(kind);
    environment_.calls.add("GRPC", fmt::format("/eventbus.v1.PubSub/{}", call), 0, 0, wall_clock_ms());
  }

  static std::string token_of(const grpc::CallbackServerContext& context) {
    return metadata_value(context.client_metadata(), "accesstoken");
  }

  std::optional<PubSubError> refuse_stream(const grpc::CallbackServerContext& context) {
    std::optional<PubSubError> refused = refuse_caller(environment_, context.client_metadata());
    if (!refused && environment_.streams >= PubSubServer::kStreamsMax) {
      refused = PubSubError{grpc::StatusCode::RESOURCE_EXHAUSTED, "concurrent.client.limit.exceeded",
                            "There are too many concurrent streams."};
    }
    return refused;
  }

  std::optional<PubSubError> refuse(const grpc::ServerContext& context, std::string_view call) {
    if (auto error = refuse_caller(environment_, context.client_metadata())) return error;
    const auto fault = environment_.faults.decide_grpc(fmt::format("/eventbus.v1.PubSub/{}", call), "");
    if (!fault || fault->action == FaultAction::delay) return std::nullopt;
    return fault_error(*fault);
  }

  grpc::Status fail_call(grpc::ServerContext& context, const PubSubError& error) {
    context.AddTrailingMetadata(kErrorCodeTrailer, error.trailer());
    return error.grpc_status(next_rpc_id());
  }

  std::string next_rpc_id() { return fmt::format("orgsim-{}", environment_.next_rpc++); }

  PubSubEnvironment& environment_;
};

}  // namespace

class PubSubServer::Impl {
 public:
  explicit Impl(PubSubEnvironment& environment) : service_(environment) {}
  ~Impl() { stop(); }

  int listen(const Listener& listener) {
    grpc::ServerBuilder builder;
    grpc::ResourceQuota quota("orgsim");
    quota.SetMaxThreads(kThreadsMax);
    builder.SetResourceQuota(quota);
    builder.SetMaxReceiveMessageSize(kMessageBytesMax);
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    // A client may keep an idle stream alive with pings of its own.
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
    int port = 0;
    const bool v6 = listener.host.find(':') != std::string::npos;
    builder.AddListeningPort(fmt::format(fmt::runtime(v6 ? "[{}]:{}" : "{}:{}"), listener.host, listener.port),
                             make_credentials(listener), &port);
    builder.RegisterService(&service_);
    std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    if (server == nullptr || port <= 0) {
      throw std::runtime_error(fmt::format("cannot listen on {}:{} for gRPC", listener.host, listener.port));
    }
    servers_.push_back(std::move(server));
    return port;
  }

  void stop() {
    for (auto& server : servers_) server->Shutdown(std::chrono::system_clock::now() + kShutdownGrace);
    for (auto& server : servers_) server->Wait();
    servers_.clear();
  }

 private:
  Service service_;
  std::vector<std::unique_ptr<grpc::Server>> servers_;
};

PubSubServer::PubSubServer(PubSubEnvironment& environment) : impl_(std::make_unique<Impl>(environment)) {}
PubSubServer::~PubSubServer() = default;
int PubSubServer::listen(const Listener& listener) { return impl_->listen(listener); }
void PubSubServer::stop() { impl_->stop(); }

}  // namespace orgsim
