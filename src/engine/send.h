#pragma once

#include <vector>

#include "engine/outbound_parts.h"

namespace duet::engine {

/// Sends claimed attempts in planned batches and gives each its outcome.
void send_attempts(const OutboundParts& parts, std::vector<ClaimedAttempt>& claimed);

}  // namespace duet::engine
