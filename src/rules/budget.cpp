#include "rules/budget.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace duet::rules {
namespace {

/// Of the daily limit, by class: below it, the class waits for the older calls to leave the 24 h.
constexpr std::array<double, 5> kReserve = {0.01, 0.03, 0.10, 0.20, 0.25};
constexpr double kSmallestDepth = 20;
constexpr TimeMs kSampleEveryMs = 60'000;
constexpr TimeMs kSampledMs = 3'600'000;
/// How far calls that do not wait may overdraw the bucket: edits then wait a little longer, not for all of a mass
/// change.
constexpr double kOverdraft = 2;

TimeMs rounded_up(double ms) { return static_cast<TimeMs>(std::ceil(ms)); }

}  // namespace

std::string_view name_of(CallClass call_class) {
  constexpr std::array<std::string_view, 5> kNames = {"edits", "outbound", "catch_up", "backfill", "verify"};
  return kNames[static_cast<std::size_t>(call_class)];
}

std::string_view name_of(BudgetReport::State state) {
  constexpr std::array<std::string_view, 5> kNames = {"unknown", "full_speed", "paced", "reserve", "exhausted"};
  return kNames[static_cast<std::size_t>(state)];
}

double Budget::left_above(CallClass call_class) const {
  const double reserve = kReserve[static_cast<std::size_t>(call_class)] * static_cast<double>(allowed_);
  return static_cast<double>(allowed_ - used_) - reserve;
}

double Budget::rate() const {
  const double day = left_above(CallClass::edits) * limits_.share / static_cast<double>(kMsPerDay);
  return std::max(day, 1 / static_cast<double>(limits_.longest_wait_ms));
}

/// Less of a burst where less is left.
double Budget::depth() const {
  const double left = std::clamp(2 * left_above(CallClass::edits) / static_cast<double>(allowed_), 0.0, 1.0);
  return std::max(kSmallestDepth, limits_.depth * static_cast<double>(allowed_) * left);
}

double Budget::tokens(TimeMs now) const {
  const auto passed = static_cast<double>(std::max<TimeMs>(0, now - counted_at_));
  return std::min(depth(), tokens_ + passed * rate());
}

void Budget::observe(long used, long allowed, TimeMs now) {
  if (allowed <= 0) return;
  const double before = known_ ? tokens(now) : 0;
  const bool first = !known_ || allowed != allowed_;
  known_ = true;
  used_ = used;
  allowed_ = allowed;
  tokens_ = first ? depth() : std::min(before, depth());
  counted_at_ = now;
  if (samples_.empty() || now - samples_.back().at >= kSampleEveryMs) samples_.push_back({now, used});
  while (now - samples_.front().at > kSampledMs) samples_.pop_front();
}

void Budget::spent(CallClass call_class, long calls, TimeMs now) {
  if (calls == 0) return;
  spent_at_[static_cast<std::size_t>(call_class)] = now;
  if (!known_) return;
  tokens_ = std::max(tokens(now) - static_cast<double>(calls), -kOverdraft);
  counted_at_ = now;
}

TimeMs Budget::wait(CallClass call_class, bool full, TimeMs now) const {
  if (!known_) return 0;
  const TimeMs passed = now - spent_at_[static_cast<std::size_t>(call_class)];
  if (used_ >= allowed_) return std::max<TimeMs>(0, limits_.probe_ms - passed);
  if (left_above(call_class) <= 0) {
    if (call_class == CallClass::backfill || call_class == CallClass::verify) return limits_.longest_wait_ms;
    return std::max<TimeMs>(0, limits_.longest_wait_ms - passed);
  }
  if (full || call_class != CallClass::edits) return 0;
  const double now_left = tokens(now);
  if (now_left >= 1) return 0;
  return std::min(limits_.longest_wait_ms, rounded_up((1 - now_left) / rate()));
}

bool Budget::is_short(TimeMs now) const { return known_ && (left_above(CallClass::backfill) <= 0 || tokens(now) < 1); }

BudgetReport Budget::report(TimeMs now) const {
  BudgetReport report;
  if (!known_) return report;
  report.used = used_;
  report.allowed = allowed_;
  report.tokens = std::max(0.0, tokens(now));
  report.calls_per_hour = rate() * 3'600'000;
  report.next_call_ms = wait(CallClass::edits, false, now);
  using State = BudgetReport::State;
  report.state = used_ >= allowed_                   ? State::exhausted
                 : left_above(CallClass::edits) <= 0 ? State::reserve
                 : tokens(now) < 1                   ? State::paced
                                                     : State::full_speed;
  if (samples_.size() > 1 && used_ > samples_.front().used && now > samples_.front().at) {
    const double per_ms =
        static_cast<double>(used_ - samples_.front().used) / static_cast<double>(now - samples_.front().at);
    report.exhausted_in_ms = static_cast<TimeMs>(static_cast<double>(std::max(0L, allowed_ - used_)) / per_ms);
  }
  return report;
}

}  // namespace duet::rules
