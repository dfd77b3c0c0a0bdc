#include "rules/send_window.h"

#include <algorithm>

namespace duet::rules {
namespace {

constexpr double kSmallestCall = 10;
constexpr double kCollection = 200;
constexpr double kNewest = 0.3;  ///< weight of the newest call in the smoothed duration

}  // namespace

std::size_t SendWindow::records() const {
  double records = std::min(records_, static_cast<double>(limits_.records));
  if (ms_per_record_ > 0) records = std::min(records, static_cast<double>(limits_.call_ms) / ms_per_record_);
  // Whole collections: a rest would be a transaction of its own.
  if (records > kCollection)
    records -= static_cast<double>(static_cast<long>(records) % static_cast<long>(kCollection));
  return static_cast<std::size_t>(std::max(records, 1.0));
}

void SendWindow::answered(const Answer& answer) {
  if (answer.records == 0) return;
  const double each = static_cast<double>(std::max<TimeMs>(0, answer.ended_at - answer.started_at)) /
                      static_cast<double>(answer.records);
  measured_ = true;
  ms_per_record_ = ms_per_record_ == 0 ? each : ms_per_record_ + kNewest * (each - ms_per_record_);
  if (answer.lost && static_cast<double>(answer.records) > kSmallestCall)
    records_ = std::min(records_, std::max(kSmallestCall, static_cast<double>(answer.records) / 2));
  const bool trouble = answer.locked > 0 || answer.throttled || answer.lost || answer.heavy;
  if (!trouble) {
    parallel_ += parallel_ < threshold_ ? 1 : 1 / parallel_;
    parallel_ = std::min(parallel_, static_cast<double>(std::max<std::size_t>(1, limits_.parallel)));
    records_ = std::min(records_ * 1.25, 1'000'000.0);
    return;
  }
  if (answer.started_at <= cut_at_) return;
  if (answer.heavy) records_ = std::max(1.0, static_cast<double>(answer.records) / 2);
  cut_at_ = answer.ended_at;
  // Alone and still refused: what collides is outside of us, or in the batch itself. Smaller batches lock for less
  // long.
  if (parallel_ < 2 && answer.locked > 0) records_ = std::max(kSmallestCall, static_cast<double>(answer.records) / 2);
  if (answer.heavy && answer.locked == 0 && !answer.throttled) return;
  parallel_ = std::max(1.0, parallel_ / 2);
  threshold_ = parallel_;
}

}  // namespace duet::rules
