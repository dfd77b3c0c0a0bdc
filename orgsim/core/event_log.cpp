#include "orgsim/core/event_log.h"

#include <algorithm>

namespace orgsim {

namespace {

constexpr std::uint64_t kFirstReplayId = 1'000'000;
constexpr std::uint64_t kLargestGap = 7;
/// A reset moves ids far on, so that no old id is met again.
constexpr std::uint64_t kResetStep = 1'000'000'000;

}  // namespace

EventLog::EventLog(std::uint64_t seed)
    : random_(seed), last_id_(kFirstReplayId + random_.below(kFirstReplayId)), floor_(last_id_) {}

void EventLog::append(LoggedEvent event, const Settings& settings) {
  last_id_ += 1 + random_.below(kLargestGap);
  event.replay_id = last_id_;
  const std::int64_t due = event.transaction->commit_ms + settings.event_delay_ms;
  // Order is kept when the delay is lowered or the clock steps back.
  event.visible_ms = events_.empty() ? due : std::max(due, events_.back().visible_ms);
  events_.push_back(std::move(event));
}

void EventLog::expire(std::int64_t now, const Settings& settings) {
  const auto too_many = [&] { return events_.size() > static_cast<std::size_t>(settings.max_retained_events); };
  while (!events_.empty() &&
         (too_many() || events_.front().transaction->commit_ms + settings.event_retention_ms < now)) {
    floor_ = events_.front().replay_id;
    expired_ = true;
    events_.pop_front();
  }
}

void EventLog::reset() {
  events_.clear();
  last_id_ += kResetStep + random_.below(kResetStep);
  floor_ = last_id_;
  expired_ = false;
}

void EventLog::forget() {
  if (events_.empty()) return;
  floor_ = events_.back().replay_id;
  expired_ = true;
  events_.clear();
}

std::deque<LoggedEvent>::const_iterator EventLog::first_after(std::uint64_t replay_id) const {
  return std::upper_bound(events_.begin(), events_.end(), replay_id,
                          [](std::uint64_t id, const LoggedEvent& event) { return id < event.replay_id; });
}

std::uint64_t EventLog::latest(std::int64_t now) const {
  if (events_.empty() || events_.back().visible_ms <= now) return last_id_;
  const auto end = std::partition_point(events_.begin(), events_.end(),
                                        [now](const LoggedEvent& event) { return event.visible_ms <= now; });
  return end == events_.begin() ? floor_ : std::prev(end)->replay_id;
}

std::uint64_t EventLog::before_newest(std::size_t events, std::int64_t now) const {
  const auto end = std::partition_point(events_.begin(), events_.end(),
                                        [now](const LoggedEvent& event) { return event.visible_ms <= now; });
  const auto visible = static_cast<std::size_t>(end - events_.begin());
  return visible <= events ? floor_ : (end - static_cast<std::ptrdiff_t>(events) - 1)->replay_id;
}

bool EventLog::valid(std::uint64_t replay_id) const {
  if (replay_id == last_id_ || (replay_id == floor_ && !expired_)) return true;
  const auto after = first_after(replay_id);
  return after != events_.begin() && std::prev(after)->replay_id == replay_id;
}

std::optional<std::int64_t> EventLog::next_visible(std::int64_t now) const {
  const auto at = std::partition_point(events_.begin(), events_.end(),
                                       [now](const LoggedEvent& event) { return event.visible_ms <= now; });
  if (at == events_.end()) return std::nullopt;
  return at->visible_ms;
}

}  // namespace orgsim
