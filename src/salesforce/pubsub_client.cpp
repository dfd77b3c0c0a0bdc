#include "salesforce/pubsub_client.h"

#include <chrono>
#include <fstream>
#include <iterator>
#include <mutex>

#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>

#include "base/logging.h"
#include "pubsub_api.grpc.pb.h"
#include "salesforce/address.h"
#include "salesforce/pubsub_error.h"

namespace duet::salesforce {
namespace {

namespace wire = eventbus::v1;

constexpr auto kCallTimeout = std::chrono::seconds(10);
constexpr int kMaxMessageBytes = 64 * 1024 * 1024;
/// Servers count more frequent pings as abuse; what is broken shows sooner by unacknowledged data.
constexpr int kPingIntervalMs = 300'000;
constexpr int kPingTimeoutMs = 20'000;
constexpr int kMaxReconnectWaitMs = 10'000;
constexpr const char* kSystemCertificates = "/etc/ssl/certs/ca-certificates.crt";

/// The library's own lines, which it would print to standard error. What matters in them comes back as a status too.
void take_library_log() {
  static std::once_flag once;
  std::call_once(once, [] {
    gpr_set_log_function([](gpr_log_func_args* line) { log(LogLevel::debug, "grpc", {{"text", line->message}}); });
  });
}

Error error_of(const grpc::Status& status, const grpc::ClientContext& context) {
  std::string code;
  const auto& trailers = context.GetServerTrailingMetadata();
  if (auto found = trailers.find("error-code"); found != trailers.end())
    code.assign(found->second.data(), found->second.size());
  return pubsub_error(static_cast<int>(status.error_code()), code, status.error_message());
}

void authorize(grpc::ClientContext& context, const Login& login) {
  context.AddMetadata("accesstoken", login.access_token);
  context.AddMetadata("instanceurl", login.instance_url);
  context.AddMetadata("tenantid", login.org_id);
}

class GrpcSubscription final : public Subscription {
 public:
  GrpcSubscription(wire::PubSub::Stub& stub, const Login& login, const std::string& topic, const std::string& replay_id)
      : generation_(login.generation) {
    authorize(context_, login);
    first_.set_topic_name(topic);
    first_.set_replay_preset(replay_id.empty() ? wire::LATEST : wire::CUSTOM);
    first_.set_replay_id(replay_id);
    // The first request carries the metadata: nothing blocks before cancel() can end it.
    context_.set_initial_metadata_corked(true);
    stream_ = stub.Subscribe(&context_);
  }

  bool request(int events) override {
    wire::FetchRequest request;
    request.Swap(&first_);  // later requests carry only the credit
    request.set_num_requested(events);
    return stream_->Write(request);
  }

  bool read(WireBatch& batch) override {
    wire::FetchResponse response;
    if (!stream_->Read(&response)) return false;
    batch.latest_replay_id = std::move(*response.mutable_latest_replay_id());
    batch.events.clear();
    batch.events.reserve(static_cast<std::size_t>(response.events_size()));
    for (wire::ConsumerEvent& event : *response.mutable_events()) {
      wire::ProducerEvent& body = *event.mutable_event();
      batch.events.push_back({std::move(*event.mutable_replay_id()), std::move(*body.mutable_id()),
                              std::move(*body.mutable_schema_id()), std::move(*body.mutable_payload())});
    }
    return true;
  }

  Error finish() override {
    grpc::Status status = stream_->Finish();
    return error_of(status, context_);
  }

  void cancel() override { context_.TryCancel(); }
  std::uint64_t login_generation() const override { return generation_; }

 private:
  const std::uint64_t generation_;
  grpc::ClientContext context_;
  wire::FetchRequest first_;
  std::unique_ptr<grpc::ClientReaderWriter<wire::FetchRequest, wire::FetchResponse>> stream_;
};

class GrpcPubSubClient final : public PubSubClient {
 public:
  GrpcPubSubClient(std::shared_ptr<Session> session, const std::shared_ptr<grpc::Channel>& channel)
      : session_(std::move(session)), stub_(wire::PubSub::NewStub(channel)) {}

  Result<bool> can_subscribe(const std::string& topic) override {
    wire::TopicRequest request;
    request.set_topic_name(topic);
    wire::TopicInfo info;
    DUET_TRY(unary([&](grpc::ClientContext& context) { return stub_->GetTopic(&context, request, &info); }));
    return info.can_subscribe();
  }

  Result<std::string> schema(const std::string& schema_id) override {
    wire::SchemaRequest request;
    request.set_schema_id(schema_id);
    wire::SchemaInfo info;
    DUET_TRY(unary([&](grpc::ClientContext& context) { return stub_->GetSchema(&context, request, &info); }));
    return std::move(*info.mutable_schema_json());
  }

  Result<std::unique_ptr<Subscription>> subscribe(const std::string& topic, const std::string& replay_id) override {
    auto login = DUET_TRY(login_with_org());
    return std::make_unique<GrpcSubscription>(*stub_, *login, topic, replay_id);
  }

 private:
  Result<std::shared_ptr<const Login>> login_with_org() {
    auto login = DUET_TRY(session_->login());
    if (login->org_id.empty()) return fail(ErrorKind::bad_data, "The login answer does not name the org", "LOGIN");
    return login;
  }

  /// One call, with a renewed token where the first was refused.
  template <class Call>
  Result<void> unary(Call call) {
    auto login = login_with_org();
    for (int round = 0;; ++round) {
      if (!login) return std::unexpected(std::move(login).error());
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + kCallTimeout);
      authorize(context, **login);
      grpc::Status status = call(context);
      if (status.ok()) return {};
      Error error = error_of(status, context);
      if (error.kind != ErrorKind::auth_expired || round > 0) return std::unexpected(std::move(error));
      login = session_->renew((*login)->generation);
    }
  }

  std::shared_ptr<Session> session_;
  std::unique_ptr<wire::PubSub::Stub> stub_;
};

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file && text.empty())
    return fail(ErrorKind::config, "The certificates of ca_file cannot be read", "CA_FILE", path);
  return text;
}

Result<std::shared_ptr<grpc::ChannelCredentials>> credentials(const ConnectionSettings& settings) {
  if (settings.pubsub_plaintext) {
    Origin endpoint = DUET_TRY(parse_origin("http://" + settings.pubsub));
    if (!is_loopback(endpoint.host)) {
      return fail(ErrorKind::config,
                  "The event stream is only spoken without TLS to this machine itself: remove the plaintext setting",
                  "PUBSUB", settings.pubsub);
    }
    return grpc::InsecureChannelCredentials();
  }
  grpc::SslCredentialsOptions options;
  if (!settings.ca_file.empty()) {
    options.pem_root_certs = DUET_TRY(read_file(settings.ca_file));
    if (auto system = read_file(kSystemCertificates)) options.pem_root_certs += "\n" + *system;
  }
  return grpc::SslCredentials(options);
}

}  // namespace

Result<std::shared_ptr<PubSubClient>> make_pubsub_client(std::shared_ptr<Session> session) {
  take_library_log();
  const ConnectionSettings& settings = session->settings();
  auto channel_credentials = DUET_TRY(credentials(settings));
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kPingIntervalMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingTimeoutMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kMaxReconnectWaitMs);
  auto channel = grpc::CreateCustomChannel(settings.pubsub, channel_credentials, arguments);
  return std::make_shared<GrpcPubSubClient>(std::move(session), channel);
}

}  // namespace duet::salesforce
