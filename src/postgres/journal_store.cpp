#include "postgres/journal_store.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "codec/value_json.h"
#include "postgres/array_text.h"

namespace duet::postgres {
namespace {

Value value_at(const Rows& rows, std::size_t row, std::size_t column) {
  if (rows.is_null(row, column)) return Absent{};
  const auto json = nlohmann::json::parse(rows.text(row, column), nullptr, false);
  return codec::value_from_json(json).value_or(Value(Absent{}));
}

constexpr std::string_view kSelect =
    "SELECT id, (extract(epoch FROM created_at) * 1000)::bigint, object, record_id, sfid, external_id, reason, field, "
    "base, lost, kept, lost_side, rule, actor, lost_actor, lost_at, attempt, row_before, kept_at FROM duet.journal";

StoredJournalEntry read(const Rows& rows, std::size_t i) {
  StoredJournalEntry entry;
  entry.id = rows.integer(i, 0);
  entry.created_at = rows.integer(i, 1);
  entry.object = rows.text(i, 2);
  if (!rows.is_null(i, 3)) entry.record_id = rows.integer(i, 3);
  entry.sfid = rows.text(i, 4);
  entry.external_id = rows.text(i, 5);
  entry.reason = rows.text(i, 6);
  entry.field = rows.text(i, 7);
  entry.base = value_at(rows, i, 8);
  entry.lost = value_at(rows, i, 9);
  entry.kept = value_at(rows, i, 10);
  entry.lost_side = rows.text(i, 11);
  entry.rule = rows.text(i, 12);
  entry.actor = rows.text(i, 13);
  entry.lost_actor = rows.text(i, 14);
  entry.lost_at = rows.integer(i, 15);
  entry.attempt = rows.text(i, 16);
  entry.row_before = rows.text(i, 17);
  entry.kept_at = rows.integer(i, 18);
  return entry;
}

Param unless_empty(const std::string& text) { return text.empty() ? std::nullopt : Param(text); }

}  // namespace

Result<std::vector<StoredJournalEntry>> JournalStore::list(const JournalFilter& filter) {
  ArrayText reasons;
  for (const std::string& reason : filter.reasons) reasons.add(std::string_view(reason));
  const Rows rows = DUET_TRY(session_.query(
      fmt::format(
          "{} WHERE connection_id = $1::integer AND ($2::text IS NULL OR lower(object) = lower($2)) AND "
          "($3::text IS NULL OR sfid = $3) AND ($4::bigint = 0 OR id < $4::bigint) AND ($6::bigint IS NULL OR "
          "record_id = $6::bigint) AND ($7::text IS NULL OR lower(field) = lower($7)) AND ($8::text[] IS NULL OR "
          "reason = ANY ($8::text[])) AND ($9::bigint = 0 OR created_at >= to_timestamp(($9::bigint - 1) / 1000.0)) "
          "ORDER BY id DESC LIMIT $5::bigint",
          kSelect),
      {std::to_string(connection_id_), unless_empty(filter.object), unless_empty(filter.sfid),
       std::to_string(filter.before_id), std::to_string(filter.limit),
       filter.record_id ? Param(std::to_string(*filter.record_id)) : std::nullopt, unless_empty(filter.field),
       filter.reasons.empty() ? std::nullopt : Param(std::move(reasons).finish()), std::to_string(filter.since)}));
  std::vector<StoredJournalEntry> entries;
  for (std::size_t i = 0; i < rows.size(); ++i) entries.push_back(read(rows, i));
  return entries;
}

Result<std::optional<StoredJournalEntry>> JournalStore::find(std::int64_t id) {
  const Rows rows =
      DUET_TRY(session_.query(fmt::format("{} WHERE connection_id = $1::integer AND id = $2::bigint", kSelect),
                              {std::to_string(connection_id_), std::to_string(id)}));
  if (rows.empty()) return std::optional<StoredJournalEntry>();
  return std::optional(read(rows, 0));
}

}  // namespace duet::postgres
