#include "orgsim/server/pubsub_stream.h"

#include <fmt/format.h>

#include <algorithm>

#include "orgsim/core/avro_event.h"
#include "pubsub_api.pb.h"

namespace orgsim {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// A response stays below gRPC's 4 MB default with room for its framing.
constexpr std::size_t kResponseBytesMax = 3 << 20;
/// A stream without a keep-alive to send still looks up after this long.
constexpr std::chrono::hours kIdleWait{1};

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

std::string topic_entity(std::string_view topic, const Org& org) {
  const auto schema = org.topic_schema(topic);
  return schema == nullptr ? std::string{} : schema->entity;
}

std::optional<std::uint64_t> replay_number(std::string_view bytes) {
  constexpr std::size_t kReplayBytes = 8;
  if (bytes.size() != kReplayBytes) return std::nullopt;
  std::uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

template <typename Request, typename Response>
EventStream<Request, Response>::EventStream(PubSubEnvironment& environment, grpc::CallbackServerContext& context,
                                            std::string token)
    : environment_(environment),
      context_(context),
      token_(std::move(token)),
      rpc_id_(fmt::format("orgsim-{}", environment.next_rpc++)) {
  ++environment_.streams;
}

template <typename Request, typename Response>
void EventStream<Request, Response>::start(const std::optional<PubSubError>& refused) {
  if (refused) return finish(refused);
  this->StartRead(&request_);
  thread_ = std::thread([this] { run(); });
}

template <typename Request, typename Response>
void EventStream<Request, Response>::OnReadDone(bool ok) {
  OrgHost::Access org = environment_.host.access();
  if (ok) {
    if (!request_error_) {
      accept(request_);
      if (!request_.auth_refresh().empty()) token_ = request_.auth_refresh();
      first_request_seen_ = true;
    }
    this->StartRead(&request_);
  } else {
    reads_ended_ = true;
  }
  org.announce();
}

template <typename Request, typename Response>
void EventStream<Request, Response>::OnWriteDone(bool ok) {
  OrgHost::Access org = environment_.host.access();
  write_pending_ = false;
  write_failed_ |= !ok;
  org.announce();
}

template <typename Request, typename Response>
void EventStream<Request, Response>::OnCancel() {
  OrgHost::Access org = environment_.host.access();
  cancelled_ = true;
  org.announce();
}

template <typename Request, typename Response>
void EventStream<Request, Response>::OnDone() {
  if (thread_.joinable()) thread_.join();
  --environment_.streams;
  delete this;
}

template <typename Request, typename Response>
void EventStream<Request, Response>::refuse(PubSubError error) {
  if (!request_error_) request_error_ = std::move(error);
}

template <typename Request, typename Response>
void EventStream<Request, Response>::add_credit(std::int32_t requested) {
  credit_ = std::min(kCreditMax, credit_ + std::min(kCreditMax, requested));
  ++fetches_;
}

template <typename Request, typename Response>
void EventStream<Request, Response>::run() {
  std::optional<PubSubError> error;
  {
    OrgHost::Access org = environment_.host.access();
    while (!first_request_seen_ && !reads_ended_ && !cancelled_ && !org.stopping()) wait(org);
    if (request_error_) error = request_error_;
    if (!error && first_request_seen_) {
      error = open(org);
      if (!error) error = check_user(org);
      stream_epoch_ = org.stream_epoch();
      last_sent_ = steady_clock::now();
    }
    while (!error && !reads_ended_ && !cancelled_ && !write_failed_) error = deliver(org);
    if (write_failed_ || cancelled_) error = {grpc::StatusCode::CANCELLED, "service.unavailable", "cancelled"};
    closed(org);
  }
  finish(error);
}

template <typename Request, typename Response>
std::optional<PubSubError> EventStream<Request, Response>::check(OrgHost::Access& org) {
  if (request_error_) return request_error_;
  if (org.stopping() || org.replaced()) {
    return PubSubError{grpc::StatusCode::UNAVAILABLE, "service.unavailable", "The service is restarting."};
  }
  if (org.stream_epoch() != stream_epoch_) {
    return pubsub_error({std::string(codes::kReplayCorrupted), "The event stream was reset.", {}});
  }
  // Going on would silently skip what has left the retention.
  if (!org->can_resume(position_)) {
    return pubsub_error({std::string(codes::kReplayCorrupted), "The Replay ID is out of the retention window.", {}});
  }
  return check_more(org);
}

template <typename Request, typename Response>
std::optional<PubSubError> EventStream<Request, Response>::check_user(const OrgHost::Access& org) {
  auto user = environment_.sessions.touch(token_, wall_clock_ms());
  if (!user) return PubSubError{grpc::StatusCode::UNAUTHENTICATED, "service.auth.error", "The session has expired."};
  user_id_ = *std::move(user);
  if (entity_.empty() || org->may_subscribe(user_id_, entity_)) return std::nullopt;
  return PubSubError{grpc::StatusCode::PERMISSION_DENIED, "subscription.topic.cannot.subscribe",
                     fmt::format("The user may not subscribe to {}.", topic_)};
}

template <typename Request, typename Response>
std::optional<PubSubError> EventStream<Request, Response>::check_limits(const OrgHost::Access& org,
                                                                        std::size_t events) {
  const std::int64_t now_ms = wall_clock_ms();
  if (auto error = check_user(org)) return error;
  const std::int64_t limit = org->settings().daily_event_limit;
  const auto wanted = static_cast<std::int64_t>(events);
  if (limit > 0 && environment_.usage.events_in_24_hours(now_ms) + wanted > limit) {
    return PubSubError{grpc::StatusCode::RESOURCE_EXHAUSTED, "subscription.limit.exceeded",
                       "You have exceeded the event delivery limit for your org."};
  }
  return std::nullopt;
}

template <typename Request, typename Response>
std::optional<PubSubError> EventStream<Request, Response>::fault(OrgHost::Access& org, std::string_view step) {
  org.release();
  const auto found = environment_.faults.decide_grpc(fmt::format("/eventbus.v1.PubSub/{}", step), entity_);
  org.retake();
  if (!found || found->action == FaultAction::delay) return std::nullopt;
  return fault_error(*found);
}

template <typename Request, typename Response>
std::optional<PubSubError> EventStream<Request, Response>::deliver(OrgHost::Access& org) {
  if (auto error = check(org)) return error;
  if (std::optional<Response> answer = next_answer(org)) {
    complete(*answer);
    write(org, *answer);
    return std::nullopt;
  }
  if (fetches_ > fetches_checked_) {
    ++fetches_checked_;
    return fault(org, "Fetch");
  }
  if (credit_ > 0) {
    EventPage page = org->read_page(topic_, position_, static_cast<std::size_t>(credit_));
    const bool any = !page.events.empty();
    org->hide_events(page.events, user_id_);
    if (!page.events.empty()) return send(org, std::move(page.events));
    position_ = page.position;
    if (any) return std::nullopt;  // all were hidden, and more may wait behind them
    if (steady_clock::now() - last_sent_ >= milliseconds(org->settings().keep_alive_ms)) return send_keep_alive(org);
  }
  wait(org);
  return std::nullopt;
}

template <typename Request, typename Response>
std::optional<PubSubError> EventStream<Request, Response>::send(OrgHost::Access& org, std::vector<ChangeEvent> events) {
  if (auto error = check_limits(org, 1)) return error;
  if (auto error = fault(org, "Deliver")) return error;
  const std::int64_t limit = org->settings().daily_event_limit;
  if (limit > 0) {
    const std::int64_t left = limit - environment_.usage.events_in_24_hours(wall_clock_ms());
    events.resize(std::min(events.size(), static_cast<std::size_t>(std::max<std::int64_t>(1, left))));
  }
  org.release();
  Response response;
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
  org.retake();
  credit_ -= response.events_size();
  position_ = last;
  complete(response);
  if (write(org, response)) {
    environment_.usage.count_events(static_cast<std::uint64_t>(response.events_size()), wall_clock_ms());
  }
  return std::nullopt;
}

template <typename Request, typename Response>
std::optional<PubSubError> EventStream<Request, Response>::send_keep_alive(OrgHost::Access& org) {
  if (auto error = check_limits(org, 0)) return error;
  // Nothing visible is left on this topic: the position may pass the events of others.
  position_ = std::max(position_, org->latest_replay_id());
  Response response;
  complete(response);
  write(org, response);
  return std::nullopt;
}

template <typename Request, typename Response>
void EventStream<Request, Response>::complete(Response& response) const {
  response.set_latest_replay_id(replay_id_bytes(position_));
  response.set_rpc_id(rpc_id_);
  response.set_pending_num_requested(credit_);
}

template <typename Request, typename Response>
bool EventStream<Request, Response>::write(OrgHost::Access& org, const Response& response) {
  if (cancelled_) return false;
  write_pending_ = true;
  org.release();
  this->StartWrite(&response);
  org.retake();
  while (write_pending_) org.wait(steady_clock::now() + kIdleWait);
  last_sent_ = steady_clock::now();
  return !write_failed_;
}

template <typename Request, typename Response>
void EventStream<Request, Response>::wait(OrgHost::Access& org) {
  auto deadline = steady_clock::now() + kIdleWait;
  if (first_request_seen_ && credit_ > 0) {
    deadline = std::min(deadline, last_sent_ + milliseconds(org->settings().keep_alive_ms));
    if (const auto next = org->next_event_ms()) {
      deadline = std::min(deadline, steady_clock::now() + milliseconds(std::max<std::int64_t>(1, *next - org->now())));
    }
  }
  org.wait(deadline);
}

template <typename Request, typename Response>
void EventStream<Request, Response>::finish(const std::optional<PubSubError>& error) {
  if (!error) return this->Finish(grpc::Status::OK);
  context_.AddTrailingMetadata(kErrorCodeTrailer, error->trailer());
  this->Finish(error->grpc_status(rpc_id_));
}

template class EventStream<eventbus::v1::FetchRequest, eventbus::v1::FetchResponse>;
template class EventStream<eventbus::v1::ManagedFetchRequest, eventbus::v1::ManagedFetchResponse>;

}  // namespace orgsim
