#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "orgsim/core/error.h"

namespace orgsim {

/// A managed event subscription: the org keeps the subscriber's position (spec §4.3, §4.4).
struct ManagedSubscription {
  std::string id;  ///< 18x…
  std::string developer_name;
  std::string topic;
  bool running = true;            ///< Metadata.state RUN, or STOP
  bool default_earliest = false;  ///< Metadata.defaultReplay EARLIEST: where it starts before the first commit
  bool recovery_earliest =
      false;  ///< Metadata.errorRecoveryReplay EARLIEST: where it goes on when the position is void
  std::optional<std::uint64_t> committed;
};

/// All of an org.
class ManagedSubscriptions {
 public:
  /// Creates, or alters the one of that developer name: {"developerName","topicName","state":"RUN"|"STOP",
  /// "defaultReplay":"LATEST"|"EARLIEST","errorRecoveryReplay":…}. The committed position stays.
  Outcome<const ManagedSubscription*> apply(const nlohmann::json& definition);
  /// By 15- or 18-character id or by developer name; null when there is none.
  [[nodiscard]] const ManagedSubscription* find(std::string_view id_or_name) const;
  /// Removes it; false when there is none.
  bool remove(std::string_view id_or_name);
  void commit(std::string_view id, std::uint64_t replay_id);
  /// The records as the Tooling API shows them: Id, DeveloperName, Metadata.
  [[nodiscard]] nlohmann::json to_json() const;

 private:
  std::map<std::string, ManagedSubscription> by_id_;
  std::uint64_t made_ = 0;
};

[[nodiscard]] nlohmann::json to_json(const ManagedSubscription& subscription);

}  // namespace orgsim
