#pragma once

#include <deque>

#include "orgsim/server/pubsub_stream.h"
#include "pubsub_api.pb.h"

namespace orgsim {

/// One ManagedSubscribe stream: the org keeps the subscription's topic and committed position (spec §4.3). One stream
/// at a time per subscription.
class ManagedStream final : public EventStream<eventbus::v1::ManagedFetchRequest, eventbus::v1::ManagedFetchResponse> {
 public:
  /// `refused` ends the stream at once.
  ManagedStream(PubSubEnvironment& environment, grpc::CallbackServerContext& context, std::string token,
                const std::optional<PubSubError>& refused);

 private:
  void accept(const eventbus::v1::ManagedFetchRequest& request) override;
  std::optional<PubSubError> open(OrgHost::Access& org) override;
  std::optional<PubSubError> check_more(OrgHost::Access& org) override;
  std::optional<eventbus::v1::ManagedFetchResponse> next_answer(OrgHost::Access& org) override;
  void closed(OrgHost::Access& org) override;

  eventbus::v1::ManagedFetchRequest first_request_;
  std::deque<eventbus::v1::CommitReplayRequest> commits_;
  /// Set while this stream is the subscription's active one.
  std::string subscription_id_;
};

}  // namespace orgsim
