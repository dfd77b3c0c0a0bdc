#include "rules/circuit.h"

#include <algorithm>

namespace duet::rules {
namespace {

constexpr TimeMs kFirstPauseMs = 1'000;
constexpr TimeMs kLongestPauseMs = 60'000;
/// Where the org asks for a pause again and again.
constexpr TimeMs kLongestAskedMs = 300'000;
constexpr int kDoublings = 6;
/// Longer than any call: a probe without an answer does not keep the circuit open for ever.
constexpr TimeMs kProbeMs = 130'000;

}  // namespace

void Circuit::failed(TimeMs now, TimeMs pause_ms) {
  // Of the same wave of calls: they tell nothing new.
  if (open() && !probing_ && now < until_) return;
  probing_ = false;
  ++failures_;
  if (pause_ms > 0) asked_ = true;
  if (!open()) return;
  const auto doubled = [](TimeMs pause, int times) { return pause << std::clamp(times, 0, kDoublings); };
  if (asked_) pause_ms = std::min(kLongestAskedMs, doubled(pause_ms, failures_ - 1));
  const TimeMs own = failures_ >= kOpensAfter ? doubled(kFirstPauseMs, failures_ - kOpensAfter) : 0;
  until_ = now + std::max(pause_ms, std::min(kLongestPauseMs, own));
}

void Circuit::succeeded() {
  failures_ = 0;
  asked_ = false;
  probing_ = false;
  until_ = 0;
}

TimeMs Circuit::wait(TimeMs now) const { return open() ? std::max<TimeMs>(0, until_ - now) : 0; }

void Circuit::called(TimeMs now) {
  if (!open()) return;
  probing_ = true;
  until_ = now + kProbeMs;
}

}  // namespace duet::rules
