#include "runtime/record_events.h"

#include <utility>

#include <fmt/format.h>

#include "codec/value_text.h"
#include "runtime/value_json.h"

namespace duet::runtime {
namespace {

using Json = nlohmann::ordered_json;
using postgres::LoggedChange;
using postgres::StoredIssue;
using postgres::StoredJournalEntry;

Json field_json(const std::string& name, const Value& old_value, const Value& new_value) {
  Json field = {{"name", name}};
  if (!is_absent(old_value)) field["old"] = plain_json(old_value);
  if (!is_absent(new_value)) field["new"] = plain_json(new_value);
  return field;
}

Json event_json(TimeMs at, std::string_view side, std::string_view type, std::string title) {
  Json out;
  out["at"] = time_or_null(at);
  out["side"] = side;
  out["type"] = type;
  out["title"] = std::move(title);
  out["action"] = nullptr;
  out["state"] = nullptr;
  out["fields"] = Json::array();
  out["actor"] = nullptr;
  out["message"] = nullptr;
  return out;
}

}  // namespace

RecordEvent event_of(const LoggedChange& change) {
  const bool insert = change.action == "INSERT";
  const bool remove = change.action == "DELETE";
  RecordEvent event{change.at, event_json(change.at, "postgres", "captured",
                                          insert   ? "Row inserted"
                                          : remove ? "Row deleted"
                                                   : "Row updated")};
  event.json["action"] = insert ? "insert" : remove ? "delete" : "update";
  event.json["state"] = change.state;
  event.json["message"] = text_or_null(change.message);
  for (const auto& [name, value] : change.after) {
    if (insert && is_null(value)) continue;
    event.json["fields"].push_back(field_json(name, insert ? Value(Absent{}) : value_of(change.before, name), value));
  }
  event.json["source"] = change.archived ? "trigger_log_archive" : "trigger_log";
  event.json["ref"] = change.id;
  return event;
}

RecordEvent event_of(const StoredJournalEntry& entry) {
  const std::string what = entry.field.empty() ? std::string("The row") : entry.field;
  const std::string of = entry.lost_side == "salesforce" ? "Salesforce" : "Postgres";
  RecordEvent event{
      entry.created_at,
      event_json(entry.created_at, "duet", entry.reason == "deleted" ? "deleted" : "lost",
                 fmt::format("{}: the value of {} did not stand ({}, {})", what, of, entry.reason, entry.rule))};
  event.json["state"] = entry.reason;
  if (!entry.field.empty()) event.json["fields"].push_back(field_json(entry.field, entry.lost, entry.kept));
  event.json["actor"] = text_or_null(entry.actor.empty() ? entry.lost_actor : entry.actor);
  event.json["source"] = "journal";
  event.json["ref"] = entry.id;
  return event;
}

void add_issue(const StoredIssue& issue, std::vector<RecordEvent>& events) {
  RecordEvent raised{issue.created_at, event_json(issue.created_at, "duet", "issue",
                                                  fmt::format("Issue {}: {}", issue.id, issue.issue.kind))};
  raised.json["state"] = issue.issue.state;
  raised.json["message"] = issue.issue.message;
  for (const IssueField& field : issue.issue.fields)
    raised.json["fields"].push_back(field_json(field.name, field.salesforce, field.postgres));
  raised.json["actor"] = text_or_null(issue.issue.salesforce_actor);
  raised.json["source"] = "issue";
  raised.json["ref"] = issue.id;
  events.push_back(std::move(raised));
  if (issue.closed_at == 0) return;
  RecordEvent closed{issue.closed_at, event_json(issue.closed_at, "duet", "action",
                                                 fmt::format("Issue {}: {}", issue.id, issue.issue.state))};
  closed.json["state"] = issue.issue.state;
  closed.json["actor"] = text_or_null(issue.closed_by);
  closed.json["message"] = text_or_null(issue.outcome);
  closed.json["source"] = "issue";
  closed.json["ref"] = issue.id;
  events.push_back(std::move(closed));
}

void add_attempts(const Lane& lane, std::vector<RecordEvent>& events) {
  for (const Attempt& attempt : lane.attempts) {
    RecordEvent event{attempt.sent_at, event_json(attempt.sent_at, "duet", "sent",
                                                  fmt::format("Sent to Salesforce ({})", name_of(attempt.kind)))};
    event.json["action"] = attempt.kind == AttemptKind::create   ? "insert"
                           : attempt.kind == AttemptKind::remove ? "delete"
                                                                 : "update";
    event.json["state"] = name_of(attempt.state);
    for (const auto& [name, sent] : attempt.fields)
      event.json["fields"].push_back(field_json(name, sent.base, sent.value));
    event.json["source"] = "lane";
    event.json["ref"] = 0;
    events.push_back(std::move(event));
  }
}

void add_snapshots(const LoggedChange& change, std::vector<Snapshot>& snapshots) {
  const bool insert = change.action == "INSERT";
  const bool remove = change.action == "DELETE";
  // Of a row that was not there nothing was written down.
  if (insert) snapshots.push_back({change.at, false, false, {}});
  if (!change.before.empty()) snapshots.push_back({change.at, false, true, change.before});
  if (remove) {
    snapshots.push_back({change.at, true, false, {}});
    return;
  }
  if (!insert && change.before.empty()) return;  // only what changed is known
  FieldValues values = change.before;
  for (const auto& [name, value] : change.after) values.insert_or_assign(name, value);
  snapshots.push_back({change.at, true, true, std::move(values)});
}

FieldValues row_before(const Mapping& mapping, const std::string& text) {
  FieldValues values;
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return values;
  for (const MappedField& field : mapping.fields) {
    const auto found = json.find(field.column);
    if (found == json.end() || field.schema.type == FieldType::id) continue;
    if (found->is_null()) {
      values.emplace(field.schema.name, Null{});
    } else {
      values.emplace(
          field.schema.name,
          codec::from_postgres(field.schema.type, found->is_string() ? found->get<std::string>() : found->dump()));
    }
  }
  return values;
}

}  // namespace duet::runtime
