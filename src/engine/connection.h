#pragma once

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

#include "model/mapping.h"
#include "ports/org.h"
#include "rules/breaker.h"

namespace duet::engine {

/// One org and one schema with their mappings. Immutable while workers run: an import restarts them.
struct Connection {
  std::string name;
  ports::OrgIdentity identity;
  std::vector<Mapping> mappings;

  const Mapping* find(std::string_view object) const;
};

/// The engine's bounds and waits, with the defaults of the field. All times in ms.
struct Settings {
  /// How long the org may still be running a request whose answer was lost (spec/performance.md §1.2: REST times out
  /// after 10 min).
  TimeMs request_limit_ms = 600'000;
  TimeMs tombstone_ms = 72 * 3'600'000L;
  /// A transaction of the stream ends after this much silence (design §2 G4).
  TimeMs transaction_silence_ms = 5;
  std::size_t transaction_records = 10'000;
  /// What the stream is trusted to be behind, beyond what it says itself.
  TimeMs horizon_margin_ms = 2'000;
  TimeMs duplicate_wait_ms = 2'000;
  TimeMs retry_base_ms = 1'000;
  TimeMs retry_limit_ms = 60'000;
  TimeMs poll_overlap_ms = 600'000;
  std::size_t claim_records = 1'000;
  std::size_t read_records = 200;
  /// From this many records of one object and operation on, collections are used instead of single rows.
  std::size_t collection_from = 2;
  /// Calls that change records, side by side. The org limits only those of 20 s and more.
  std::size_t send_parallel = 32;
  /// Calls that the org carries out more slowly get fewer records.
  TimeMs call_ms = 15'000;
  rules::DeleteLimit deletes;
  /// From so many captured changes of one object and kind on, they go by Bulk jobs (spec/salesforce-api.md §3.1): about
  /// ten calls for each. 0: never, which is the default as long as the simulation finds histories in which a job and an
  /// edit that crosses it lose a value (docs/decisions/0007).
  std::size_t bulk_from = 10'000;
  std::size_t bulk_from_short = 2'000;  ///< while the budget is short
  std::size_t bulk_records = 100'000;   ///< per job
  int rounds_before_issue = 3;
  int dirty_reads_before_issue = 3;
};

/// Up to when the inbound stream has been applied, on this machine's clock. Written by the inbound worker, read by the
/// settle worker.
class StreamHorizon {
 public:
  TimeMs passed_until() const { return passed_until_.load(std::memory_order_acquire); }
  void advance(TimeMs until) {
    TimeMs seen = passed_until_.load(std::memory_order_relaxed);
    while (seen < until && !passed_until_.compare_exchange_weak(seen, until, std::memory_order_release)) {
    }
  }

 private:
  std::atomic<TimeMs> passed_until_{0};
};

/// What the workers have done since the start. Thread safe; exported as metrics.
struct Counters {
  std::atomic<std::uint64_t> events_received{0};
  std::atomic<std::uint64_t> events_duplicate{0};
  std::atomic<std::uint64_t> events_old{0};
  std::atomic<std::uint64_t> transactions_applied{0};
  std::atomic<std::uint64_t> transactions_split{0};
  std::atomic<std::uint64_t> records_applied{0};
  std::atomic<std::uint64_t> records_dirty{0};
  std::atomic<std::uint64_t> values_held{0};
  std::atomic<std::uint64_t> conflicts{0};
  std::atomic<std::uint64_t> late_conflicts{0};
  std::atomic<std::uint64_t> attempts_sent{0};
  std::atomic<std::uint64_t> attempts_accepted{0};
  std::atomic<std::uint64_t> attempts_rejected{0};
  std::atomic<std::uint64_t> attempts_unknown{0};
  std::atomic<std::uint64_t> attempts_settled{0};
  std::atomic<std::uint64_t> deletes_held{0};
  std::atomic<std::uint64_t> reads_back{0};
  std::atomic<std::uint64_t> records_refreshed{0};
  std::atomic<std::uint64_t> rows_loaded{0};
  std::atomic<std::int64_t> last_event_at{0};      ///< local clock, ms
  std::atomic<std::int64_t> last_event_lag_ms{0};  ///< commit in the org → commit here
};

}  // namespace duet::engine
