#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "salesforce/rest_client.h"

namespace duet::salesforce {

/// One of the org's allocations, as `/limits` tells it (spec/salesforce-api.md §2.1), of all clients of the org.
struct OrgLimit {
  std::string name;  ///< `DailyDeliveredPlatformEvents`
  long used = 0;
  long allowed = 0;

  /// Of a hundred; 0 where nothing is allowed, because then nothing is counted.
  int percent() const;
};

/// Those of the org's limits that Duet spends from, in the order of their names; what the org does not tell is left
/// out. Costs one API call. `bad_data` for an answer that is no list of limits.
Result<std::vector<OrgLimit>> read_limits(RestClient& client);

/// The body of `/limits`, as `read_limits` reads it.
Result<std::vector<OrgLimit>> parse_limits(std::string_view body);

}  // namespace duet::salesforce
