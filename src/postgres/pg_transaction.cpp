#include "postgres/pg_transaction.h"

#include <tuple>

#include <fmt/format.h>

#include "codec/event_json.h"
#include "codec/hex_text.h"
#include "codec/lane_json.h"
#include "postgres/array_text.h"
#include "postgres/breaker_rows.h"
#include "postgres/mapping_store.h"
#include "postgres/match_rows.h"
#include "postgres/record_write.h"
#include "postgres/side_writes.h"
#include "postgres/sql_files.h"
#include "postgres/stale_rows.h"

namespace duet::postgres {

bool PgTransaction::RefOrder::operator()(const RecordRef& a, const RecordRef& b) const {
  return std::tie(a.row_id, a.sfid, a.external_id) < std::tie(b.row_id, b.sfid, b.external_id);
}

Result<std::vector<Record>> PgTransaction::lock(const Mapping& mapping, std::span<const RecordRef> refs) {
  LockResult result = DUET_TRY(lock_records(transaction_, transaction_.store().table(mapping), refs));
  LockedRecords& locked = locked_[mapping.id];
  for (std::size_t i = 0; i < refs.size(); ++i) {
    // A ref that comes up twice is busy the second time: the first stands.
    if (result.locked[i].lane_read) {
      locked.insert_or_assign(refs[i], std::move(result.locked[i]));
    } else {
      locked.try_emplace(refs[i], std::move(result.locked[i]));
    }
  }
  return std::move(result.records);
}

Result<std::vector<ports::CreateIntent>> PgTransaction::find_creates(const Mapping& mapping, std::size_t limit) {
  const auto rows = DUET_TRY(transaction_.run(
      {{"SELECT row_id, state FROM duet.lane WHERE mapping_id = $1::bigint AND sfid IS NULL AND row_id IS NOT NULL AND "
        "(in_flight OR settle_by IS NOT NULL) ORDER BY id LIMIT $2::bigint",
        {std::to_string(mapping.id), std::to_string(limit)}}}));
  std::vector<ports::CreateIntent> intents;
  for (std::size_t i = 0; i < rows.front().size(); ++i) {
    Lane lane = DUET_TRY(codec::lane_from_json(rows.front().text(i, 1)));
    for (Attempt& attempt : lane.attempts) {
      if (attempt.kind == AttemptKind::create)
        intents.push_back({{rows.front().integer(i, 0), {}, {}}, std::move(attempt)});
    }
  }
  return intents;
}

Result<std::vector<ports::MatchingRow>> PgTransaction::find_matches(const Mapping& mapping,
                                                                    std::span<const ports::WantedMatch> wanted) {
  return match_rows(transaction_, transaction_.store().table(mapping), mapping, wanted);
}

Result<std::vector<ports::WriteFailure>> PgTransaction::write(const Mapping& mapping,
                                                              std::span<const ports::RecordWrite> writes) {
  LockedRecords& locked = locked_[mapping.id];
  std::vector<PendingWrite> pending;
  pending.reserve(writes.size());
  for (std::size_t i = 0; i < writes.size(); ++i) {
    auto found = locked.find(writes[i].record->ref);
    if (found == locked.end()) return fail(ErrorKind::bug, "a record is written that this transaction has not locked");
    pending.push_back(
        {i, writes[i].record, writes[i].change, &found->second, found->second.row_id, std::nullopt, std::nullopt});
  }
  return write_records(transaction_, transaction_.store().table(mapping), std::move(pending));
}

Result<void> PgTransaction::set_position(const std::string& source, const std::string& position) {
  transaction_.defer(
      {"INSERT INTO duet.position (connection_id, source, position) VALUES ($1::integer, $2, pg_catalog.decode($3, "
       "'hex')) "
       "ON CONFLICT (connection_id, source) DO UPDATE SET position = excluded.position, updated_at = now()",
       {transaction_.store().connection_id(), source, codec::to_hex(position)}});
  return {};
}

Result<void> PgTransaction::spool(const Mapping& mapping, std::span<const ChangeEvent> events) {
  ArrayText texts;
  for (const ChangeEvent& event : events) texts.add(std::string_view(codec::event_to_json(event)));
  const auto rows = DUET_TRY(transaction_.run({
      {"SELECT state FROM duet.mapping WHERE id = $1::bigint FOR SHARE", {std::to_string(mapping.id)}},
  }));
  if (rows.front().empty())
    return fail(ErrorKind::schema_changed, "the mapping was removed", "REMOVED", mapping.object);
  if (rows.front().text(0, 0) == name_of(ports::MappingState::loaded)) {
    return fail(ErrorKind::schema_changed, "the mapping is loaded by now", "LOADED", mapping.object);
  }
  DUET_TRY(transaction_.run(
      {{"INSERT INTO duet.spool (mapping_id, event) SELECT $1::bigint, e FROM pg_catalog.unnest($2::text[]) AS e",
        {std::to_string(mapping.id), std::move(texts).finish()}}}));
  return {};
}

Result<void> PgTransaction::unspool(const Mapping& mapping, long up_to) {
  DUET_TRY(transaction_.run({{"DELETE FROM duet.spool WHERE mapping_id = $1::bigint AND id <= $2::bigint",
                              {std::to_string(mapping.id), std::to_string(up_to)}}}));
  return {};
}

Result<void> PgTransaction::set_mapping_state(const Mapping& mapping, ports::MappingState state) {
  DUET_TRY(transaction_.run({{"UPDATE duet.mapping SET state = $2, updated_at = now() WHERE id = $1::bigint",
                              {std::to_string(mapping.id), std::string(name_of(state))}}}));
  return {};
}

Result<long> PgTransaction::purge_tombstones(const Mapping& mapping, TimeMs now) {
  const auto rows = DUET_TRY(transaction_.run(
      {{std::string(sql_file("queries/purge_tombstones.sql")), {std::to_string(mapping.id), std::to_string(now)}}}));
  return rows.front().integer(0, 0);
}

Result<void> PgTransaction::mark_range_dirty(const Mapping& mapping, TimeMs since, const std::string& reason) {
  DUET_TRY(
      transaction_.run({{"UPDATE duet.mapping SET range_dirty_since = least(range_dirty_since, $2::bigint), "
                         "range_dirty_reason = $3, updated_at = now() "
                         "WHERE id = $1::bigint",
                         {std::to_string(mapping.id), std::to_string(since), reason}}}));
  return {};
}

Result<void> PgTransaction::clear_range_dirty(const Mapping& mapping) {
  DUET_TRY(
      transaction_.run({{"UPDATE duet.mapping SET range_dirty_since = NULL, range_dirty_reason = NULL, updated_at = "
                         "now() WHERE id = $1::bigint",
                         {std::to_string(mapping.id)}}}));
  return {};
}

Result<void> PgTransaction::raise_issue(const Mapping* mapping, const Issue& issue) {
  DUET_TRY(transaction_.run({raise_issue_statement(transaction_.store(), mapping, issue)}));
  return {};
}

Result<void> PgTransaction::resolve_issue(const Mapping& mapping, std::string_view kind, std::string_view code) {
  DUET_TRY(transaction_.run(
      {{"UPDATE duet.issue SET state = 'resolved', updated_at = clock_timestamp() WHERE mapping_id = $1::bigint AND "
        "kind = $2 AND code = $3 AND state = 'open' AND record_id IS NULL AND sfid IS NULL",
        {std::to_string(mapping.id), std::string(kind), std::string(code)}}}));
  return {};
}

Result<Breaker> PgTransaction::lock_breaker(const Mapping& mapping) {
  const auto rows = DUET_TRY(transaction_.run({
      {"INSERT INTO duet.breaker (mapping_id, state, window_from, deletes) VALUES ($1::bigint, 'closed', 0, 0) ON "
       "CONFLICT DO NOTHING",
       {std::to_string(mapping.id)}},
      {std::string(kSelectBreaker) + " FOR UPDATE", {std::to_string(mapping.id)}},
  }));
  return read_breaker(rows[1]);
}

Result<void> PgTransaction::set_breaker(const Mapping& mapping, const Breaker& breaker) {
  const auto& [state, window_from, deletes] = breaker;
  DUET_TRY(transaction_.run(
      {{"UPDATE duet.breaker SET state = $2, window_from = $3::bigint, deletes = $4::bigint, updated_at = "
        "clock_timestamp() WHERE mapping_id = $1::bigint",
        {std::to_string(mapping.id), std::string(name_of(state)), std::to_string(window_from),
         std::to_string(deletes)}}}));
  return {};
}

Result<long> PgTransaction::count_captured_deletes(const Mapping& mapping, long limit) {
  const MappedTable& table = transaction_.store().table(mapping);
  const auto rows = DUET_TRY(transaction_.run(
      {{fmt::format(
            "SELECT count(*) FROM (SELECT FROM {} WHERE (state = 'NEW' AND action = 'DELETE') IS TRUE AND table_name = "
            "$1 LIMIT $2::bigint) AS d",
            table.log),
        {table.name, std::to_string(limit)}}}));
  return rows.front().integer(0, 0);
}

Result<void> PgTransaction::mark_stale(std::span<const ports::StaleScope> scopes, TimeMs due) {
  if (scopes.empty()) return {};
  DUET_TRY(transaction_.run({mark_stale_statement(transaction_.store(), scopes, due)}));
  return {};
}

Result<void> PgTransaction::clear_stale(const Mapping& mapping, std::span<const ports::StaleMark> marks) {
  DUET_TRY(transaction_.run({clear_stale_statement(mapping, marks)}));
  return {};
}

Result<void> PgTransaction::put_off_stale(const Mapping& mapping, std::span<const ports::StaleMark> marks, TimeMs due) {
  DUET_TRY(transaction_.run({put_off_stale_statement(mapping, marks, due)}));
  return {};
}

Result<void> PgTransaction::put_job(const Mapping& mapping, const BulkJob& job) {
  DUET_TRY(
      transaction_.run({{"INSERT INTO duet.bulk_job (token, mapping_id, job_id, kind) VALUES ($1, $2::bigint, $3, $4)",
                         {job.token, std::to_string(mapping.id), job.job_id, std::string(name_of(job.kind))}}}));
  return {};
}

Result<void> PgTransaction::remove_job(const Mapping& mapping, const std::string& token) {
  DUET_TRY(transaction_.run({{"DELETE FROM duet.bulk_job WHERE token = $1 AND mapping_id = $2::bigint",
                              {token, std::to_string(mapping.id)}}}));
  return {};
}

Result<void> PgTransaction::commit() { return transaction_.commit(); }

}  // namespace duet::postgres
