#include "engine/timing.h"

namespace duet::engine {
namespace {

constexpr TimeMs kMeasureEveryMs = 60'000;

}  // namespace

Timing::Timing(const Connection& connection, const Settings& settings, ports::Clock& clock, ports::Store& store,
               ports::Org& org)
    : connection_(connection), settings_(settings), clock_(clock), store_(store), org_(org) {}

void Timing::measure_database_clock() {
  const TimeMs now = clock_.now();
  if (measured_at_ != 0 && now - measured_at_ < kMeasureEveryMs) return;
  // An unreachable database shows at the next real statement; the last offset serves until then.
  if (auto database_now = store_.now()) {
    database_ahead_ms_ = *database_now - clock_.now();
    measured_at_ = now;
  }
}

TimeMs Timing::org_now() { return clock_.now() + org_.clock_offset().offset_ms; }

TimeMs Timing::local_from_org(TimeMs org_time) { return org_time - org_.clock_offset().offset_ms; }

rules::Context Timing::context(const Mapping& mapping) {
  measure_database_clock();
  const ports::ClockOffset offset = org_.clock_offset();
  const TimeMs now = clock_.now();
  return rules::Context{
      .mapping = mapping,
      .our_user = connection_.identity.user_id,
      .now = now,
      .database_now = now + database_ahead_ms_,
      .offset_ms = offset.offset_ms - database_ahead_ms_,
      .uncertainty_ms = offset.uncertainty_ms,
      .request_limit_ms = settings_.request_limit_ms,
      .tombstone_ms = settings_.tombstone_ms,
      .duplicate_wait_ms = settings_.duplicate_wait_ms,
      .retry_ms = settings_.retry_base_ms,
      .rounds_before_issue = settings_.rounds_before_issue,
  };
}

}  // namespace duet::engine
