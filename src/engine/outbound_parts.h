#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/outbound.h"
#include "engine/timing.h"
#include "model/lane.h"

namespace duet::engine {

/// What the steps of the outbound worker share. They run on its thread.
struct OutboundParts {
  const Settings& settings;
  OutboundPorts ports;
  Counters& counters;
  Timing& timing;
};

/// The Bulk job that attempts of one kind go with.
struct JobTicket {
  std::string token;
  AttemptKind kind = AttemptKind::update;
};

/// An attempt that is committed and about to be sent, or has been.
struct ClaimedAttempt {
  const Mapping* mapping = nullptr;
  RecordRef ref;
  Attempt attempt;
  std::string sfid;
  std::string external_id;
  std::vector<std::pair<std::string, std::string>> references;  ///< rules::references_of
  std::optional<ports::SendOutcome> outcome;
};

}  // namespace duet::engine
