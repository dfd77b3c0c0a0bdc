#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "orgsim/server/api_usage.h"
#include "orgsim/server/call_log.h"
#include "orgsim/server/fault_gate.h"
#include "orgsim/server/org_host.h"
#include "orgsim/server/sessions.h"

namespace orgsim {

/// What the calls of the Pub/Sub service share.
struct PubSubEnvironment {
  OrgHost& host;
  Sessions& sessions;
  ApiUsage& usage;
  FaultGate& faults;
  CallLog& calls;
  std::atomic<int> streams = 0;
  std::atomic<std::uint64_t> next_rpc = 1;
  /// Managed subscriptions that have a stream, by id; guarded by the org's access.
  std::set<std::string> managed_active = {};
};

/// The Pub/Sub API on up to two ports, plaintext and TLS.
class PubSubServer {
 public:
  /// Streams at once; one more is refused with concurrent.client.limit.exceeded.
  static constexpr int kStreamsMax = 100;

  struct Listener {
    std::string host;
    int port = 0;
    /// PEM files; both empty means plaintext.
    std::string certificate_file;
    std::string key_file;
  };

  explicit PubSubServer(PubSubEnvironment& environment);
  ~PubSubServer();
  PubSubServer(const PubSubServer&) = delete;
  PubSubServer& operator=(const PubSubServer&) = delete;

  /// Returns the port. Throws std::runtime_error when the address cannot be used. May be called for several listeners.
  int listen(const Listener& listener);
  /// Ends all streams. The host must have been stopped.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace orgsim
