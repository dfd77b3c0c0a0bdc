#pragma once

#include <string>
#include <vector>

#include "engine/outbound_parts.h"

namespace duet::engine {

/// What tells whether the org has the record of a row already.
struct LookUp {
  std::int64_t row_id = 0;
  std::string key;    ///< that the app chose, or empty
  FieldValues match;  ///< rules::match_values(), or empty

  bool empty() const { return key.empty() && match.empty(); }
};

/// For creates that the org may have already: asks it for records with these keys, or with the same match fields, and
/// claims those that it does not have. A record that is there already meets the row in a merge (design §5 rule 9).
Result<void> look_up_and_claim(const OutboundParts& parts, const Mapping& mapping, const std::vector<LookUp>& wanted,
                               const JobTicket* job, std::vector<ClaimedAttempt>& claimed);

}  // namespace duet::engine
