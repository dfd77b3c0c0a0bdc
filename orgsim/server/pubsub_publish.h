#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <optional>
#include <string>
#include <thread>

#include "orgsim/server/pubsub_error.h"
#include "orgsim/server/pubsub_service.h"
#include "pubsub_api.pb.h"

namespace orgsim {

/// Publishes one request's events and answers with a result for each (spec §4.2); the error when the call as a whole
/// fails. `call` is Publish or PublishStream, for the fault plan.
std::optional<PubSubError> publish_events(PubSubEnvironment& environment, const eventbus::v1::PublishRequest& request,
                                          const std::string& token, std::string_view call, std::string rpc_id,
                                          eventbus::v1::PublishResponse& response);

/// One PublishStream: requests are answered in their order by a thread of its own; a stream that is silent for
/// `publish_stream_idle_ms` is closed. Deletes itself when gRPC is done with it.
class PublishStream final
    : public grpc::ServerBidiReactor<eventbus::v1::PublishRequest, eventbus::v1::PublishResponse> {
 public:
  /// `refused` ends the stream at once.
  PublishStream(PubSubEnvironment& environment, grpc::CallbackServerContext& context, std::string token,
                const std::optional<PubSubError>& refused);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  void run();
  std::optional<PubSubError> serve(OrgHost::Access& org);
  void finish(const std::optional<PubSubError>& error);

  PubSubEnvironment& environment_;
  grpc::CallbackServerContext& context_;
  std::string token_;
  const std::string rpc_id_;
  std::thread thread_;
  std::string topic_;

  // Guarded by the org's access.
  eventbus::v1::PublishRequest request_;
  bool request_ready_ = false;
  bool reads_ended_ = false;
  bool cancelled_ = false;
  bool write_pending_ = false;
  bool write_failed_ = false;
};

}  // namespace orgsim
