#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/outbound_parts.h"
#include "rules/locks.h"
#include "rules/plan.h"
#include "rules/send_window.h"

namespace duet::engine {

/// From more records on, a change counts as a mass change and not as people's edits.
inline constexpr std::size_t kMassChange = 200;

/// Claimed attempts on their way: those that wait for a call, and the calls that are under way. Calls side by side
/// share no record that the org is known to lock; creates wait for the creates of parents that they name, and deletes
/// of parents for those of their children. Runs on the outbound worker's thread.
class Flights {
 public:
  /// `mappings`: parents first.
  Flights(const OutboundParts& parts, const std::vector<const Mapping*>& mappings)
      : parts_(parts), mappings_(mappings) {}

  /// How many more records of the mapping may be claimed now.
  std::size_t room(const Mapping& mapping) const;
  void add(std::vector<ClaimedAttempt> claimed);
  /// Starts what may go out now. How many calls it were.
  std::size_t start();
  /// What has been answered, with its outcome; waits for a first answer while calls are under way.
  std::vector<ClaimedAttempt> answered(TimeMs wait_ms);
  /// Takes back what has not gone out, as not sent.
  std::vector<ClaimedAttempt> withdraw();

  /// How long the org takes for a record of the object, ms; nothing while no call has been answered.
  std::optional<double> ms_per_record(const Mapping& mapping) const;
  bool idle() const { return waiting_.empty() && calls_.empty(); }
  bool under_way() const { return !calls_.empty(); }
  /// For how long the oldest call has been under way.
  TimeMs oldest_ms() const;
  bool holds(const std::string& token, std::optional<std::int64_t> row_id) const {
    return held_.contains({token, row_id});
  }

 private:
  struct Pool {
    const Mapping* mapping = nullptr;
    AttemptKind kind = AttemptKind::update;
    bool conditional = false;
    std::deque<ClaimedAttempt> attempts;
  };
  struct Call {
    const Mapping* mapping = nullptr;
    AttemptKind kind = AttemptKind::update;
    std::vector<ClaimedAttempt> attempts;
    std::vector<std::string> locks;
    TimeMs started_at = 0;
  };

  rules::SendWindow& window(const Mapping& mapping);
  const rules::SendWindow* find_window(const Mapping& mapping) const;
  std::size_t calls_of(const Mapping& mapping) const;
  /// Whether `first` comes before `second` in the order of parents.
  bool precedes(const Mapping& first, const Mapping& second) const;
  bool must_wait(const Pool& pool) const;
  std::set<std::string> unborn(const Pool& pool) const;
  bool start_one(Pool& pool);
  void launch(Pool& pool, const std::vector<std::size_t>& indexes);
  void judge(const Call& call, const std::vector<ports::SendOutcome>& outcomes);
  void forget(const std::vector<ClaimedAttempt>& attempts);

  const OutboundParts& parts_;
  const std::vector<const Mapping*>& mappings_;
  std::deque<Pool> waiting_;
  std::map<std::uint64_t, Call> calls_;
  std::uint64_t last_ticket_ = 0;
  std::multiset<std::string> locked_;
  /// The records of a claim have one token, and may go in several calls.
  std::set<std::pair<std::string, std::optional<std::int64_t>>> held_;
  std::map<std::string, rules::SendWindow> windows_;
  std::set<const Mapping*> contended_;  ///< something could not go because of a lock, and not all is done since
  rules::LearntLocks learnt_;
};

}  // namespace duet::engine
