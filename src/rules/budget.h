#pragma once

#include <array>
#include <deque>
#include <optional>
#include <string_view>

#include "base/time.h"

namespace duet::rules {

/// What calls are for, the most urgent first. Each leaves a reserve of the daily limit to those before it.
enum class CallClass {
  edits,     ///< what people wait for: few records at a time
  outbound,  ///< mass changes
  catch_up,  ///< read-backs, polls
  backfill,  ///< loads
  verify,
};

inline constexpr std::size_t kCallClasses = 5;

std::string_view name_of(CallClass call_class);

struct BudgetLimits {
  /// Of what is left above the reserve: how much edits may spend if it had to last a whole day.
  double share = 0.4;
  /// Of the daily limit: calls that may go out at once after a quiet time.
  double depth = 0.005;
  TimeMs longest_wait_ms = 60'000;
  /// When the limit is used up: a call goes out now and then, because only the org's answer tells that there is more.
  TimeMs probe_ms = 30'000;
};

/// What is shown of the budget.
struct BudgetReport {
  enum class State { unknown, full_speed, paced, reserve, exhausted };
  State state = State::unknown;
  long used = 0;
  long allowed = 0;
  double tokens = 0;                      ///< calls that may go out at once
  double calls_per_hour = 0;              ///< the pace without tokens
  TimeMs next_call_ms = 0;                ///< until the next call of a few records
  std::optional<TimeMs> exhausted_in_ms;  ///< if all clients of the org go on as in the last hour
};

std::string_view name_of(BudgetReport::State state);

/// Spends the org's daily calls so that they last (spec/salesforce-api.md §2.0, `Sforce-Limit-Info`): a token bucket.
/// While there are tokens every change goes out at once; as they run out calls are spaced, so that each carries what
/// has come meanwhile; and what the org says is left moves the pace. Without that word nothing is limited. Times are of
/// a clock that does not go back.
class Budget {
 public:
  explicit Budget(BudgetLimits limits = {}) : limits_(limits) {}

  /// The calls of the last 24 h, of all clients, as an answer of the org counts them.
  void observe(long used, long allowed, TimeMs now);
  void spent(CallClass call_class, long calls, TimeMs now);
  /// How long a call must wait. `full`: it carries as much as a call can, so waiting would not make it cheaper.
  TimeMs wait(CallClass call_class, bool full, TimeMs now) const;
  /// Records are scarce enough of calls that jobs should be preferred to collections.
  bool is_short(TimeMs now) const;
  BudgetReport report(TimeMs now) const;

 private:
  struct Sample {
    TimeMs at = 0;
    long used = 0;
  };

  double left_above(CallClass call_class) const;
  double rate() const;  ///< tokens per ms
  double depth() const;
  double tokens(TimeMs now) const;

  BudgetLimits limits_;
  bool known_ = false;
  long used_ = 0;
  long allowed_ = 0;
  double tokens_ = 0;
  TimeMs counted_at_ = 0;
  std::array<TimeMs, kCallClasses> spent_at_{};  ///< by class
  std::deque<Sample> samples_;                   ///< one a minute, of the last hour
};

}  // namespace duet::rules
