#pragma once

#include <string>
#include <vector>

#include "engine/outbound_parts.h"

namespace duet::engine {

/// For creates with a key that the app chose: asks the org for records with these keys (`refs[i]` has `keys[i]`), and
/// claims those whose key is free. A record that is there already meets the row in a merge (design §5 rule 9).
Result<void> look_up_and_claim(const OutboundParts& parts, const Mapping& mapping, const std::vector<RecordRef>& refs,
                               const std::vector<std::string>& keys, const JobTicket* job,
                               std::vector<ClaimedAttempt>& claimed);

}  // namespace duet::engine
