#pragma once

#include "orgsim/server/pubsub_stream.h"
#include "pubsub_api.pb.h"

namespace orgsim {

/// One Subscribe stream: the client names the topic and keeps its position itself.
class Subscription final : public EventStream<eventbus::v1::FetchRequest, eventbus::v1::FetchResponse> {
 public:
  /// `refused` ends the stream at once.
  Subscription(PubSubEnvironment& environment, grpc::CallbackServerContext& context, std::string token,
               const std::optional<PubSubError>& refused);

 private:
  void accept(const eventbus::v1::FetchRequest& request) override;
  std::optional<PubSubError> open(OrgHost::Access& org) override;

  eventbus::v1::FetchRequest first_request_;
};

}  // namespace orgsim
