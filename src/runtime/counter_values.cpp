#include "runtime/counter_values.h"

#include <algorithm>

namespace duet::runtime {

std::vector<CounterValue> counter_values(const engine::Counters& counters) {
  return {
      {"events_received", counters.events_received},
      {"events_duplicate", counters.events_duplicate},
      {"events_old", counters.events_old},
      {"transactions_applied", counters.transactions_applied},
      {"transactions_split", counters.transactions_split},
      {"records_applied", counters.records_applied},
      {"records_dirty", counters.records_dirty},
      {"values_held", counters.values_held},
      {"conflicts", counters.conflicts},
      {"late_conflicts", counters.late_conflicts},
      {"attempts_sent", counters.attempts_sent},
      {"attempts_accepted", counters.attempts_accepted},
      {"attempts_rejected", counters.attempts_rejected},
      {"attempts_unknown", counters.attempts_unknown},
      {"attempts_settled", counters.attempts_settled},
      {"reads_back", counters.reads_back},
      {"records_refreshed", counters.records_refreshed},
      {"rows_loaded", counters.rows_loaded},
  };
}

void fill_stream(ConnectionStatus& status, const engine::Connection& connection, const engine::StreamHorizon& horizon,
                 TimeMs now) {
  StreamStatus& stream = status.stream;
  stream.used = std::ranges::any_of(connection.mappings,
                                    [](const Mapping& each) { return each.source == InboundSource::events; });
  const auto inbound = std::ranges::find(status.workers, "inbound", &WorkerStatus::name);
  stream.connected = inbound != status.workers.end() && !inbound->last_error && inbound->steps > 0 &&
                     (inbound->state == WorkerState::running || inbound->state == WorkerState::waiting);
  if (const TimeMs until = horizon.passed_until(); until > 0) stream.position_age_ms = std::max<TimeMs>(0, now - until);
}

}  // namespace duet::runtime
