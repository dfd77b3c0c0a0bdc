#include "postgres/issue_store.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "codec/value_json.h"
#include "postgres/array_text.h"
#include "postgres/sql_files.h"

namespace duet::postgres {
namespace {

constexpr std::string_view kSelect =
    "SELECT id, kind, state, message, code, rule, fields, object, table_name, record_id, sfid, external_id, "
    "(extract(epoch FROM created_at) * 1000)::bigint, (extract(epoch FROM updated_at) * 1000)::bigint, occurrences, "
    "attempt, salesforce_actor, salesforce_at, "
    "postgres_at, (extract(epoch FROM closed_at) * 1000)::bigint, closed_by, outcome "
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
  stored.issue.kind = rows.text(i, 1);
  stored.issue.state = rows.text(i, 2);
  stored.issue.message = rows.text(i, 3);
  stored.issue.code = rows.text(i, 4);
  stored.issue.rule = rows.text(i, 5);
  stored.issue.fields = fields_from(rows.text(i, 6));
  stored.object = rows.text(i, 7);
  stored.table = rows.text(i, 8);
  if (!rows.is_null(i, 9)) stored.record_id = rows.integer(i, 9);
  stored.sfid = rows.text(i, 10);
  stored.external_id = rows.text(i, 11);
  stored.created_at = rows.integer(i, 12);
  stored.updated_at = rows.integer(i, 13);
  stored.occurrences = static_cast<int>(rows.integer(i, 14));
  stored.issue.attempt = rows.text(i, 15);
  stored.issue.salesforce_actor = rows.text(i, 16);
  stored.issue.salesforce_at = rows.integer(i, 17);
  stored.issue.postgres_at = rows.integer(i, 18);
  stored.closed_at = rows.integer(i, 19);
  stored.closed_by = rows.text(i, 20);
  stored.outcome = rows.text(i, 21);
  return stored;
}

Param unless_empty(const std::string& text) { return text.empty() ? std::nullopt : Param(text); }

/// $1 to $11 as filter_params() gives them.
constexpr std::string_view kWhere =
    "WHERE connection_id = $1::integer AND ($2::text IS NULL OR state = $2) AND ($3::text IS NULL OR lower(object) = "
    "lower($3)) AND ($4::text IS NULL OR kind = $4) AND ($5::text IS NULL OR sfid = $5) AND ($6::bigint IS NULL OR "
    "record_id = $6::bigint) AND ($7::text IS NULL OR code = $7) AND ($8::text IS NULL OR EXISTS (SELECT FROM "
    "json_array_elements(fields) AS f WHERE lower(f.value ->> 'name') = lower($8))) AND ($9::text IS NULL OR rule = "
    "$9) "
    "AND ($10::text IS NULL OR strpos(lower(message), lower($10)) > 0 OR lower(sfid) = lower($10) OR "
    "strpos(lower(external_id), lower($10)) > 0) AND ($11::bigint[] IS NULL OR id = ANY ($11::bigint[]))";

std::vector<Param> filter_params(int connection_id, const IssueFilter& filter) {
  return {std::to_string(connection_id),
          unless_empty(filter.state),
          unless_empty(filter.object),
          unless_empty(filter.kind),
          unless_empty(filter.sfid),
          filter.record_id ? Param(std::to_string(*filter.record_id)) : std::nullopt,
          unless_empty(filter.code),
          unless_empty(filter.field),
          unless_empty(filter.rule),
          unless_empty(filter.text),
          filter.ids.empty() ? std::nullopt : Param(array_of(filter.ids))};
}

}  // namespace

Result<std::vector<StoredIssue>> IssueStore::list(const IssueFilter& filter) {
  std::vector<Param> params = filter_params(connection_id_, filter);
  params.push_back(std::to_string(filter.before_id));
  params.push_back(std::to_string(filter.limit));
  const Rows rows = DUET_TRY(
      session_.query(fmt::format("{} {} AND ($12::bigint = 0 OR id < $12::bigint) ORDER BY id DESC LIMIT $13::bigint",
                                 kSelect, kWhere),
                     std::move(params)));
  std::vector<StoredIssue> issues;
  for (std::size_t i = 0; i < rows.size(); ++i) issues.push_back(read(rows, i));
  return issues;
}

