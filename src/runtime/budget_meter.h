#pragma once

#include <deque>

#include "ports/org.h"
#include "runtime/status.h"

namespace duet::runtime {

/// Watches the org's count of API calls and says where it is going. Not thread safe.
class BudgetMeter {
 public:
  /// `now` never goes back; ms.
  void note(TimeMs now, const ports::ApiUsage& usage);
  BudgetForecast forecast() const;

 private:
  struct Sample {
    TimeMs at = 0;
    ports::ApiUsage usage;
  };
  std::deque<Sample> samples_;  ///< of the last hour, oldest first
};

}  // namespace duet::runtime
