#include "orgsim/server/pubsub_subscription.h"

#include <fmt/format.h>

#include <algorithm>

#include "orgsim/core/avro_event.h"

namespace orgsim {
namespace {

using eventbus::v1::FetchResponse;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// A response stays below gRPC's 4 MB default with room for its framing.
constexpr std::size_t kResponseBytesMax = 3 << 20;
/// A stream without a keep-alive to send still looks up after this long.
constexpr std::chrono::hours kIdleWait{1};

std::optional<std::uint64_t> replay_number(const std::string& bytes) {
  if (bytes.size() != 8) return std::nullopt;
  std::uint64_t value = 0;
  for (const unsigned char byte : bytes) value = value << 8 | byte;
  return value;
}

/// "/data/AccountChangeEvent" → "Account" for the fault plan; empty for channels.
std::string topic_entity(std::string_view topic, const Org& org) {
  const ObjectDef* object = org.schema().object_by_change_event(topic.substr(topic.rfind('/') + 1));
  return object == nullptr ? std::string{} : object->name;
}

}  // namespace

PubSubError fault_error(const Fault& fault) {
  // A fault without a method meets HTTP and gRPC alike: an HTTP status says no more here than that the call failed.
  constexpr int kLastCode = static_cast<int>(grpc::StatusCode::UNAUTHENTICATED);
  if (fault.action == FaultAction::status && fault.status <= kLastCode) {
    return {static_cast<grpc::StatusCode>(fault.status), fault.body.empty() ? "service.unavailable" : fault.body,
            "fault injected"};
  }
  return {grpc::StatusCode::UNAVAILABLE, "service.unavailable", "RST_STREAM closed stream"};
}

Subscription::Subscription(PubSubEnvironment& environment, grpc::CallbackServerContext& context, std::string token,
                           std::optional<PubSubError> refused)
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

void Subscription::OnReadDone(bool ok) {
  OrgHost::Access org = environment_.host.access();
  if (ok) {
    accept_request();
    StartRead(&request_);
  } else {
    reads_ended_ = true;
  }
  org.announce();
}

void Subscription::OnWriteDone(bool ok) {
  OrgHost::Access org = environment_.host.access();
  write_pending_ = false;
  write_failed_ |= !ok;
  org.announce();
}

void Subscription::OnCancel() {
  OrgHost::Access org = environment_.host.access();
  cancelled_ = true;
  org.announce();
}

void Subscription::OnDone() {
  if (thread_.joinable()) thread_.join();
  --environment_.streams;
  delete this;
}

void Subscription::accept_request() {
  if (request_error_) return;
  const auto refuse = [this](std::string code, std::string message) {
    request_error_ = {grpc::StatusCode::INVALID_ARGUMENT, "subscription." + std::move(code), std::move(message)};
  };
  if (!first_request_seen_) {
    first_request_ = request_;
    first_request_seen_ = true;
  } else {
    if (!request_.topic_name().empty() && request_.topic_name() != first_request_.topic_name()) {
      return refuse("fetch.topic.mismatch", "The topic name differs from the subscription's first request.");
    }
    if (!request_.replay_id().empty() && request_.replay_id() != first_request_.replay_id()) {
      return refuse("fetch.replay.repeated", "The replay id can only be given in the first request.");
    }
  }
  if (request_.num_requested() <= 0) {
    return refuse("fetch.requested.events.invalid", "The number of requested events must be greater than 0.");
  }
  credit_ = std::min(kCreditMax, credit_ + std::min(kCreditMax, request_.num_requested()));
  ++fetches_;
  if (!request_.auth_refresh().empty()) token_ = request_.auth_refresh();
}

void Subscription::run() {
  std::optional<PubSubError> error;
  {
    OrgHost::Access org = environment_.host.access();
    while (!first_request_seen_ && !reads_ended_ && !cancelled_ && !org.stopping()) wait(org);
    if (first_request_seen_) error = open(org);
    while (!error && !reads_ended_ && !cancelled_ && !write_failed_) error = deliver(org);
    if (write_failed_ || cancelled_) error = {grpc::StatusCode::CANCELLED, "service.unavailable", "cancelled"};
  }
  finish(error);
}

std::optional<PubSubError> Subscription::open(OrgHost::Access& org) {
  if (request_error_) return request_error_;
  topic_ = first_request_.topic_name();
  if (topic_.empty()) {
    return PubSubError{grpc::StatusCode::INVALID_ARGUMENT, "topic.validation.empty", "The topic name is empty."};
  }
  entity_ = topic_entity(topic_, *org);
  if (auto error = fault(org, "Subscribe")) return error;
  std::optional<std::uint64_t> replay_id;
  ReplayPreset preset = ReplayPreset::latest;
  if (first_request_.replay_preset() == eventbus::v1::EARLIEST) preset = ReplayPreset::earliest;
  if (first_request_.replay_preset() == eventbus::v1::CUSTOM) {
    preset = ReplayPreset::custom;
    replay_id = replay_number(first_request_.replay_id());
    if (!replay_id && !first_request_.replay_id().empty()) {
      return pubsub_error({std::string(codes::kReplayCorrupted), "The replay id is not one of this org's.", {}});
    }
  }
  const Outcome<std::uint64_t> position = org->start_position(topic_, preset, replay_id);
  if (!position) return pubsub_error(position.error());
  position_ = *position;
  stream_epoch_ = org.stream_epoch();
  last_sent_ = steady_clock::now();
  return std::nullopt;
}

std::optional<PubSubError> Subscription::check(const OrgHost::Access& org) const {
  if (request_error_) return request_error_;
  if (org.stopping() || org.replaced()) {
    return PubSubError{grpc::StatusCode::UNAVAILABLE, "service.unavailable", "The service is restarting."};
  }
  if (org.stream_epoch() != stream_epoch_) {
    return pubsub_error({std::string(codes::kReplayCorrupted), "The event stream was reset.", {}});
  }
  return std::nullopt;
}

std::optional<PubSubError> Subscription::fault(OrgHost::Access& org, std::string_view step) {
  org.release();
  const auto found = environment_.faults.decide_grpc(fmt::format("/eventbus.v1.PubSub/{}", step), entity_);
  org.retake();
  if (!found || found->action == FaultAction::delay) return std::nullopt;
  return fault_error(*found);
}

std::optional<PubSubError> Subscription::deliver(OrgHost::Access& org) {
  if (auto error = check(org)) return error;
  if (fetches_ > fetches_checked_) {
    ++fetches_checked_;
    return fault(org, "Fetch");
  }
  if (credit_ > 0) {
    std::vector<ChangeEvent> events = org->read_events(topic_, position_, static_cast<std::size_t>(credit_));
    if (!events.empty()) return send(org, std::move(events));
    if (steady_clock::now() - last_sent_ >= milliseconds(org->settings().keep_alive_ms)) return send_keep_alive(org);
  }
  wait(org);
  return std::nullopt;
}

std::optional<PubSubError> Subscription::send(OrgHost::Access& org, std::vector<ChangeEvent> events) {
  if (!environment_.sessions.touch(token_, wall_clock_ms())) {
    return PubSubError{grpc::StatusCode::UNAUTHENTICATED, "service.auth.error", "The session has expired."};
  }
  if (auto error = fault(org, "Deliver")) return error;
  org.release();
  FetchResponse response;
  std::size_t bytes = 0;
  std::uint64_t last = position_;
  for (const ChangeEvent& event : events) {
    const std::vector<std::uint8_t> payload = encode_avro(event);
    if (bytes > 0 && bytes + payload.size() > kResponseBytesMax) break;
    bytes += payload.size();
    eventbus::v1::ConsumerEvent& out = *response.add_events();
    out.set_replay_id(replay_id_bytes(event.replay_id));
    out.mutable_event()->set_id(event.uuid);
    if (event.schema != nullptr) out.mutable_event()->set_schema_id(event.schema->id);
    out.mutable_event()->set_payload(payload.data(), payload.size());
    last = event.replay_id;
  }
  response.set_latest_replay_id(replay_id_bytes(last));
  response.set_rpc_id(rpc_id_);
  org.retake();
  credit_ -= response.events_size();
  response.set_pending_num_requested(credit_);
  position_ = last;
  if (write(org, response)) environment_.usage.count_events(static_cast<std::uint64_t>(response.events_size()));
  return std::nullopt;
}

std::optional<PubSubError> Subscription::send_keep_alive(OrgHost::Access& org) {
  if (!environment_.sessions.touch(token_, wall_clock_ms())) {
    return PubSubError{grpc::StatusCode::UNAUTHENTICATED, "service.auth.error", "The session has expired."};
  }
  // Nothing visible is left on this topic: the position may pass the events of others.
  position_ = std::max(position_, org->latest_replay_id());
  FetchResponse response;
  response.set_latest_replay_id(replay_id_bytes(position_));
  response.set_rpc_id(rpc_id_);
  response.set_pending_num_requested(credit_);
  write(org, response);
  return std::nullopt;
}

bool Subscription::write(OrgHost::Access& org, const FetchResponse& response) {
  if (cancelled_) return false;
  write_pending_ = true;
  org.release();
  StartWrite(&response);
  org.retake();
  while (write_pending_) org.wait(steady_clock::now() + kIdleWait);
  last_sent_ = steady_clock::now();
  return !write_failed_;
}

void Subscription::wait(OrgHost::Access& org) {
  auto deadline = steady_clock::now() + kIdleWait;
  if (first_request_seen_ && credit_ > 0) {
    deadline = std::min(deadline, last_sent_ + milliseconds(org->settings().keep_alive_ms));
    if (const auto next = org->next_event_ms()) {
      deadline = std::min(deadline, steady_clock::now() + milliseconds(std::max<std::int64_t>(1, *next - org->now())));
    }
  }
  org.wait(deadline);
}

void Subscription::finish(const std::optional<PubSubError>& error) {
  if (!error) return Finish(grpc::Status::OK);
  context_.AddTrailingMetadata(kErrorCodeTrailer, error->trailer());
  Finish(error->grpc_status(rpc_id_));
}

}  // namespace orgsim
