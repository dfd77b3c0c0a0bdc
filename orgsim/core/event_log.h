#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "orgsim/core/change_event.h"
#include "orgsim/core/error.h"
#include "orgsim/core/random.h"
#include "orgsim/core/settings.h"

namespace orgsim {

/// What all events of one transaction share.
struct EventTransaction {
  std::string key;
  std::string origin;
  std::string user_id;
  std::uint64_t commit_number = 0;
  std::int64_t commit_ms = 0;
};

/// An event as the log holds it; ChangeEvent is made from it when somebody reads.
struct LoggedEvent {
  std::uint64_t replay_id = 0;
  std::int64_t visible_ms = 0;
  std::shared_ptr<const EventTransaction> transaction;
  std::shared_ptr<const EventSchema> schema;
  std::uint64_t uuid_high = 0;
  std::uint64_t uuid_low = 0;
  std::int32_t sequence_number = 1;
  std::uint16_t object = 0;
  bool selected = true;  ///< the entity was selected for the common channel when it was committed
  ChangeType type = ChangeType::create;
  std::vector<std::uint32_t> slots;      ///< the records; none for an overflow
  std::string cells;                     ///< packed fields, with nulls for those set to null
  std::string enriched;                  ///< packed unchanged fields that custom channels ask for
  std::vector<std::uint16_t> diffs;      ///< fields whose cell is a unified diff
  std::vector<std::string> not_on = {};  ///< custom channels whose filter the record does not meet
  bool wildcard = false;                 ///< recordIds says "001*" instead of the records
  std::string payload;                   ///< platform events: Avro binary
  std::string given_id;                  ///< platform events: the publisher's id, if it gave one
};

/// The retained events in commit order. Replay ids rise with gaps, fit in 53 bits, and are never used twice; bounded
/// by time and by count.
class EventLog {
 public:
  explicit EventLog(std::uint64_t seed);

  /// Gives the event its replay id and visibility and keeps it.
  void append(LoggedEvent event, const Settings& settings);
  /// Forgets what is out of retention.
  void expire(std::int64_t now, const Settings& settings);
  void reset();
  /// Forgets everything retained, as if it were out of retention.
  void forget();

  /// The newest visible replay id; the stream's start when there is none.
  [[nodiscard]] std::uint64_t latest(std::int64_t now) const;
  /// The position before the oldest retained event.
  [[nodiscard]] std::uint64_t earliest() const { return floor_; }
  /// The position with this many visible events after it, or earliest() when there are fewer.
  [[nodiscard]] std::uint64_t before_newest(std::size_t events, std::int64_t now) const;
  /// True for ids that a subscription may resume after: retained, or the last ever issued, or the untouched start.
  [[nodiscard]] bool valid(std::uint64_t replay_id) const;

  /// Calls visit(event) for visible events after the id until it returns false.
  template <typename Visit>
  void read(std::uint64_t after, std::int64_t now, Visit visit) const {
    for (auto at = first_after(after); at != events_.end() && at->visible_ms <= now; ++at) {
      if (!visit(*at)) return;
    }
  }

  [[nodiscard]] std::optional<std::int64_t> next_visible(std::int64_t now) const;
  [[nodiscard]] std::size_t size() const { return events_.size(); }
  [[nodiscard]] std::uint64_t last_id() const { return last_id_; }

 private:
  [[nodiscard]] std::deque<LoggedEvent>::const_iterator first_after(std::uint64_t replay_id) const;

  std::deque<LoggedEvent> events_;
  Random random_;
  std::uint64_t last_id_;
  std::uint64_t floor_;
  bool expired_ = false;
};

}  // namespace orgsim
