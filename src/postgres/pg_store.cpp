#include "postgres/pg_store.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

#include <fmt/format.h>

#include "codec/event_json.h"
#include "codec/hex_text.h"
#include "postgres/breaker_rows.h"
#include "postgres/copy_sink.h"
#include "postgres/mapping_store.h"
#include "postgres/pg_transaction.h"
#include "postgres/sql_files.h"
#include "postgres/stale_rows.h"

namespace duet::postgres {
namespace {

std::optional<std::int64_t> optional_integer(const Rows& rows, std::size_t row, std::size_t column) {
  if (rows.is_null(row, column)) return std::nullopt;
  return rows.integer(row, column);
}

/// Columns row_id, sfid, external id from `first` on.
RecordRef read_ref(const Rows& rows, std::size_t row, std::size_t first) {
  return {optional_integer(rows, row, first), std::string(rows.text(row, first + 1)),
          std::string(rows.text(row, first + 2))};
}

std::vector<RecordRef> read_refs(const Rows& rows) {
  std::vector<RecordRef> refs;
  refs.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) refs.push_back(read_ref(rows, i, 0));
  return refs;
}

/// Keeps the first of all refs to the same record.
class DistinctRefs {
 public:
  explicit DistinctRefs(std::size_t limit) : limit_(limit) {}

  void add(RecordRef ref) {
    if (refs_.size() == limit_) return;
    if (ref.row_id && row_ids_.contains(*ref.row_id)) return;
    if (!ref.sfid.empty() && sfids_.contains(ref.sfid)) return;
    if (ref.row_id) row_ids_.insert(*ref.row_id);
    if (!ref.sfid.empty()) sfids_.insert(ref.sfid);
    refs_.push_back(std::move(ref));
  }
  std::vector<RecordRef> take() && { return std::move(refs_); }

 private:
  std::size_t limit_;
  std::set<std::int64_t> row_ids_;
  std::set<std::string> sfids_;
  std::vector<RecordRef> refs_;
};

}  // namespace

PgStore::PgStore(StoreOptions options) : options_(std::move(options)) {}

PgStore::~PgStore() = default;

Result<std::shared_ptr<StoreSession>> PgStore::connected() {
  if (!session_ || session_->session().broken()) session_ = DUET_TRY(StoreSession::connect(options_));
  return session_;
}

Result<Rows> PgStore::query(std::string_view sql, std::vector<Param> params) {
  auto store = DUET_TRY(connected());
  return store->session().query(sql, std::move(params));
}

Result<std::unique_ptr<ports::StoreTransaction>> PgStore::begin() {
  return std::make_unique<PgTransaction>(DUET_TRY(connected()));
}

Result<std::optional<std::string>> PgStore::position(const std::string& source) {
  const Rows rows = DUET_TRY(query(
      "SELECT pg_catalog.encode(position, 'hex') FROM duet.position WHERE connection_id = $1::integer AND source = $2",
      {std::to_string(options_.connection_id), source}));
  if (rows.empty()) return std::optional<std::string>();
  return codec::from_hex(rows.text(0, 0));
}

Result<std::vector<RecordRef>> PgStore::find_pending(const Mapping& mapping, TimeMs now, std::size_t limit) {
  auto store = DUET_TRY(connected());
  const MappedTable& table = store->table(mapping);
  // An app may change one record many times: more log rows than records are looked at.
  constexpr std::size_t kLogRowsPerRecord = 4;
  const std::string key =
      table.key_kind == KeyKind::none ? "NULL" : fmt::format("t.{}", table.columns[table.key_column].quoted);
  const Statement statements[] = {
      {render_sql(sql_file("queries/find_pending_log.sql"),
                  {{"log", table.log}, {"table", table.qualified}, {"key", key}}),
       {table.name, std::to_string(limit * kLogRowsPerRecord)}},
      {std::string(sql_file("queries/find_pending_lanes.sql")),
       {std::to_string(mapping.id), std::to_string(now), std::to_string(limit)}},
  };
  const auto rows = DUET_TRY(store->session().run(statements));
  const Rows& log = rows[0];
  const Rows& lanes = rows[1];
  DistinctRefs refs(limit);
  std::size_t at = 0;
  for (std::size_t i = 0; i < log.size(); ++i) {
    for (; at < lanes.size() && lanes.integer(at, 0) < log.integer(i, 0); ++at) refs.add(read_ref(lanes, at, 1));
    refs.add(read_ref(log, i, 1));
  }
  for (; at < lanes.size(); ++at) refs.add(read_ref(lanes, at, 1));
  return std::move(refs).take();
}

