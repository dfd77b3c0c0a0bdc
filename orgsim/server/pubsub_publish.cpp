#include "orgsim/server/pubsub_publish.h"

#include <fmt/format.h>

#include "orgsim/core/avro_event.h"
#include "orgsim/server/pubsub_stream.h"

namespace orgsim {
namespace {

using grpc::StatusCode;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

std::optional<PubSubError> check_request(const Org& org, const eventbus::v1::PublishRequest& request) {
  const std::string& topic = request.topic_name();
  if (topic.empty()) {
    return PubSubError{StatusCode::INVALID_ARGUMENT, "publish.topic.validation.empty", "The topic name is empty."};
  }
  if (!org.topic_exists(topic)) {
    return PubSubError{StatusCode::NOT_FOUND, "topic.not.found", fmt::format("The topic {} was not found.", topic)};
  }
  if (!org.can_publish(topic)) {
    return PubSubError{StatusCode::PERMISSION_DENIED, "topic.meta.permission",
                       fmt::format("Events cannot be published to {}.", topic)};
  }
  if (request.events().empty()) {
    return PubSubError{StatusCode::INVALID_ARGUMENT, "publish.event.count.invalid",
                       "A publish request needs at least one event."};
  }
  return std::nullopt;
}

}  // namespace

std::optional<PubSubError> publish_events(PubSubEnvironment& environment, const eventbus::v1::PublishRequest& request,
                                          const std::string& token, std::string_view call, std::string rpc_id,
                                          eventbus::v1::PublishResponse& response) {
  const std::optional<std::string> user = environment.sessions.touch(token, wall_clock_ms());
  if (!user) return PubSubError{StatusCode::UNAUTHENTICATED, "service.auth.error", "The session has expired."};
  std::string entity;
  {
    const OrgHost::Access org = environment.host.access();
    if (auto error = check_request(*org, request)) return error;
    entity = topic_entity(request.topic_name(), *org);
  }
  const auto fault = environment.faults.decide_grpc(fmt::format("/eventbus.v1.PubSub/{}", call), entity);
  const bool fails = fault && fault->action != FaultAction::delay;
  if (fails && fault->action != FaultAction::commit_then_drop) return fault_error(*fault);

  OrgHost::Access org = environment.host.access();
  Writer writer;
  writer.user_id = *user;
  for (const eventbus::v1::ProducerEvent& event : request.events()) {
    eventbus::v1::PublishResult& result = *response.add_results();
    result.set_correlation_key(event.id());
    const Outcome<std::uint64_t> replay_id = org->publish(
        request.topic_name(), {.id = event.id(), .schema_id = event.schema_id(), .payload = event.payload()}, writer);
    if (replay_id) {
      result.set_replay_id(replay_id_bytes(*replay_id));
    } else {
      result.mutable_error()->set_code(eventbus::v1::PUBLISH);
      result.mutable_error()->set_msg(replay_id.error().code + ": " + replay_id.error().message);
    }
  }
  if (const auto schema = org->topic_schema(request.topic_name())) response.set_schema_id(schema->id);
  response.set_rpc_id(std::move(rpc_id));
  org.announce();
  if (fails) return fault_error(*fault);
  return std::nullopt;
}

PublishStream::PublishStream(PubSubEnvironment& environment, grpc::CallbackServerContext& context, std::string token,
                             const std::optional<PubSubError>& refused)
    : environment_(environment),
      context_(context),
      token_(std::move(token)),
      rpc_id_(fmt::format("orgsim-{}", environment.next_rpc++)) {
  ++environment_.streams;
  if (refused) {
    finish(refused);
    return;
  }
  StartRead(&request_);
  thread_ = std::thread([this] { run(); });
}

void PublishStream::OnReadDone(bool ok) {
  OrgHost::Access org = environment_.host.access();
  request_ready_ = ok;
  reads_ended_ = !ok;
  org.announce();
}

void PublishStream::OnWriteDone(bool ok) {
  OrgHost::Access org = environment_.host.access();
  write_pending_ = false;
  write_failed_ |= !ok;
  org.announce();
}

void PublishStream::OnCancel() {
  OrgHost::Access org = environment_.host.access();
  cancelled_ = true;
  org.announce();
}

void PublishStream::OnDone() {
  if (thread_.joinable()) thread_.join();
  --environment_.streams;
  delete this;
}

void PublishStream::run() {
  std::optional<PubSubError> error;
  {
    OrgHost::Access org = environment_.host.access();
    auto idle_since = steady_clock::now();
    while (!error && !reads_ended_ && !cancelled_ && !write_failed_) {
      if (org.stopping() || org.replaced()) {
        error = {StatusCode::UNAVAILABLE, "service.unavailable", "The service is restarting."};
      } else if (request_ready_) {
        request_ready_ = false;
        error = serve(org);
        idle_since = steady_clock::now();
      } else {
        const auto deadline = idle_since + milliseconds(org->settings().publish_stream_idle_ms);
        org.wait(deadline);
        if (!request_ready_ && steady_clock::now() >= deadline) {
          error = {StatusCode::DEADLINE_EXCEEDED, "publish.stream.sweeper.timeout",
                   "The stream was idle for too long."};
        }
      }
    }
    if (write_failed_ || cancelled_) error = {StatusCode::CANCELLED, "service.unavailable", "cancelled"};
  }
  finish(error);
}

std::optional<PubSubError> PublishStream::serve(OrgHost::Access& org) {
  if (!request_.auth_refresh().empty()) token_ = request_.auth_refresh();
  if (topic_.empty()) topic_ = request_.topic_name();
  if (request_.topic_name().empty()) request_.set_topic_name(topic_);
  if (request_.topic_name() != topic_) {
    return PubSubError{StatusCode::INVALID_ARGUMENT, "publish.topic.mismatch",
                       "The topic name differs from the stream's first request."};
  }
  org.release();
  eventbus::v1::PublishResponse response;
  std::optional<PubSubError> error = publish_events(environment_, request_, token_, "PublishStream", rpc_id_, response);
  if (!error) {
    write_pending_ = true;
    StartWrite(&response);
    StartRead(&request_);
  }
  org.retake();
  while (!error && write_pending_) org.wait(steady_clock::now() + std::chrono::hours(1));
  return error;
}

void PublishStream::finish(const std::optional<PubSubError>& error) {
  if (!error) return Finish(grpc::Status::OK);
  context_.AddTrailingMetadata(kErrorCodeTrailer, error->trailer());
  Finish(error->grpc_status(rpc_id_));
}

}  // namespace orgsim
