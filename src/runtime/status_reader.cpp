#include "runtime/status_reader.h"

#include <charconv>

#include <fmt/format.h>

#include "postgres/connection_store.h"
#include "postgres/sql_files.h"

namespace duet::runtime {
namespace {

constexpr TimeMs kKeepMs = 1'000;
/// Larger tables are not counted: the server's estimate is shown, and said to be one.
constexpr long kLargestCounted = 200'000;

std::optional<TimeMs> to_time(std::string_view text) {
  TimeMs time = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), time);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty() ? std::optional(time) : std::nullopt;
}

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
  const std::string id(rows.text(0, 0));
  const postgres::PauseFlags paused =
      DUET_TRY(postgres::ConnectionStore(*session_).paused(static_cast<int>(rows.integer(0, 0))));
  status.paused = paused.all ? Pause::all : paused.outbound ? Pause::outbound : Pause::none;
  DUET_TRY(read_mappings(id, status));
  return status;
}

Result<void> StatusReader::read_mappings(const std::string& connection_id, ConnectionStatus& status) {
  const std::string sql = postgres::render_sql(postgres::sql_file("queries/status_mappings.sql"),
                                               {{"\"schema\"", session_->identifier(schema_)}});
  const postgres::Rows rows = DUET_TRY(session_->query(sql, {connection_id, schema_}));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    MappingStatus mapping;
    mapping.object = std::string(rows.text(i, 0));
    mapping.table = std::string(rows.text(i, 1));
    mapping.access = std::string(rows.text(i, 2));
    mapping.upsert_field = std::string(rows.text(i, 3));
    mapping.source = std::string(rows.text(i, 4));
    mapping.source_reason = std::string(rows.text(i, 5));
    mapping.state = std::string(rows.text(i, 6));
    mapping.loaded_rows = rows.integer(i, 7);
    mapping.pending = rows.integer(i, 9) + rows.integer(i, 10);
    mapping.outbound_lag_ms = rows.integer(i, 11);
    mapping.open_issues = rows.integer(i, 12);
    if (mapping.source == "poll") {
      if (const auto polled = to_time(rows.text(i, 13)))
        mapping.inbound_lag_ms = std::max<TimeMs>(0, rows.integer(i, 14) - *polled);
    }
    if (rows.boolean(i, 15)) DUET_TRY(count_rows(mapping, rows.integer(i, 8)));
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
