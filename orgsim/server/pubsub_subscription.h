#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "orgsim/core/change_event.h"
#include "orgsim/server/pubsub_error.h"
#include "orgsim/server/pubsub_service.h"
#include "pubsub_api.pb.h"

namespace orgsim {

/// One Subscribe stream (spec §4.2): gRPC reports requests, a thread of its own waits for commits and writes. What both
/// touch is guarded by the org's access, whose announcements also tell the thread of new credit.
class Subscription final : public grpc::ServerBidiReactor<eventbus::v1::FetchRequest, eventbus::v1::FetchResponse> {
 public:
  /// Credit that a stream can have; a request for more counts as this (spec §4.2).
  static constexpr std::int32_t kCreditMax = 100;

  /// `refused` ends the stream at once.
  Subscription(PubSubEnvironment& environment, grpc::CallbackServerContext& context, std::string token,
               std::optional<PubSubError> refused);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  struct Batch {
    eventbus::v1::FetchResponse response;
    std::size_t events = 0;
  };

  void run();
  std::optional<PubSubError> open(OrgHost::Access& org);
  std::optional<PubSubError> deliver(OrgHost::Access& org);
  std::optional<PubSubError> send(OrgHost::Access& org, std::vector<ChangeEvent> events);
  std::optional<PubSubError> send_keep_alive(OrgHost::Access& org);
  bool write(OrgHost::Access& org, const eventbus::v1::FetchResponse& response);
  void wait(OrgHost::Access& org);
  std::optional<PubSubError> check(const OrgHost::Access& org) const;
  std::optional<PubSubError> fault(OrgHost::Access& org, std::string_view step);
  void accept_request();
  void finish(const std::optional<PubSubError>& error);

  PubSubEnvironment& environment_;
  grpc::CallbackServerContext& context_;
  std::string token_;
  const std::string rpc_id_;
  std::thread thread_;

  // The reader's side.
  eventbus::v1::FetchRequest request_;
  bool first_request_seen_ = false;
  eventbus::v1::FetchRequest first_request_;
  std::int32_t credit_ = 0;
  std::int32_t fetches_ = 0;
  std::optional<PubSubError> request_error_;
  bool reads_ended_ = false;
  bool cancelled_ = false;
  bool write_pending_ = false;
  bool write_failed_ = false;

  // The thread's side.
  std::string topic_;
  std::string entity_;
  std::uint64_t position_ = 0;
  std::uint64_t stream_epoch_ = 0;
  std::int32_t fetches_checked_ = 1;
  std::chrono::steady_clock::time_point last_sent_;
};

/// The gRPC failure that a fault stands for: its status as a gRPC code and its body as the error code.
PubSubError fault_error(const Fault& fault);

}  // namespace orgsim
