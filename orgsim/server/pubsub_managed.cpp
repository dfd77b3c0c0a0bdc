#include "orgsim/server/pubsub_managed.h"

#include "orgsim/core/ids.h"

namespace orgsim {
namespace {

using grpc::StatusCode;

/// Commits that wait for their answer; a client that sends more without reading is refused.
constexpr std::size_t kCommitsMax = 1000;

PubSubError managed_error(StatusCode status, std::string_view code, std::string message) {
  return {status, "managed.subscription." + std::string(code), std::move(message)};
}

}  // namespace

ManagedStream::ManagedStream(PubSubEnvironment& environment, grpc::CallbackServerContext& context, std::string token,
                             const std::optional<PubSubError>& refused)
    : EventStream(environment, context, std::move(token)) {
  start(refused);
}

void ManagedStream::accept(const eventbus::v1::ManagedFetchRequest& request) {
  if (is_first()) {
    first_request_ = request;
  } else if ((!request.subscription_id().empty() && request.subscription_id() != first_request_.subscription_id()) ||
             (!request.developer_name().empty() && request.developer_name() != first_request_.developer_name())) {
    return refuse(managed_error(StatusCode::INVALID_ARGUMENT, "fetch.request.invalid",
                                "The subscription differs from the first request's."));
  }
  const bool is_commit = request.has_commit_replay_id_request();
  if (request.num_requested() < 0 || (request.num_requested() == 0 && (is_first() || !is_commit))) {
    return refuse(managed_error(StatusCode::INVALID_ARGUMENT, "fetch.request.events.invalid",
                                "The number of requested events must be greater than 0."));
  }
  if (is_commit) {
    if (commits_.size() >= kCommitsMax) {
      return refuse(managed_error(StatusCode::RESOURCE_EXHAUSTED, "fetch.request.invalid", "Too many open commits."));
    }
    commits_.push_back(request.commit_replay_id_request());
  }
  if (request.num_requested() > 0) add_credit(request.num_requested());
}

std::optional<PubSubError> ManagedStream::open(OrgHost::Access& org) {
  const std::string& id = first_request_.subscription_id();
  const std::string& name = first_request_.developer_name();
  if (id.empty() && name.empty()) {
    return managed_error(StatusCode::INVALID_ARGUMENT, "id.or.developer.name.empty",
                         "A subscription id or a developer name is required.");
  }
  if (!id.empty() && !canonical_id(id)) {
    return managed_error(StatusCode::INVALID_ARGUMENT, "subscription.id.invalid", "The subscription id is malformed.");
  }
  const ManagedSubscription* found = org->subscriptions().find(id.empty() ? name : id);
  if (found == nullptr) {
    return managed_error(StatusCode::NOT_FOUND, id.empty() ? "developer.name.not.found" : "subscription.id.not.found",
                         "The managed subscription was not found.");
  }
  if (!found->running) {
    return managed_error(StatusCode::FAILED_PRECONDITION, "config.stopped", "The managed subscription is stopped.");
  }
  topic_ = found->topic;
  entity_ = topic_entity(topic_, *org);
  const std::string subscription_id = found->id;
  if (!environment_.managed_active.insert(subscription_id).second) {
    return managed_error(StatusCode::FAILED_PRECONDITION, "already.active",
                         "The managed subscription has an active subscriber.");
  }
  subscription_id_ = subscription_id;
  const bool starts_early = found->committed ? found->recovery_earliest : found->default_earliest;
  const std::optional<std::uint64_t> committed = found->committed;
  // The fault plan's delay lets others change the subscription: nothing of it is used after this.
  if (auto error = fault(org, "ManagedSubscribe")) return error;
  Outcome<std::uint64_t> position = org->start_position(topic_, ReplayPreset::custom, committed);
  if (!committed || !position) {
    position = org->start_position(topic_, starts_early ? ReplayPreset::earliest : ReplayPreset::latest, std::nullopt);
  }
  if (!position) return pubsub_error(position.error());
  position_ = *position;
  return std::nullopt;
}

std::optional<PubSubError> ManagedStream::check_more(OrgHost::Access& org) {
  const ManagedSubscription* found = org->subscriptions().find(subscription_id_);
  if (found == nullptr) {
    return managed_error(StatusCode::NOT_FOUND, "config.deleted", "The managed subscription was deleted.");
  }
  if (!found->running) {
    return managed_error(StatusCode::FAILED_PRECONDITION, "config.stopped", "The managed subscription was stopped.");
  }
  return std::nullopt;
}

std::optional<eventbus::v1::ManagedFetchResponse> ManagedStream::next_answer(OrgHost::Access& org) {
  if (commits_.empty()) return std::nullopt;
  const eventbus::v1::CommitReplayRequest commit = std::move(commits_.front());
  commits_.pop_front();
  eventbus::v1::ManagedFetchResponse response;
  eventbus::v1::CommitReplayResponse& answer = *response.mutable_commit_response();
  answer.set_commit_request_id(commit.commit_request_id());
  answer.set_replay_id(commit.replay_id());
  answer.set_process_time(org->now());
  const auto replay_id = replay_number(commit.replay_id());
  const auto position = replay_id ? org->start_position(topic_, ReplayPreset::custom, replay_id)
                                  : Outcome<std::uint64_t>(fail(codes::kReplayCorrupted, "The Replay ID is invalid."));
  if (position) {
    org->subscriptions().commit(subscription_id_, *position);
  } else {
    answer.mutable_error()->set_code(eventbus::v1::COMMIT);
    answer.mutable_error()->set_msg(position.error().message);
  }
  return response;
}

void ManagedStream::closed(OrgHost::Access& /*org*/) {
  if (!subscription_id_.empty()) environment_.managed_active.erase(subscription_id_);
}

}  // namespace orgsim
