#include "runtime/status_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "postgres/connection_store.h"
#include "postgres/issue_store.h"
#include "postgres/mapping_store.h"
#include "postgres/status_store.h"

namespace duet::runtime {
namespace {

constexpr TimeMs kKeepMs = 1'000;
/// Larger tables are not counted: the server's estimate is shown, and said to be one.
constexpr long kLargestCounted = 200'000;

}  // namespace

StatusReader::StatusReader(std::string url, std::string schema, std::string connection, ports::Clock& clock)
    : url_(std::move(url)), schema_(std::move(schema)), connection_(std::move(connection)), clock_(clock) {}

Result<ConnectionStatus> StatusReader::read() {
  std::lock_guard lock(mutex_);
  const TimeMs now = clock_.monotonic();
  if (last_ && now - read_at_ < kKeepMs) return *last_;
  auto status = read_now();
  if (!status && session_ && session_->broken()) {
    session_.reset();
    status = read_now();
  }
  if (!status) {
    if (session_ && session_->broken()) session_.reset();
    last_.reset();
    return status;
  }
  last_ = *status;
  read_at_ = now;
  return status;
}

Result<ConnectionStatus> StatusReader::read_now() {
  if (!session_) session_ = DUET_TRY(postgres::Session::connect(url_, postgres::SessionRole::admin));
  ConnectionStatus status;
  status.name = connection_;
  status.schema = schema_;
  status.state = "not_running";
  const postgres::Rows present =
      DUET_TRY(session_->query("SELECT pg_catalog.to_regclass('duet.connection') IS NOT NULL"));
  if (!present.boolean(0, 0)) {
    return fail(ErrorKind::not_found, "nothing has been imported into this database", {}, "run: duet import FILE");
  }
  const postgres::Rows rows =
      DUET_TRY(session_->query("SELECT id, org_id FROM duet.connection WHERE name = $1", {connection_}));
  if (rows.empty()) {
    return fail(ErrorKind::not_found, fmt::format("nothing has been imported for connection {}", connection_), {},
                "run: duet import FILE");
  }
  status.org_id = std::string(rows.text(0, 1));
  const int id = static_cast<int>(rows.integer(0, 0));
  const postgres::PauseFlags paused = DUET_TRY(postgres::ConnectionStore(*session_).paused(id));
  status.paused = paused.all ? Pause::all : paused.outbound ? Pause::outbound : Pause::none;
  DUET_TRY(read_mappings(id, status));
  for (const postgres::IssueCount& count : DUET_TRY(postgres::IssueStore(*session_, id).counts({})))
    status.issues.push_back({count.kind, count.state, count.count});
  return status;
}

Result<void> StatusReader::read_mappings(int connection_id, ConnectionStatus& status) {
  const auto stored = DUET_TRY(postgres::MappingStore(*session_, connection_id).list());
  const auto positions = DUET_TRY(postgres::list_positions(*session_, connection_id));
  const postgres::Rows issues =
      DUET_TRY(session_->query("SELECT object, count(*), count(*) FILTER (WHERE kind IN ('rejected', 'unknown')) FROM "
                               "duet.issue WHERE connection_id "
                               "= $1::integer AND state = 'open' GROUP BY object",
                               {std::to_string(connection_id)}));
  const TimeMs now = clock_.now();
  for (const postgres::StoredMapping& each : stored) {
    MappingStatus mapping;
    mapping.object = each.mapping.object;
    mapping.table = each.mapping.table;
    mapping.access = each.mapping.access == Access::read_write ? "read_write" : "read_only";
    mapping.upsert_field = each.mapping.upsert_field;
    mapping.source = each.mapping.source == InboundSource::events ? "events" : "poll";
    mapping.source_reason = each.mapping.source_reason;
    mapping.state = postgres::name_of(each.load.state);
    mapping.loaded_rows = each.load.rows;
    const postgres::MappingCounts counts = DUET_TRY(postgres::count_mapping(*session_, schema_, each.mapping));
    mapping.pending = counts.new_log + counts.lanes_sendable + counts.lanes_in_flight + counts.lanes_parked;
    mapping.outbound_lag_ms = counts.oldest_new_ms;
    mapping.stale = counts.stale;
    const auto polled = std::ranges::find(positions, "poll:" + mapping.object, &postgres::StoredPosition::source);
    if (polled != positions.end()) mapping.inbound_lag_ms = std::max<TimeMs>(0, now - polled->updated_at);
    for (std::size_t i = 0; i < issues.size(); ++i) {
      if (issues.text(i, 0) == mapping.object) {
        mapping.open_issues = issues.integer(i, 1);
        mapping.open_errors = issues.integer(i, 2);
      }
    }
    DUET_TRY(count_rows(mapping, counts.rows));
    status.mappings.push_back(std::move(mapping));
  }
  return {};
}

Result<void> StatusReader::count_rows(MappingStatus& mapping, long estimate) {
  mapping.rows = estimate;
  mapping.rows_estimated = estimate > kLargestCounted;
  if (mapping.rows_estimated) return {};
  const postgres::Rows rows = DUET_TRY(session_->query(
      fmt::format("SELECT count(*) FROM (SELECT FROM {}.{} LIMIT {}) few", session_->identifier(schema_),
                  session_->identifier(mapping.table), kLargestCounted + 1)));
  mapping.rows = rows.integer(0, 0);
  // More than that, and never analysed: what the load counted is the better number.
  if (mapping.rows > kLargestCounted) {
    mapping.rows = std::max(mapping.rows, mapping.loaded_rows);
    mapping.rows_estimated = true;
  }
  return {};
}

}  // namespace duet::runtime
