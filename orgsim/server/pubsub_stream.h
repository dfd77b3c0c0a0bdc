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

namespace orgsim {

/// One stream that delivers events, Subscribe or ManagedSubscribe (spec §4.2): gRPC reports requests, a thread of its
/// own waits for commits and writes. What both touch is guarded by the org's access, whose announcements also tell the
/// thread of new credit. Deletes itself when gRPC is done with it.
template <typename Request, typename Response>
class EventStream : public grpc::ServerBidiReactor<Request, Response> {
 public:
  /// Credit that a stream can have; a request for more counts as this (spec §4.2).
  static constexpr std::int32_t kCreditMax = 100;

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 protected:
  EventStream(PubSubEnvironment& environment, grpc::CallbackServerContext& context, std::string token);
  /// Starts it; `refused` ends the stream at once. For the derived class, when it is ready to be called.
  void start(const std::optional<PubSubError>& refused);

  // What the derived class decides; all are called with the org held.
  /// Reads a request that has arrived: credit by add_credit(), a mistake by refuse().
  virtual void accept(const Request& request) = 0;
  /// Finds the topic and the position of a stream whose first request was accepted.
  virtual std::optional<PubSubError> open(OrgHost::Access& org) = 0;
  /// Why the stream must end although it works, or nothing.
  virtual std::optional<PubSubError> check_more(OrgHost::Access&) { return std::nullopt; }
  /// A response that does not wait for events.
  virtual std::optional<Response> next_answer(OrgHost::Access&) { return std::nullopt; }
  /// Called once, when nothing more will be sent.
  virtual void closed(OrgHost::Access&) {}

  void refuse(PubSubError error);
  void add_credit(std::int32_t requested);
  [[nodiscard]] bool is_first() const { return !first_request_seen_; }
  std::optional<PubSubError> fault(OrgHost::Access& org, std::string_view step);

  PubSubEnvironment& environment_;
  grpc::CallbackServerContext& context_;
  std::string token_;
  std::string user_id_;
  std::string topic_;
  /// The object of a single-entity topic, for the fault plan.
  std::string entity_;
  std::uint64_t position_ = 0;

 private:
  void run();
  std::optional<PubSubError> deliver(OrgHost::Access& org);
  std::optional<PubSubError> send(OrgHost::Access& org, std::vector<ChangeEvent> events);
  std::optional<PubSubError> send_keep_alive(OrgHost::Access& org);
  void complete(Response& response) const;
  bool write(OrgHost::Access& org, const Response& response);
  void wait(OrgHost::Access& org);
  std::optional<PubSubError> check(OrgHost::Access& org);
  /// Who listens, and whether it may.
  std::optional<PubSubError> check_user(const OrgHost::Access& org);
  std::optional<PubSubError> check_limits(const OrgHost::Access& org, std::size_t events);
  void finish(const std::optional<PubSubError>& error);

  const std::string rpc_id_;
  std::thread thread_;

  // The reader's side.
  Request request_;
  bool first_request_seen_ = false;
  std::int32_t credit_ = 0;
  std::int32_t fetches_ = 0;
  std::optional<PubSubError> request_error_;
  bool reads_ended_ = false;
  bool cancelled_ = false;
  bool write_pending_ = false;
  bool write_failed_ = false;

  // The thread's side.
  std::uint64_t stream_epoch_ = 0;
  std::int32_t fetches_checked_ = 1;
  std::chrono::steady_clock::time_point last_sent_;
};

/// The gRPC failure that a fault stands for: its status as a gRPC code and its body as the error code.
PubSubError fault_error(const Fault& fault);

/// "/data/AccountChangeEvent" → "Account", "/event/Foo__e" → "Foo__e", for the fault plan; empty for channels.
std::string topic_entity(std::string_view topic, const Org& org);

/// A replay id as it goes over the wire; nothing when it is not 8 bytes.
std::optional<std::uint64_t> replay_number(std::string_view bytes);

}  // namespace orgsim