Result<std::vector<RecordRef>> PgStore::find_unsettled(const Mapping& mapping, const ports::UnsettledQuery& query,
                                                       std::size_t limit) {
  return read_refs(DUET_TRY(
      this->query(sql_file("queries/find_unsettled.sql"),
                  {std::to_string(mapping.id), std::to_string(query.now), std::to_string(query.accepted_before),
                   std::to_string(query.unknown_before), std::to_string(limit)})));
}

Result<std::vector<RecordRef>> PgStore::find_in_flight(const Mapping& mapping) {
  return read_refs(DUET_TRY(query(sql_file("queries/find_in_flight.sql"), {std::to_string(mapping.id)})));
}

Result<std::vector<RecordRef>> PgStore::find_parked(const Mapping& mapping, std::string_view reason,
                                                    std::size_t limit) {
  return read_refs(
      DUET_TRY(query("SELECT row_id, sfid, state ->> 'external_id' FROM duet.lane WHERE mapping_id = "
                     "$1::bigint AND parked AND state ->> 'parked' = $2 ORDER BY id LIMIT $3::bigint",
                     {std::to_string(mapping.id), std::string(reason), std::to_string(limit)})));
}

Result<std::vector<RecordRef>> PgStore::find_released(const Mapping& mapping, const MappedField& field,
                                                      const Mapping* parent, TimeMs now, std::size_t limit) {
  auto store = DUET_TRY(connected());
  std::string there = "false";
  if (parent) {
    const MappedTable& table = store->table(*parent);
    const std::string wanted = "(l.state -> 'waits_for' ->> 'key')";
    if (const auto key = table.by_field.find(field.parent->key_field); key != table.by_field.end()) {
      // The upsert field has an index for its folded form.
      const bool indexed = table.key_kind != KeyKind::none && key->second == table.key_column;
      there = fmt::format("EXISTS (SELECT FROM {} AS p WHERE p.sfid IS NOT NULL AND {}::text = {})", table.qualified,
                          indexed ? table.row_key("p") : "p." + table.columns[key->second].quoted,
                          indexed ? table.fold(wanted) : wanted);
    }
  }
  return read_refs(DUET_TRY(store->session().query(
      fmt::format("SELECT l.row_id, l.sfid, l.state ->> 'external_id' FROM duet.lane AS l WHERE l.mapping_id = "
                  "$1::bigint AND l.parked AND (l.state -> 'waits_for') IS NOT NULL AND l.state -> 'waits_for' ->> "
                  "'field' = $2 AND (l.not_before <= "
                  "$3::bigint OR {}) ORDER BY l.id LIMIT $4::bigint",
                  there),
      {std::to_string(mapping.id), field.schema.name, std::to_string(now), std::to_string(limit)})));
}

Result<std::vector<RecordRef>> PgStore::find_abandoned(const Mapping& mapping, std::size_t limit) {
  auto store = DUET_TRY(connected());
  return read_refs(DUET_TRY(store->session().query(
      fmt::format("SELECT l.row_id, l.sfid, l.state ->> 'external_id' FROM duet.lane AS l WHERE l.mapping_id = "
                  "$1::bigint AND l.parked AND l.sfid IS NULL AND NOT EXISTS (SELECT FROM {} AS t WHERE t.id = "
                  "l.row_id) ORDER BY l.id LIMIT $2::bigint",
                  store->table(mapping).qualified),
      {std::to_string(mapping.id), std::to_string(limit)})));
}

Result<std::vector<BulkJob>> PgStore::jobs(const Mapping& mapping) {
  const Rows rows = DUET_TRY(
      query("SELECT token, job_id, kind FROM duet.bulk_job WHERE mapping_id = $1::bigint ORDER BY created_at, token",
            {std::to_string(mapping.id)}));
  std::vector<BulkJob> jobs;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto kind = attempt_kind_from_name(rows.text(i, 2));
    if (!kind) return fail(ErrorKind::bad_data, "a Bulk job of an unknown kind is stored", "JOB", mapping.object);
    jobs.push_back({std::string(rows.text(i, 0)), std::string(rows.text(i, 1)), *kind});
  }
  return jobs;
}

