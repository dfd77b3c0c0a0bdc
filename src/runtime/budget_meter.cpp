#include "runtime/budget_meter.h"

#include <algorithm>
#include <cmath>

namespace duet::runtime {
namespace {

constexpr TimeMs kSampleEveryMs = 30'000;
constexpr TimeMs kHourMs = 3'600'000;
/// With less the rate of a moment would be taken for that of a day.
constexpr TimeMs kShortestMs = 300'000;

}  // namespace

void BudgetMeter::note(TimeMs now, const ports::ApiUsage& usage) {
  if (!samples_.empty() && now - samples_.back().at < kSampleEveryMs) return;
  samples_.push_back({now, usage});
  while (now - samples_.front().at > kHourMs) samples_.pop_front();
}

BudgetForecast BudgetMeter::forecast() const {
  BudgetForecast forecast;
  if (samples_.empty()) return forecast;
  const Sample& first = samples_.front();
  const Sample& last = samples_.back();
  if (last.at - first.at < kShortestMs) return forecast;
  // The count is of the last 24 h: it falls when calls of yesterday grow old.
  const double rate = std::max(
      0.0, static_cast<double>(last.usage.used - first.usage.used) * kHourMs / static_cast<double>(last.at - first.at));
  forecast.per_hour = std::round(rate * 10) / 10;
  if (rate <= 0) return forecast;
  const double hours = static_cast<double>(std::max(0L, last.usage.allowed - last.usage.used)) / rate;
  if (hours <= 24) forecast.exhausted_in_ms = static_cast<TimeMs>(hours * kHourMs);
  return forecast;
}

}  // namespace duet::runtime
