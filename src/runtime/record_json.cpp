#include "runtime/record_json.h"

#include <type_traits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace duet::runtime {
namespace {

using Json = nlohmann::ordered_json;
using postgres::StoredIssue;
using postgres::StoredJournalEntry;

Json to_json(const Value& value) {
  return std::visit(
      [](const auto& each) -> Json {
        using T = std::decay_t<decltype(each)>;
        if constexpr (std::is_same_v<T, Absent> || std::is_same_v<T, Null>) {
          return nullptr;
        } else if constexpr (std::is_same_v<T, Date>) {
          return format_date(each.days);
        } else if constexpr (std::is_same_v<T, DateTime>) {
          return format_timestamp(each.ms);
        } else if constexpr (std::is_same_v<T, TimeOfDay>) {
          return format_time_of_day(each.ms);
        } else {
          return each;
        }
      },
      value);
}

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }
Json time_or_null(TimeMs time) { return time == 0 ? Json() : Json(format_timestamp(time)); }

Json to_json(const IssueField& field) {
  Json out;
  out["name"] = field.name;
  // An absent base was not known; null would say that the field was empty.
  if (!is_absent(field.base)) out["base"] = to_json(field.base);
  if (!is_absent(field.salesforce)) out["salesforce"] = to_json(field.salesforce);
  if (!is_absent(field.postgres)) out["postgres"] = to_json(field.postgres);
  out["chosen"] = text_or_null(field.chosen);
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
  if (!is_absent(entry.base)) out["base"] = to_json(entry.base);
  if (!is_absent(entry.lost)) out["lost"] = to_json(entry.lost);
  if (!is_absent(entry.kept)) out["kept"] = to_json(entry.kept);
  out["lost_side"] = entry.lost_side;
  out["rule"] = entry.rule;
  out["actor"] = text_or_null(entry.actor);
  out["lost_actor"] = text_or_null(entry.lost_actor);
  out["lost_at"] = time_or_null(entry.lost_at);
  out["attempt"] = text_or_null(entry.attempt);
  const Json row = Json::parse(entry.row_before, nullptr, false);
  out["row_before"] = row.is_object() ? row : Json();
  return out;
}

template <class Entry>
std::string page_to_json(const char* name, const std::vector<Entry>& entries, std::size_t limit) {
  Json out;
  Json& list = out[name] = Json::array();
  for (const Entry& entry : entries) list.push_back(to_json(entry));
  out["next"] = entries.size() >= limit && !entries.empty() ? Json(entries.back().id) : Json();
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string issues_to_json(const std::vector<StoredIssue>& issues, std::size_t limit) {
  return page_to_json("issues", issues, limit);
}

std::string issue_to_json(const StoredIssue& issue) {
  return to_json(issue).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string journal_to_json(const std::vector<StoredJournalEntry>& entries, std::size_t limit) {
  return page_to_json("entries", entries, limit);
}

std::string value_for_people(const Value& value) {
  if (is_absent(value)) return "-";
  if (is_null(value)) return "null";
  const Json json = to_json(value);
  return json.is_string() ? json.get<std::string>() : json.dump();
}

}  // namespace duet::runtime
