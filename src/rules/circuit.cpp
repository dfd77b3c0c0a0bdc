#include "rules/circuit.h"

#include <algorithm>

namespace duet::rules {
namespace {

constexpr TimeMs kFirstPauseMs = 1'000;
constexpr TimeMs kLongestPauseMs = 60'000;
constexpr int kDoublings = 6;
/// Longer than any call: a probe without an answer does not keep the circuit open for ever.
constexpr TimeMs kProbeMs = 130'000;

}  // namespace

void Circuit::failed(TimeMs now, TimeMs pause_ms) {
  ++failures_;
  if (pause_ms > 0) asked_ = true;
  if (!open()) return;
  const int doublings = std::clamp(failures_ - kOpensAfter, 0, kDoublings);
  until_ =
      now + std::max(pause_ms, failures_ >= kOpensAfter ? std::min(kLongestPauseMs, kFirstPauseMs << doublings) : 0);
}

void Circuit::succeeded() {
  failures_ = 0;
  asked_ = false;
  until_ = 0;
}

TimeMs Circuit::wait(TimeMs now) const { return open() ? std::max<TimeMs>(0, until_ - now) : 0; }

void Circuit::called(TimeMs now) {
  if (open()) until_ = now + kProbeMs;
}

}  // namespace duet::rules
