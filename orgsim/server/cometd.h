#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "orgsim/core/random.h"
#include "orgsim/server/api_usage.h"
#include "orgsim/server/http_message.h"
#include "orgsim/server/org_host.h"
#include "orgsim/server/push_topics.h"
#include "orgsim/server/sessions.h"
#include "orgsim/server/streaming_events.h"

namespace orgsim {

/// The Streaming API (spec §4.9): Bayeux over long-polling at /cometd/{version}, with change events (/data/…),
/// PushTopics
/// (/topic/…) and generic channels (/u/…). Its state is guarded by the org's access.
class Cometd {
 public:
  static constexpr std::size_t kClientsMax = 1000;
  static constexpr std::size_t kSubscriptionsMax = 100;
  static constexpr std::size_t kEventsPerAnswer = 500;
  static constexpr std::size_t kMessagesMax = 100;
  static constexpr std::chrono::milliseconds kHold{110'000};
  /// Connects that are held at once; more are answered with 503. Half of the listener's connections.
  static constexpr std::size_t kHeldMax = 256;
  /// A client that is silent for longer is unknown.
  static constexpr std::int64_t kSilenceMs = 150'000;

  Cometd(OrgHost& host, Sessions& sessions, ApiUsage& usage, StreamingEvents& events, const PushTopics& topics,
         std::uint64_t seed);

  /// `/cometd/{version}` and `/cometd/replay/{version}`.
  HttpResponse serve(const HttpRequest& request);

 private:
  struct Subscription {
    std::uint64_t position = 0;
  };
  struct Client {
    std::string user_id;
    std::map<std::string, Subscription> subscriptions;  ///< by channel
    std::uint64_t stream_epoch = 0;
    std::shared_ptr<Org> org;
    std::int64_t seen_ms = 0;
    bool was_connected = false;
    std::uint64_t connects = 0;  ///< a newer connect ends an older one
  };
  using Clients = std::map<std::string, Client>;

  nlohmann::json handshake(OrgHost::Access& org, const nlohmann::json& message, const std::string& user_id);
  /// Appends the events and then the answer to the connect itself.
  void connect(OrgHost::Access& org, const nlohmann::json& message, std::string_view token, std::string& out);
  nlohmann::json subscribe(OrgHost::Access& org, const nlohmann::json& message);
  nlohmann::json subscribe_channel(OrgHost::Access& org, Client& client, const nlohmann::json& message,
                                   const std::string& channel);
  nlohmann::json unsubscribe(OrgHost::Access& org, const nlohmann::json& message);
  nlohmann::json disconnect(const nlohmann::json& message);

  /// The client that the message names, if it is still known.
  Clients::iterator find(const OrgHost::Access& org, const nlohmann::json& message);
  /// Appends waiting events of all subscriptions; how many.
  std::size_t collect(OrgHost::Access& org, Client& client, std::string& out);
  std::optional<std::uint64_t> start_position(OrgHost::Access& org, const std::string& channel,
                                              std::int64_t replay) const;
  bool has_channel(const OrgHost::Access& org, const std::string& channel) const;
  void forget_silent(std::int64_t now_ms);
  [[nodiscard]] bool is_limit_reached(const OrgHost::Access& org);

  OrgHost& host_;
  Sessions& sessions_;
  ApiUsage& usage_;
  StreamingEvents& events_;
  const PushTopics& topics_;
  Random random_;
  Clients clients_;
  std::size_t held_ = 0;
};

}  // namespace orgsim
