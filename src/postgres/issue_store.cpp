#include "postgres/issue_store.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "codec/value_json.h"

namespace duet::postgres {
namespace {

constexpr std::string_view kSelect =
    "SELECT id, kind, state, message, code, rule, fields, object, table_name, record_id, sfid, external_id, "
    "(extract(epoch FROM created_at) * 1000)::bigint, (extract(epoch FROM updated_at) * 1000)::bigint, occurrences "
    "FROM duet.issue";

Value value_from(const nlohmann::json& field, const char* name) {
  auto member = field.find(name);
  if (member == field.end()) return Absent{};
  return codec::value_from_json(*member).value_or(Value(Absent{}));
}

std::vector<IssueField> fields_from(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  std::vector<IssueField> fields;
  if (!json.is_array()) return fields;
  for (const auto& each : json) {
    if (!each.is_object()) continue;
    fields.push_back({each.value("name", ""), value_from(each, "base"), value_from(each, "salesforce"),
                      value_from(each, "postgres"), each.value("chosen", "")});
  }
  return fields;
}

StoredIssue read(const Rows& rows, std::size_t i) {
  StoredIssue stored;
  stored.id = rows.integer(i, 0);
  stored.issue = {std::string(rows.text(i, 1)), std::string(rows.text(i, 2)), std::string(rows.text(i, 3)),
                  std::string(rows.text(i, 4)), std::string(rows.text(i, 5)), fields_from(rows.text(i, 6))};
  stored.object = rows.text(i, 7);
  stored.table = rows.text(i, 8);
  if (!rows.is_null(i, 9)) stored.record_id = rows.integer(i, 9);
  stored.sfid = rows.text(i, 10);
  stored.external_id = rows.text(i, 11);
  stored.created_at = rows.integer(i, 12);
  stored.updated_at = rows.integer(i, 13);
  stored.occurrences = static_cast<int>(rows.integer(i, 14));
  return stored;
}

Param unless_empty(const std::string& text) { return text.empty() ? std::nullopt : Param(text); }

}  // namespace

Result<std::vector<StoredIssue>> IssueStore::list(const IssueFilter& filter) {
  const Rows rows =
      DUET_TRY(session_.query(fmt::format("{} WHERE connection_id = $1::integer AND ($2::text IS NULL OR state = $2) "
                                          "AND ($3::text IS NULL OR lower(object) = lower($3)) "
                                          "AND ($4::text IS NULL OR kind = $4) AND ($5::text IS NULL OR sfid = $5) AND "
                                          "($6::bigint = 0 OR id < $6::bigint) "
                                          "ORDER BY id DESC LIMIT $7::bigint",
                                          kSelect),
                              {std::to_string(connection_id_), unless_empty(filter.state), unless_empty(filter.object),
                               unless_empty(filter.kind), unless_empty(filter.sfid), std::to_string(filter.before_id),
                               std::to_string(filter.limit)}));
  std::vector<StoredIssue> issues;
  for (std::size_t i = 0; i < rows.size(); ++i) issues.push_back(read(rows, i));
  return issues;
}

Result<std::optional<StoredIssue>> IssueStore::find(std::int64_t id) {
  const Rows rows =
      DUET_TRY(session_.query(fmt::format("{} WHERE connection_id = $1::integer AND id = $2::bigint", kSelect),
                              {std::to_string(connection_id_), std::to_string(id)}));
  if (rows.empty()) return std::optional<StoredIssue>();
  return std::optional(read(rows, 0));
}

Result<long> IssueStore::open_count() {
  const Rows rows =
      DUET_TRY(session_.query("SELECT count(*) FROM duet.issue WHERE connection_id = $1::integer AND state = 'open'",
                              {std::to_string(connection_id_)}));
  return rows.integer(0, 0);
}

Result<bool> IssueStore::set_state(std::int64_t id, const std::string& from, const std::string& to) {
  const Rows rows =
      DUET_TRY(session_.query("UPDATE duet.issue SET state = $4, updated_at = clock_timestamp() WHERE connection_id = "
                              "$1::integer AND id = $2::bigint "
                              "AND state = $3",
                              {std::to_string(connection_id_), std::to_string(id), from, to}));
  return rows.affected() == 1;
}

}  // namespace duet::postgres
