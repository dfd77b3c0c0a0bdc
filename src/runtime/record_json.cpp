#include "runtime/record_json.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "runtime/issue_actions.h"
#include "runtime/value_json.h"

namespace duet::runtime {
namespace {

using Json = nlohmann::ordered_json;
using postgres::StoredIssue;
using postgres::StoredJournalEntry;

Json to_json(const IssueField& field) {
  Json out;
  out["name"] = field.name;
  // An absent base was not known; null would say that the field was empty.
  if (!is_absent(field.base)) out["base"] = plain_json(field.base);
  if (!is_absent(field.salesforce)) out["salesforce"] = plain_json(field.salesforce);
  if (!is_absent(field.postgres)) out["postgres"] = plain_json(field.postgres);
  out["chosen"] = text_or_null(field.chosen);
  return out;
}

Json actor_json(const std::string& actor, TimeMs at) {
  if (actor.empty() && at == 0) return {};
  constexpr std::string_view kVia = " via ";
  const std::size_t via = actor.find(kVia);
  Json out;
  out["user"] = text_or_null(actor.substr(0, via));
  out["client"] = via == std::string::npos ? Json() : Json(actor.substr(via + kVia.size()));
  out["at"] = time_or_null(at);
  return out;
}

Json to_json(const StoredIssue& stored) {
  Json out;
  out["id"] = stored.id;
  out["kind"] = stored.issue.kind;
  out["state"] = stored.issue.state;
  out["object"] = text_or_null(stored.object);
  out["table"] = text_or_null(stored.table);
  out["record_id"] = stored.record_id ? Json(*stored.record_id) : Json();
  out["sfid"] = text_or_null(stored.sfid);
  out["external_id"] = text_or_null(stored.external_id);
  out["message"] = stored.issue.message;
  out["code"] = text_or_null(stored.issue.code);
  out["rule"] = text_or_null(stored.issue.rule);
  out["created_at"] = time_or_null(stored.created_at);
  out["updated_at"] = time_or_null(stored.updated_at);
  out["occurrences"] = stored.occurrences;
  out["fields"] = Json::array();
  for (const IssueField& field : stored.issue.fields) out["fields"].push_back(to_json(field));
  out["actors"]["salesforce"] = actor_json(stored.issue.salesforce_actor, stored.issue.salesforce_at);
  // Heroku Connect's trigger log does not say who wrote: only when.
  out["actors"]["postgres"] = actor_json({}, stored.issue.postgres_at);
  out["attempt"] = text_or_null(stored.issue.attempt);
  out["closed_at"] = time_or_null(stored.closed_at);
  out["closed_by"] = text_or_null(stored.closed_by);
  out["outcome"] = text_or_null(stored.outcome);
  out["actions"] = Json::array();
  for (const std::string_view action : possible_actions(stored)) out["actions"].push_back(action);
  return out;
}

Json to_json(const StoredJournalEntry& entry) {
  Json out;
  out["id"] = entry.id;
  out["created_at"] = time_or_null(entry.created_at);
  out["object"] = entry.object;
  out["record_id"] = entry.record_id ? Json(*entry.record_id) : Json();
  out["sfid"] = text_or_null(entry.sfid);
  out["external_id"] = text_or_null(entry.external_id);
  out["reason"] = entry.reason;
  out["field"] = text_or_null(entry.field);
  if (!is_absent(entry.base)) out["base"] = plain_json(entry.base);
  if (!is_absent(entry.lost)) out["lost"] = plain_json(entry.lost);
  if (!is_absent(entry.kept)) out["kept"] = plain_json(entry.kept);
  out["lost_side"] = entry.lost_side;
  out["rule"] = entry.rule;
  out["actor"] = text_or_null(entry.actor);
  out["lost_actor"] = text_or_null(entry.lost_actor);
  out["lost_at"] = time_or_null(entry.lost_at);
  out["kept_at"] = time_or_null(entry.kept_at);
  out["attempt"] = text_or_null(entry.attempt);
  const Json row = Json::parse(entry.row_before, nullptr, false);
  out["row_before"] = row.is_object() ? row : Json();
  return out;
}

template <class Entry>
Json page_json(const char* name, const std::vector<Entry>& entries, std::size_t limit) {
  Json out;
  Json& list = out[name] = Json::array();
  for (const Entry& entry : entries) list.push_back(to_json(entry));
  out["next"] = entries.size() >= limit && !entries.empty() ? Json(entries.back().id) : Json();
  return out;
}

}  // namespace

std::string issues_to_json(const std::vector<StoredIssue>& issues, std::size_t limit, std::optional<long> total) {
  Json out = page_json("issues", issues, limit);
  if (total) out["total"] = *total;
  return json_text(out);
}

std::string issue_to_json(const StoredIssue& issue) { return json_text(to_json(issue)); }

std::string action_to_json(const StoredIssue& issue, long writes) {
  return json_text({{"issue", to_json(issue)}, {"writes", writes}});
}

std::string groups_to_json(const std::vector<postgres::IssueGroup>& groups, long total) {
  Json out;
  Json& list = out["groups"] = Json::array();
  for (const postgres::IssueGroup& group : groups) {
    list.push_back({{"kind", group.kind},
                    {"code", text_or_null(group.code)},
                    {"field", text_or_null(group.field)},
                    {"rule", text_or_null(group.rule)},
                    {"objects", group.objects},
                    {"count", group.count},
                    {"records", group.records},
                    {"first_at", time_or_null(group.first_at)},
                    {"last_at", time_or_null(group.last_at)},
                    {"sample_id", group.newest_id},
                    {"message", group.message}});
  }
  out["total"] = total;
  return json_text(out);
}

std::string journal_to_json(const std::vector<StoredJournalEntry>& entries, std::size_t limit) {
  return json_text(page_json("entries", entries, limit));
}

std::string journal_entry_to_json(const StoredJournalEntry& entry) { return json_text(to_json(entry)); }

std::string value_for_people(const Value& value) {
  if (is_absent(value)) return "-";
  if (is_null(value)) return "null";
  const Json json = plain_json(value);
  return json.is_string() ? json.get<std::string>() : json.dump();
}

}  // namespace duet::runtime
