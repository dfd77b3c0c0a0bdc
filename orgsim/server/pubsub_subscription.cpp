#include "orgsim/server/pubsub_subscription.h"

namespace orgsim {

Subscription::Subscription(PubSubEnvironment& environment, grpc::CallbackServerContext& context, std::string token,
                           const std::optional<PubSubError>& refused)
    : EventStream(environment, context, std::move(token)) {
  start(refused);
}

void Subscription::accept(const eventbus::v1::FetchRequest& request) {
  const auto wrong = [this](std::string code, std::string message) {
    refuse({grpc::StatusCode::INVALID_ARGUMENT, "subscription." + std::move(code), std::move(message)});
  };
  if (is_first()) {
    first_request_ = request;
  } else {
    if (!request.topic_name().empty() && request.topic_name() != first_request_.topic_name()) {
      return wrong("fetch.topic.mismatch", "The topic name differs from the subscription's first request.");
    }
    if (!request.replay_id().empty() && request.replay_id() != first_request_.replay_id()) {
      return wrong("fetch.replay.repeated", "The replay id can only be given in the first request.");
    }
  }
  if (request.num_requested() <= 0) {
    return wrong("fetch.requested.events.invalid", "The number of requested events must be greater than 0.");
  }
  add_credit(request.num_requested());
}

std::optional<PubSubError> Subscription::open(OrgHost::Access& org) {
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
  return std::nullopt;
}

}  // namespace orgsim
