#include "orgsim/server/streaming_events.h"

#include <algorithm>

namespace orgsim {

void StreamingEvents::append(std::string channel, std::int64_t now_ms,
                             const std::function<std::string(std::uint64_t)>& make_data,
                             std::vector<std::string> user_ids) {
  while (!events_.empty() && (events_.size() >= kEventsMax || events_.front().ms + kRetentionMs < now_ms)) {
    events_.pop_front();
  }
  const std::uint64_t id = next_++;
  events_.push_back({.replay_id = id,
                     .ms = now_ms,
                     .channel = std::move(channel),
                     .data = make_data(id),
                     .user_ids = std::move(user_ids)});
}

std::vector<const StreamingEvents::Event*> StreamingEvents::read(std::string_view channel, std::uint64_t after,
                                                                 std::size_t max) const {
  std::vector<const Event*> out;
  auto at = std::upper_bound(events_.begin(), events_.end(), after,
                             [](std::uint64_t id, const Event& event) { return id < event.replay_id; });
  for (; at != events_.end() && out.size() < max; ++at) {
    if (at->channel == channel) out.push_back(&*at);
  }
  return out;
}

void StreamingEvents::clear() { events_.clear(); }

}  // namespace orgsim
