#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "engine/governor.h"
#include "ports/org.h"
#include "runtime/worker_runner.h"
#include "salesforce/org_limits.h"

namespace duet::runtime {

/// What a person has paused.
enum class Pause { none, outbound, all };

std::string_view name_of(Pause pause);
/// Unknown names are `none`.
Pause pause_from_name(std::string_view name);

struct MappingStatus {
  std::string object;
  std::string table;
  std::string access;  ///< read_only | read_write
  std::string source;  ///< events | poll
  std::string source_reason;
  std::string state;  ///< created | loading | loaded
  std::string upsert_field;
  long rows = 0;  ///< of the table; an estimate of the database for large tables
  bool rows_estimated = false;
  long loaded_rows = 0;  ///< by the load that runs or ran last
  long pending = 0;      ///< local changes that the org has not confirmed
  std::optional<TimeMs> inbound_lag_ms;
  TimeMs outbound_lag_ms = 0;  ///< age of the oldest captured change that was not taken up
  long open_issues = 0;
  long open_errors = 0;  ///< of them refused or unknown writes
  long stale = 0;        ///< records whose calculated columns are to be read again
};

/// Where the use of the org's API calls is going.
struct BudgetForecast {
  std::optional<double> per_hour;         ///< nothing while too little was seen
  std::optional<TimeMs> exhausted_in_ms;  ///< nothing when not within a day
};

struct IssueCount {
  std::string kind;
  std::string state;
  long count = 0;
};

struct StreamStatus {
  bool used = false;  ///< some mapping follows events
  bool connected = false;
  TimeMs last_event_at = 0;               ///< 0: none since the start
  std::optional<TimeMs> last_lag_ms;      ///< of the last event: its commit in the org until its commit here
  std::optional<TimeMs> position_age_ms;  ///< how long ago the stream was known to be read to its end
};

/// A number that only grows since the start of the process.
struct CounterValue {
  std::string name;  ///< `events_received`
  std::uint64_t value = 0;
};

struct ConnectionStatus {
  std::string name;
  std::string org_id;
  std::string schema;
  std::string state;  ///< starting | running | paused | failed | stopped | not_running
  Pause paused = Pause::none;
  std::optional<Error> last_error;
  std::vector<MappingStatus> mappings;
  std::optional<ports::ApiUsage> api_usage;
  BudgetForecast forecast;
  std::vector<salesforce::OrgLimit> limits;  ///< of all clients of the org; empty until it has told them
  std::vector<IssueCount> issues;
  std::optional<engine::GovernorReport> budget;  ///< of the process that runs
  StreamStatus stream;
  std::vector<WorkerStatus> workers;
  std::vector<CounterValue> counters;
};

struct AppStatus {
  std::string version;
  TimeMs started_at = 0;  ///< 0: no `serve` answered
  std::vector<ConnectionStatus> connections;
};

/// Stable keys, `null` for what is not known (design §7).
std::string to_json(const AppStatus& status);
/// The `mappings` of one connection alone.
std::string mappings_to_json(const ConnectionStatus& status);

/// Prometheus text exposition, names `duet_…`.
std::string to_metrics(const AppStatus& status);

}  // namespace duet::runtime