Result<long> IssueStore::count(const IssueFilter& filter, long most) {
  const Rows rows = DUET_TRY(
      session_.query(fmt::format("SELECT count(*) FROM (SELECT FROM duet.issue {} LIMIT {}) AS few", kWhere, most),
                     filter_params(connection_id_, filter)));
  return rows.integer(0, 0);
}

Result<std::vector<IssueGroup>> IssueStore::groups(const IssueFilter& filter) {
  std::vector<Param> params = filter_params(connection_id_, filter);
  params.push_back(std::to_string(filter.limit));
  const Rows rows = DUET_TRY(session_.query(
      render_sql(sql_file("queries/group_issues.sql"), {{"where", std::string(kWhere)}}), std::move(params)));
  std::vector<IssueGroup> groups;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    IssueGroup group;
    group.kind = rows.text(i, 0);
    group.code = rows.text(i, 1);
    group.field = rows.text(i, 2);
    group.rule = rows.text(i, 3);
    group.count = rows.integer(i, 4);
    group.records = rows.integer(i, 5);
    group.first_at = rows.integer(i, 6);
    group.last_at = rows.integer(i, 7);
    group.newest_id = rows.integer(i, 8);
    group.message = rows.text(i, 9);
    const auto objects = nlohmann::json::parse(rows.text(i, 10), nullptr, false);
    for (const auto& object : objects) {
      if (object.is_string()) group.objects.push_back(object.get<std::string>());
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

Result<std::optional<StoredIssue>> IssueStore::find(std::int64_t id) {
  const Rows rows =
      DUET_TRY(session_.query(fmt::format("{} WHERE connection_id = $1::integer AND id = $2::bigint", kSelect),
                              {std::to_string(connection_id_), std::to_string(id)}));
  if (rows.empty()) return std::optional<StoredIssue>();
  return std::optional(read(rows, 0));
}

Result<std::optional<StoredIssue>> IssueStore::lock(std::int64_t id) {
  const Rows rows = DUET_TRY(
      session_.query(fmt::format("{} WHERE connection_id = $1::integer AND id = $2::bigint FOR UPDATE", kSelect),
                     {std::to_string(connection_id_), std::to_string(id)}));
  if (rows.empty()) return std::optional<StoredIssue>();
  return std::optional(read(rows, 0));
}

Result<std::vector<IssueCount>> IssueStore::counts(const IssueFilter& filter) {
  const Rows rows = DUET_TRY(
      session_.query(fmt::format("SELECT kind, state, count(*) FROM duet.issue {} GROUP BY 1, 2 ORDER BY 1, 2", kWhere),
                     filter_params(connection_id_, filter)));
  std::vector<IssueCount> counts;
  for (std::size_t i = 0; i < rows.size(); ++i)
    counts.push_back({std::string(rows.text(i, 0)), std::string(rows.text(i, 1)), rows.integer(i, 2)});
  return counts;
}

Result<long> IssueStore::open_count() {
  const Rows rows =
      DUET_TRY(session_.query("SELECT count(*) FROM duet.issue WHERE connection_id = $1::integer AND state = 'open'",
                              {std::to_string(connection_id_)}));
  return rows.integer(0, 0);
}

Result<bool> IssueStore::close(std::int64_t id, const std::string& from, const IssueClosing& closing) {
  const Rows rows = DUET_TRY(session_.query(sql_file("queries/close_issue.sql"),
                                            {std::to_string(connection_id_), std::to_string(id), from, closing.state,
                                             closing.by, closing.outcome, nlohmann::json(closing.chosen).dump()}));
  return rows.affected() == 1;
}

}  // namespace duet::postgres