Result<CapturedCounts> PgStore::count_captured(const Mapping& mapping, long limit) {
  auto store = DUET_TRY(connected());
  const MappedTable& table = store->table(mapping);
  const Rows rows = DUET_TRY(store->session().query(
      fmt::format(
          "SELECT count(*) FILTER (WHERE action = 'INSERT'), count(*) FILTER (WHERE action = 'UPDATE'), count(*) "
          "FILTER (WHERE action = 'DELETE') FROM (SELECT action FROM {} WHERE (state = 'NEW') IS TRUE AND id > 0 AND "
          "table_name = $1 "
          "LIMIT $2::bigint) AS waiting",
          table.log),
      {table.name, std::to_string(limit)}));
  return CapturedCounts{rows.integer(0, 0), rows.integer(0, 1), rows.integer(0, 2)};
}

Result<Breaker> PgStore::breaker(const Mapping& mapping) {
  return read_breaker(DUET_TRY(query(kSelectBreaker, {std::to_string(mapping.id)})));
}

Result<ports::LoadProgress> PgStore::load_progress(const Mapping& mapping) {
  const Rows rows = DUET_TRY(
      query("SELECT state, loaded_rows FROM duet.mapping WHERE id = $1::bigint", {std::to_string(mapping.id)}));
  if (rows.empty()) return fail(ErrorKind::schema_changed, "the mapping was removed", "REMOVED", mapping.object);
  return ports::LoadProgress{mapping_state_from_name(rows.text(0, 0)).value_or(ports::MappingState::created),
                             rows.integer(0, 1)};
}

Result<std::unique_ptr<ports::CopySink>> PgStore::begin_copy(const Mapping& mapping) {
  return postgres::begin_copy(DUET_TRY(connected()), mapping);
}

Result<ports::SpooledEvents> PgStore::spooled(const Mapping& mapping, std::size_t limit) {
  const Rows rows =
      DUET_TRY(query("SELECT id, event FROM duet.spool WHERE mapping_id = $1::bigint ORDER BY id LIMIT $2::bigint",
                     {std::to_string(mapping.id), std::to_string(limit)}));
  ports::SpooledEvents spooled;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    spooled.events.push_back(DUET_TRY(codec::event_from_json(rows.text(i, 1))));
    spooled.up_to = rows.integer(i, 0);
  }
  return spooled;
}

Result<std::vector<std::string>> PgStore::list_sfids(const Mapping& mapping, const std::string& after,
                                                     std::size_t limit) {
  auto store = DUET_TRY(connected());
  // The order of the index: bytes in tables of ours, the database's collation in adopted ones. Either way each Id comes
  // once.
  const Rows rows =
      DUET_TRY(store->session().query(fmt::format("SELECT sfid FROM {} WHERE sfid > $1 ORDER BY sfid LIMIT $2::bigint",
                                                  store->table(mapping).qualified),
                                      {after, std::to_string(limit)}));
  std::vector<std::string> sfids;
  for (std::size_t i = 0; i < rows.size(); ++i) sfids.emplace_back(rows.text(i, 0));
  return sfids;
}

Result<std::optional<ports::RangeDirty>> PgStore::range_dirty(const Mapping& mapping) {
  const Rows rows =
      DUET_TRY(query("SELECT range_dirty_since, range_dirty_reason FROM duet.mapping WHERE id = $1::bigint",
                     {std::to_string(mapping.id)}));
  if (rows.empty() || rows.is_null(0, 0)) return std::optional<ports::RangeDirty>();
  return ports::RangeDirty{rows.integer(0, 0), std::string(rows.text(0, 1))};
}

Result<std::vector<ports::StaleMark>> PgStore::find_stale(const Mapping& mapping, TimeMs now, std::size_t limit) {
  Statement statement = find_stale_statement(mapping, now, limit);
  const Rows rows = DUET_TRY(query(statement.sql, std::move(statement.params)));
  std::vector<ports::StaleMark> marks;
  for (std::size_t i = 0; i < rows.size(); ++i) marks.push_back({std::string(rows.text(i, 0)), rows.integer(i, 1)});
  return marks;
}

Result<TimeMs> PgStore::now() {
  const Rows rows = DUET_TRY(query("SELECT (extract(epoch FROM pg_catalog.clock_timestamp()) * 1000)::bigint"));
  return rows.integer(0, 0);
}

}  // namespace duet::postgres
