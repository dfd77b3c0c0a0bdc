#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "salesforce/org_limits.h"

namespace duet::runtime {

/// From here on a person should know.
inline constexpr int kLimitWarnPercent = 80;

/// Keeps what the org last said of its limits and says when one runs short. Not thread safe.
class LimitWatch {
 public:
  /// Whether the org should be asked: at once, then every hour, so that an idle day costs 24 calls.
  bool due(TimeMs now) const;
  /// The org was asked and did not answer.
  void missed(TimeMs now) { asked_at_ = now; }
  /// Takes the answer; gives back the limits that have risen above 80, 95 or 100 per cent since the last one.
  std::vector<salesforce::OrgLimit> note(TimeMs now, std::vector<salesforce::OrgLimit> limits);

  const std::vector<salesforce::OrgLimit>& limits() const { return limits_; }

 private:
  std::optional<TimeMs> asked_at_;
  std::vector<salesforce::OrgLimit> limits_;
  std::map<std::string, int> told_;  ///< the step each limit was last seen above
};

}  // namespace duet::runtime
