#pragma once

#include <vector>

#include "engine/outbound_parts.h"

namespace duet::engine {

/// Gives one attempt of a locked record its outcome.
void apply_outcome(const rules::Turn& turn, const std::string& token, const ports::SendOutcome& outcome,
                   Counters& counters);

/// Writes the outcomes of answered attempts, one transaction per mapping. Those whose rows were locked by the app stay
/// in `answered`. After an error nothing is known of them.
Result<void> write_outcomes(const OutboundParts& parts, const std::vector<const Mapping*>& mappings,
                            std::vector<ClaimedAttempt>& answered);

}  // namespace duet::engine
