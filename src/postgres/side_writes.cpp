#include "postgres/side_writes.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "codec/hstore.h"
#include "codec/value_json.h"
#include "codec/value_text.h"
#include "postgres/array_text.h"
#include "postgres/sql_files.h"

namespace duet::postgres {
namespace {

using Json = nlohmann::json;

std::string_view text_of(LogState state) {
  switch (state) {
    case LogState::fresh:
      return "NEW";
    case LogState::pending:
      return "PENDING";
    case LogState::success:
      return "SUCCESS";
    case LogState::merged:
      return "MERGED";
    case LogState::ignored:
      return "IGNORED";
    case LogState::failed:
      return "FAILED";
  }
  return "PENDING";
}

std::string_view text_of(LogAction action) {
  switch (action) {
    case LogAction::insert:
      return "INSERT";
    case LogAction::update:
      return "UPDATE";
    case LogAction::remove:
      return "DELETE";
  }
  return "UPDATE";
}

void put(Json& json, const char* name, std::string_view text) {
  if (!text.empty()) json[name] = text;
}

/// The members that every entry about a record has.
Json names_of(const PendingWrite& write) {
  Json json = Json::object();
  if (auto row_id = known_row_id(write)) json["record_id"] = *row_id;
  put(json, "sfid", known_sfid(write));
  put(json, "external_id", known_external_id(write));
  return json;
}

/// A column of its own would take a bare null for SQL's.
Json column_value(const Value& value) { return is_null(value) ? Json{{"null", true}} : codec::value_to_json(value); }

Json to_json(const JournalEntry& entry, Json json) {
  json["reason"] = name_of(entry.reason);
  put(json, "field", entry.field);
  if (!is_absent(entry.base)) json["base"] = column_value(entry.base);
  if (!is_absent(entry.lost)) json["lost"] = column_value(entry.lost);
  if (!is_absent(entry.kept)) json["kept"] = column_value(entry.kept);
  json["lost_side"] = name_of(entry.lost_side);
  json["rule"] = entry.rule;
  put(json, "actor", entry.actor);
  put(json, "lost_actor", entry.lost_actor);
  if (entry.lost_at != 0) json["lost_at"] = entry.lost_at;
  if (entry.kept_at != 0) json["kept_at"] = entry.kept_at;
  put(json, "attempt", entry.attempt);
  json["whole_row"] = entry.whole_row;
  return json;
}

Json to_json(const Issue& issue, Json json) {
  json["kind"] = issue.kind;
  json["state"] = issue.state;
  json["message"] = issue.message;
  put(json, "code", issue.code);
  put(json, "rule", issue.rule);
  put(json, "attempt", issue.attempt);
  put(json, "salesforce_actor", issue.salesforce_actor);
  if (issue.salesforce_at != 0) json["salesforce_at"] = issue.salesforce_at;
  if (issue.postgres_at != 0) json["postgres_at"] = issue.postgres_at;
  Json& fields = json["fields"] = Json::array();
  for (const IssueField& field : issue.fields) {
    Json entry = {{"name", field.name}};
    if (!is_absent(field.base)) entry["base"] = codec::value_to_json(field.base);
    if (!is_absent(field.salesforce)) entry["salesforce"] = codec::value_to_json(field.salesforce);
    if (!is_absent(field.postgres)) entry["postgres"] = codec::value_to_json(field.postgres);
    put(entry, "chosen", field.chosen);
    fields.push_back(std::move(entry));
  }
  return json;
}

Statement issue_statement(StoreSession& store, const Param& mapping_id, const Param& object, const Param& table,
                          const Json& issues) {
  return {std::string(sql_file("queries/raise_issues.sql")),
          {store.connection_id(), mapping_id, object, table, codec::dump_json(issues)}};
}

}  // namespace

std::vector<WriteStatement> log_state_statements(const MappedTable& table, std::span<const PendingWrite> writes) {
  ArrayText ids;
  ArrayText states;
  ArrayText messages;
  for (const PendingWrite& write : writes) {
    for (const LogStateChange& log : write.change->log) {
      ids.add(log.log_id);
      states.add(text_of(log.state));
      messages.add(log.message.empty() ? std::nullopt : std::optional(log.message));
    }
  }
  if (ids.size() == 0) return {};
  // Of several states for one log row the last stands.
  std::string sql = fmt::format(
      "UPDATE {} AS l SET state = v.state, sf_message = v.message, updated_at = clock_timestamp(), "
      "processed_at = CASE WHEN v.state IN ('NEW', 'PENDING') THEN NULL ELSE clock_timestamp() END, "
      "processed_tx = CASE WHEN v.state IN ('NEW', 'PENDING') THEN NULL ELSE pg_catalog.txid_current() END FROM ("
      "SELECT DISTINCT ON (id) id, state, message FROM unnest($1::bigint[], $2::text[], $3::text[]) WITH ORDINALITY AS "
      "u(id, state, message, n) ORDER BY id, n DESC) AS v WHERE l.id = v.id",
      table.log);
  return {
      {{std::move(sql), {std::move(ids).finish(), std::move(states).finish(), std::move(messages).finish()}}, -1, {}}};
}

std::vector<WriteStatement> forward_statements(StoreSession& store, const MappedTable& table,
                                               std::span<const PendingWrite> writes, bool deletes) {
  std::vector<WriteStatement> statements;
  for (const PendingWrite& write : writes) {
    for (const ForwardWrite& forward : write.change->forward) {
      if ((forward.action == LogAction::remove) != deletes || !write.row_id) continue;
      codec::Hstore base;
      std::vector<std::string> unknown;
      std::vector<std::string> named;
      for (const std::string& field : forward.fields) {
        auto column = table.by_field.find(field);
        if (column == table.by_field.end()) continue;
        const std::string& name = table.columns[column->second].column;
        named.push_back(name);
        auto pending = write.record->lane.pending.find(field);
        if (pending == write.record->lane.pending.end() || is_absent(pending->second.base)) {
          unknown.push_back(name);
        } else {
          base.emplace(name, codec::to_postgres(pending->second.base));
        }
      }
      std::string sql = render_sql(sql_file("queries/forward_write.sql"),
                                   {{"table", table.qualified}, {"log", table.log}, {"hstore", store.hstore()}});
      statements.push_back({{std::move(sql),
                             {std::to_string(*write.row_id), table.name, std::string(text_of(forward.action)),
                              codec::format_hstore(base), array_of(unknown), array_of(named)}},
                            1,
                            {}});
    }
  }
  return statements;
}

std::vector<WriteStatement> journal_statements(StoreSession& store, const MappedTable& table,
                                               std::span<const PendingWrite> writes) {
  Json entries = Json::array();
  for (const PendingWrite& write : writes) {
    for (const JournalEntry& entry : write.change->journal) entries.push_back(to_json(entry, names_of(write)));
  }
  if (entries.empty()) return {};
  std::string sql = render_sql(sql_file("queries/write_journal.sql"), {{"table", table.qualified}});
  return {{{std::move(sql),
            {store.connection_id(), std::to_string(table.mapping_id), table.object, codec::dump_json(entries)}},
           -1,
           {}}};
}

std::vector<WriteStatement> issue_statements(StoreSession& store, const MappedTable& table,
                                             std::span<const PendingWrite> writes) {
  Json settled = Json::array();
  Json raised = Json::array();
  for (const PendingWrite& write : writes) {
    for (const std::string& kind : write.change->resolved_issues) {
      Json entry = names_of(write);
      entry["kind"] = kind;
      settled.push_back(std::move(entry));
    }
    for (const Issue& issue : write.change->issues) raised.push_back(to_json(issue, names_of(write)));
  }
  std::vector<WriteStatement> statements;
  if (!settled.empty()) {
    statements.push_back({{std::string(sql_file("queries/settle_issues.sql")),
                           {std::to_string(table.mapping_id), codec::dump_json(settled)}},
                          -1,
                          {}});
  }
  if (!raised.empty()) {
    statements.push_back(
        {issue_statement(store, std::to_string(table.mapping_id), table.object, table.name, raised), -1, {}});
  }
  return statements;
}

Statement raise_issue_statement(StoreSession& store, const Mapping* mapping, const Issue& issue) {
  const Json issues = Json::array({to_json(issue, Json::object())});
  if (!mapping) return issue_statement(store, std::nullopt, std::nullopt, std::nullopt, issues);
  return issue_statement(store, std::to_string(mapping->id), mapping->object, mapping->table, issues);
}

}  // namespace duet::postgres
