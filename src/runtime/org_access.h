#pragma once

#include <memory>
#include <stop_token>
#include <vector>

#include "base/result.h"
#include "ports/bulk.h"
#include "ports/org.h"
#include "salesforce/config.h"
#include "salesforce/org_limits.h"

namespace duet::salesforce {
class PubSubClient;
class Session;
}  // namespace duet::salesforce

namespace duet::runtime {

/// The way to one org: one sign-in and one Pub/Sub channel, shared by all that talk to it. Copies share them. Thread
/// safe.
class OrgAccess {
 public:
  /// Connects to nothing yet. `stop` ends running calls. `config` when certificates cannot be read.
  static Result<OrgAccess> make(const salesforce::ConnectionSettings& settings, std::stop_token stop);

  /// A client for one thread.
  std::unique_ptr<ports::Org> make_org() const;

  std::unique_ptr<ports::Bulk> make_bulk() const;

  /// What is left of the org's allocations; one call.
  Result<std::vector<salesforce::OrgLimit>> limits() const;

  const std::shared_ptr<salesforce::Session>& session() const { return session_; }
  const std::shared_ptr<salesforce::PubSubClient>& pubsub() const { return pubsub_; }

 private:
  OrgAccess(std::shared_ptr<salesforce::Session> session, std::shared_ptr<salesforce::PubSubClient> pubsub)
      : session_(std::move(session)), pubsub_(std::move(pubsub)) {}

  std::shared_ptr<salesforce::Session> session_;
  std::shared_ptr<salesforce::PubSubClient> pubsub_;
};

}  // namespace duet::runtime
