#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "orgsim/core/error.h"
#include "orgsim/core/writer.h"

namespace orgsim {

/// Knobs of the org, changed by POST /orgsim/settings. JSON keys are the member names.
struct Settings {
  std::int64_t daily_api_limit = 100'000;         ///< calls per 24 h before REQUEST_LIMIT_EXCEEDED
  std::int64_t event_retention_ms = 259'200'000;  ///< 72 h (§4.2)
  std::int64_t max_retained_events = 1'000'000;   ///< bound of the event log; older ones go as if out of retention
  std::int64_t keep_alive_ms = 270'000;           ///< longest silence of a subscription
  std::int64_t event_delay_ms = 0;                ///< commit → visible to subscribers
  std::int64_t request_time_limit_ms = 600'000;   ///< server kills a request that runs longer (§2.0)
  std::int64_t upsert_window_ms = 0;              ///< between an upsert's lookup and its insert (§5)
  std::int64_t lock_wait_ms = 10'000;             ///< UNABLE_TO_LOCK_ROW after this wait
  std::int64_t visibility_delay_ms = 0;           ///< commit → seen by queries; reads by id see it at once
  std::int64_t commit_delay_ms = 0;               ///< between a request's last statement and its commit
  std::int64_t bulk_queue_ms = 0;                 ///< how long a Bulk job or batch waits before work on it starts
  std::int64_t bulk_chunk_ms = 0;                 ///< added to each 200 rows of a Bulk load, and to a Bulk query's run
  std::int64_t recycle_bin_days = 15;
  std::int64_t overflow_limit = 100'000;  ///< changes in one transaction before GAP_OVERFLOW (§4.7)
  /// Equal changes of several records in one transaction become one event with several recordIds (§0.5).
  bool merge_equal_changes = false;
  bool parent_locks = true;         ///< writes lock the parents that the org is known to lock (§5)
  bool rollups_move_stamp = false;  ///< a recalculated roll-up moves its record's SystemModstamp (§6.3: not known)
  /// A small change of a large text field is shown as a unified diff, named in diffFields (§4.5).
  bool diff_large_text = true;
  std::int64_t daily_event_limit = 0;  ///< events delivered in 24 h, all subscribers together (§4.8); 0: no limit
  std::int64_t publish_stream_idle_ms = 70'000;  ///< a PublishStream that is silent so long is closed (§4.2)
  // Limits of 24 hours unless they say otherwise; 0 is no limit.
  std::int64_t daily_bulk_batch_limit = 15'000;      ///< Bulk 1.0 batches and parts of 10,000 rows of Bulk 2.0 loads
  std::int64_t daily_bulk_query_job_limit = 10'000;  ///< Bulk 2.0 query jobs
  std::int64_t daily_streaming_event_limit = 0;      ///< PushTopic and generic events delivered over CometD
  std::int64_t hourly_publish_limit = 250'000;       ///< platform events published in an hour
  std::int64_t streaming_client_limit = 1'000;       ///< CometD clients at once (§4.8)
  std::int64_t concurrent_long_request_limit = 25;   ///< requests that run longer than long_request_ms, at once (§2.0)
  std::int64_t long_request_ms = 20'000;
  std::int64_t data_storage_mb = 0;  ///< STORAGE_LIMIT_EXCEEDED above it; a record counts 2 KB
  /// Which transports put ";client=X" into changeOrigin; JSON "client_token_transports": ["rows","bulk"].
  bool token_rows = true;
  bool token_collections = false;
  bool token_composite = false;
  bool token_bulk = true;
  bool token_soap = false;
  /// The org's clock: offset to the injected time, or a fixed time. JSON "clock": {"offset_ms":…} | {"fixed_ms":…} |
  /// null.
  std::int64_t clock_offset_ms = 0;
  std::optional<std::int64_t> clock_fixed_ms;

  [[nodiscard]] bool carries_token(Transport transport) const;
};

/// Changes the settings named by `patch`; unknown keys, wrong types and negative durations are errors (code
/// JSON_PARSER_ERROR) that change nothing.
Outcome<void> apply_settings(Settings& settings, const nlohmann::json& patch);
[[nodiscard]] nlohmann::json to_json(const Settings& settings);

}  // namespace orgsim
