#include "runtime/limit_watch.h"

namespace duet::runtime {
namespace {

constexpr TimeMs kEveryMs = 3'600'000;

int step_of(int percent) {
  for (const int step : {100, 95, kLimitWarnPercent}) {
    if (percent >= step) return step;
  }
  return 0;
}

}  // namespace

bool LimitWatch::due(TimeMs now) const { return !asked_at_ || now - *asked_at_ >= kEveryMs; }

std::vector<salesforce::OrgLimit> LimitWatch::note(TimeMs now, std::vector<salesforce::OrgLimit> limits) {
  asked_at_ = now;
  limits_ = std::move(limits);
  std::vector<salesforce::OrgLimit> risen;
  for (const salesforce::OrgLimit& limit : limits_) {
    const int step = step_of(limit.percent());
    int& told = told_[limit.name];
    if (step > told) risen.push_back(limit);
    told = step;
  }
  return risen;
}

}  // namespace duet::runtime
