#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orgsim {

/// What the Streaming API retains beside change events: notifications of PushTopics (/topic/…) and messages of generic
/// channels (/u/…), for 24 hours and at most kEventsMax of them. One row of replay ids for all channels, so that those
/// of one channel have gaps. Guarded by the org's access.
class StreamingEvents {
 public:
  static constexpr std::size_t kEventsMax = 100'000;
  static constexpr std::int64_t kRetentionMs = 24LL * 3600 * 1000;

  struct Event {
    std::uint64_t replay_id = 0;
    std::int64_t ms = 0;
    std::string channel;
    /// The "data" of the message, as JSON text.
    std::string data;
    /// Who gets it; empty for everybody.
    std::vector<std::string> user_ids;
  };

  /// `make_data` is given the event's replay id.
  void append(std::string channel, std::int64_t now_ms, const std::function<std::string(std::uint64_t)>& make_data,
              std::vector<std::string> user_ids = {});
  std::uint64_t latest() const { return next_ - 1; }
  /// The position before the oldest retained event.
  std::uint64_t earliest() const { return events_.empty() ? latest() : events_.front().replay_id - 1; }
  /// True for ids that a subscription may resume after.
  bool can_resume(std::uint64_t replay_id) const { return replay_id >= earliest() && replay_id <= latest(); }
  /// The events of one channel after this id, at most `max`; they stay valid until the next append.
  std::vector<const Event*> read(std::string_view channel, std::uint64_t after, std::size_t max) const;
  void clear();
  /// How many CometD clients there are, for /limits.
  void note_clients(std::size_t clients) { clients_ = clients; }
  std::int64_t clients() const { return static_cast<std::int64_t>(clients_); }

 private:
  std::deque<Event> events_;
  std::uint64_t next_ = 1;
  std::size_t clients_ = 0;
};

}  // namespace orgsim
