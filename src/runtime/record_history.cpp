#include "runtime/record_history.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "codec/change_event_value.h"
#include "codec/value_text.h"
#include "postgres/audit_store.h"
#include "postgres/issue_store.h"
#include "postgres/journal_store.h"
#include "postgres/record_view.h"
#include "runtime/record_as_of.h"
#include "runtime/value_json.h"

namespace duet::runtime {
namespace {

using Json = nlohmann::ordered_json;
using postgres::LoggedChange;
using postgres::RecordReader;
using postgres::RecordView;
using postgres::StoredIssue;
using postgres::StoredJournalEntry;

struct Event {
  TimeMs at = 0;
  Json json;
};

std::string_view name_of_kind(AttemptKind kind) {
  switch (kind) {
    case AttemptKind::create:
      return "create";
    case AttemptKind::update:
      return "update";
    case AttemptKind::remove:
      break;
  }
  return "remove";
}

std::string_view name_of_state(AttemptState state) {
  switch (state) {
    case AttemptState::sent:
      return "sent";
    case AttemptState::accepted:
      return "accepted";
    case AttemptState::unknown:
      break;
  }
  return "unknown";
}

/// The one word for where the record stands, the most pressing first.
std::string_view sync_state(const RecordView& view) {
  const Lane& lane = view.lane;
  if (!lane.parked.empty()) return "parked";
  if (lane.dirty) return "dirty";
  if (!lane.attempts.empty()) {
    switch (lane.attempts.back().state) {
      case AttemptState::sent:
        return "in_flight";
      case AttemptState::unknown:
        return "unknown";
      case AttemptState::accepted:
        return "accepted";
    }
  }
  if (!lane.held.empty()) return "held";
  if (!lane.pending.empty() || lane.pending_create || lane.pending_delete) return "pending";
  return view.row ? "at_rest" : "deleted";
}

Json sync_json(const RecordView& view) {
  const Lane& lane = view.lane;
  Json out;
  out["state"] = sync_state(view);
  Json& pending = out["pending"] = Json::array();
  for (const auto& [field, change] : lane.pending) {
    Json entry = {{"field", field}, {"since", time_or_null(change.changed_at.from)}};
    if (!is_absent(change.base)) entry["base"] = plain_json(change.base);
    pending.push_back(std::move(entry));
  }
  Json& attempts = out["attempts"] = Json::array();
  for (const Attempt& attempt : lane.attempts) {
    Json fields = Json::array();
    for (const auto& sent : attempt.fields) fields.push_back(sent.first);
    attempts.push_back({{"token", attempt.token},
                        {"kind", name_of_kind(attempt.kind)},
                        {"state", name_of_state(attempt.state)},
                        {"sent_at", time_or_null(attempt.sent_at)},
                        {"fields", std::move(fields)}});
  }
  Json& held = out["held"] = Json::array();
  for (const auto& [field, values] : lane.held) {
    for (const HeldValue& value : values) {
      held.push_back({{"field", field},
                      {"value", plain_json(value.value)},
                      {"actor", text_or_null(value.actor)},
                      {"at", time_or_null(value.changed_at.from)}});
    }
  }
  out["dirty"] = lane.dirty ? Json{{"reason", lane.dirty->reason}, {"since", time_or_null(lane.dirty->since)}} : Json();
  out["parked"] = text_or_null(lane.parked);
  out["not_before"] = time_or_null(lane.not_before);
  return out;
}

/// What the org is known to hold where that is not what the row holds.
Json salesforce_json(const Lane& lane) {
  Json out = Json::object();
  for (const auto& [field, change] : lane.pending) {
    if (!is_absent(change.base)) out[field] = plain_json(change.base);
  }
  for (const auto& [field, values] : lane.held) {
    if (!values.empty()) out[field] = plain_json(values.back().value);
  }
  return out;
}

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

Event event_of(const LoggedChange& change) {
  const bool insert = change.action == "INSERT";
  const bool remove = change.action == "DELETE";
  Event event{change.at, event_json(change.at, "postgres", "captured",
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

Event event_of(const StoredJournalEntry& entry) {
  const std::string what = entry.field.empty() ? std::string("The row") : entry.field;
  const std::string of = entry.lost_side == "salesforce" ? "Salesforce" : "Postgres";
  Event event{entry.created_at, event_json(entry.created_at, "duet", entry.reason == "deleted" ? "deleted" : "lost",
                                           fmt::format("{}: the value of {} did not stand ({}, {})", what, of,
                                                       entry.reason, entry.rule))};
  event.json["state"] = entry.reason;
  if (!entry.field.empty()) event.json["fields"].push_back(field_json(entry.field, entry.lost, entry.kept));
  event.json["actor"] = text_or_null(entry.actor.empty() ? entry.lost_actor : entry.actor);
  event.json["source"] = "journal";
  event.json["ref"] = entry.id;
  return event;
}

void add_issue(const StoredIssue& issue, std::vector<Event>& events) {
  Event raised{issue.created_at,
               event_json(issue.created_at, "duet", "issue", fmt::format("Issue {}: {}", issue.id, issue.issue.kind))};
  raised.json["state"] = issue.issue.state;
  raised.json["message"] = issue.issue.message;
  for (const IssueField& field : issue.issue.fields)
    raised.json["fields"].push_back(field_json(field.name, field.salesforce, field.postgres));
  raised.json["actor"] = text_or_null(issue.issue.salesforce_actor);
  raised.json["source"] = "issue";
  raised.json["ref"] = issue.id;
  events.push_back(std::move(raised));
  if (issue.closed_at == 0) return;
  Event closed{issue.closed_at,
               event_json(issue.closed_at, "duet", "action", fmt::format("Issue {}: {}", issue.id, issue.issue.state))};
  closed.json["state"] = issue.issue.state;
  closed.json["actor"] = text_or_null(issue.closed_by);
  closed.json["message"] = text_or_null(issue.outcome);
  closed.json["source"] = "issue";
  closed.json["ref"] = issue.id;
  events.push_back(std::move(closed));
}

void add_attempts(const Lane& lane, std::vector<Event>& events) {
  for (const Attempt& attempt : lane.attempts) {
    Event event{attempt.sent_at, event_json(attempt.sent_at, "duet", "sent",
                                            fmt::format("Sent to Salesforce ({})", name_of_kind(attempt.kind)))};
    event.json["action"] = attempt.kind == AttemptKind::create   ? "insert"
                           : attempt.kind == AttemptKind::remove ? "delete"
                                                                 : "update";
    event.json["state"] = name_of_state(attempt.state);
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

/// The row that went, in terms of the mapping.
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

Json as_of_json(const RecordAsOf& found, TimeMs at) {
  Json out;
  out["at"] = time_or_null(at);
  out["exists"] = found.exists ? Json(*found.exists) : Json();
  out["values"] = found.values.empty() ? Json() : plain_json(found.values);
  out["known_from"] = time_or_null(found.known_from);
  out["not_known"] = found.not_known;
  return out;
}

Json limits_json(bool truncated) {
  Json out = Json::array(
      {"Changes made in Salesforce that met no local change are applied without being written down one by one: they "
       "show "
       "as differences between whole rows, and in Salesforce's own field history.",
       "Which role or application wrote in Postgres is not recorded: the trigger log is Heroku Connect's and has no "
       "place "
       "for it.",
       "Writes that Salesforce has confirmed leave no attempt behind: the state of the captured change says what "
       "became "
       "of it.",
       "The trigger log is kept for 30 days, journal and closed issues as long as the configuration says."});
  if (truncated) out.push_back("There is more than was asked for: ask with a larger limit.");
  return out;
}

struct Found {
  RecordView view;
  RecordRef ref;  ///< with everything that is known
};

Result<Found> find_record(RecordReader& reader, const Mapping& mapping, const RecordRef& ref) {
  Found found{DUET_TRY(reader.read(mapping, ref)), ref};
  const RecordView& view = found.view;
  if (view.row) {
    found.ref.row_id = view.row->id;
    found.ref.sfid = view.row->sfid;
  } else if (!ref.row_id) {
    found.ref.row_id = view.lane.row_id ? view.lane.row_id : DUET_TRY(reader.former_row(mapping, ref.sfid));
  }
  if (found.ref.sfid.empty()) found.ref.sfid = view.lane.sfid;
  found.ref.external_id = view.lane.external_id;
  if (view.row && !mapping.upsert_field.empty()) {
    const Value& key = value_of(view.row->values, mapping.upsert_field);
    if (const auto text = codec::to_postgres(key)) found.ref.external_id = *text;
  }
  return found;
}

std::unexpected<Error> no_record(const Mapping& mapping) {
  return fail(ErrorKind::not_found, fmt::format("nothing is known of such a record of {}", mapping.object));
}

Json names_json(const Mapping& mapping, const RecordRef& ref) {
  Json out;
  out["object"] = mapping.object;
  out["table"] = mapping.table;
  out["record_id"] = ref.row_id ? Json(*ref.row_id) : Json();
  out["sfid"] = text_or_null(ref.sfid);
  out["external_id"] = text_or_null(ref.external_id);
  return out;
}

/// Issues of a record, found by its row and by its Id.
Result<std::vector<StoredIssue>> issues_of(postgres::Session& session, int connection_id, const Mapping& mapping,
                                           const RecordRef& ref, const std::string& state, std::size_t limit) {
  postgres::IssueStore store(session, connection_id);
  std::vector<StoredIssue> issues;
  std::set<std::int64_t> seen;
  const auto take = [&](const postgres::IssueFilter& filter) -> Result<void> {
    for (StoredIssue& issue : DUET_TRY(store.list(filter))) {
      if (seen.insert(issue.id).second) issues.push_back(std::move(issue));
    }
    return {};
  };
  postgres::IssueFilter filter;
  filter.state = state;
  filter.object = mapping.object;
  filter.limit = limit;
  if (!ref.sfid.empty()) {
    filter.sfid = ref.sfid;
    DUET_TRY(take(filter));
    filter.sfid.clear();
  }
  if (ref.row_id) {
    filter.record_id = ref.row_id;
    DUET_TRY(take(filter));
  }
  return issues;
}

Result<std::vector<StoredJournalEntry>> journal_of(postgres::Session& session, int connection_id,
                                                   const Mapping& mapping, const RecordRef& ref, std::size_t limit) {
  postgres::JournalStore store(session, connection_id);
  std::vector<StoredJournalEntry> entries;
  std::set<std::int64_t> seen;
  const auto take = [&](const postgres::JournalFilter& filter) -> Result<void> {
    for (StoredJournalEntry& entry : DUET_TRY(store.list(filter))) {
      if (seen.insert(entry.id).second) entries.push_back(std::move(entry));
    }
    return {};
  };
  postgres::JournalFilter filter;
  filter.object = mapping.object;
  filter.limit = limit;
  if (!ref.sfid.empty()) {
    filter.sfid = ref.sfid;
    DUET_TRY(take(filter));
    filter.sfid.clear();
  }
  if (ref.row_id) {
    filter.record_id = ref.row_id;
    DUET_TRY(take(filter));
  }
  return entries;
}

}  // namespace

Result<RecordRef> record_ref(const std::string& id) {
  RecordRef ref;
  const bool number =
      !id.empty() && id.size() < 15 && std::ranges::all_of(id, [](char c) { return c >= '0' && c <= '9'; });
  if (number) {
    ref.row_id = std::stoll(id);
    return ref;
  }
  ref.sfid = codec::record_id_18(id);
  if (ref.sfid.empty())
    return fail(ErrorKind::bad_data, "a record is named by its Salesforce Id or by the id of its row");
  return ref;
}

Result<std::string> record_to_json(postgres::Session& session, const std::string& schema, int connection_id,
                                   const Mapping& mapping, const RecordRef& ref) {
  RecordReader reader(session, schema);
  const Found found = DUET_TRY(find_record(reader, mapping, ref));
  // A row's id that was asked for says nothing about the row.
  const bool named = found.ref.row_id && (!ref.row_id || !found.ref.sfid.empty());
  if (!found.view.row && found.view.lane.empty() && !named) return no_record(mapping);
  Json out = names_json(mapping, found.ref);
  out["values"] = found.view.row ? plain_json(found.view.row->values) : Json();
  out["last_op"] = found.view.row ? text_or_null(found.view.row->last_op) : Json();
  out["error"] = text_or_null(found.view.error_text);
  out["salesforce"] = salesforce_json(found.view.lane);
  out["sync"] = sync_json(found.view);
  out["open_issues"] = Json::array();
  for (const StoredIssue& issue : DUET_TRY(issues_of(session, connection_id, mapping, found.ref, "open", 100)))
    out["open_issues"].push_back(issue.id);
  return json_text(out);
}

Result<std::string> history_to_json(postgres::Session& session, const std::string& schema, int connection_id,
                                    const Mapping& mapping, const RecordRef& ref, std::optional<TimeMs> at,
                                    std::size_t limit) {
  RecordReader reader(session, schema);
  const Found found = DUET_TRY(find_record(reader, mapping, ref));
  postgres::RecordHistory log;
  if (found.ref.row_id) log = DUET_TRY(reader.history(mapping, *found.ref.row_id, limit));
  const auto journal = DUET_TRY(journal_of(session, connection_id, mapping, found.ref, limit));
  const auto issues = DUET_TRY(issues_of(session, connection_id, mapping, found.ref, {}, limit));
  if (!found.view.row && found.view.lane.empty() && log.changes.empty() && journal.empty() && issues.empty())
    return no_record(mapping);

  std::vector<Event> events;
  std::vector<Snapshot> snapshots;
  for (const LoggedChange& change : log.changes) {
    events.push_back(event_of(change));
    add_snapshots(change, snapshots);
  }
  for (const StoredJournalEntry& entry : journal) {
    events.push_back(event_of(entry));
    if (FieldValues values = row_before(mapping, entry.row_before); !values.empty())
      snapshots.push_back({entry.created_at, false, true, std::move(values)});
  }
  for (const StoredIssue& issue : issues) add_issue(issue, events);
  add_attempts(found.view.lane, events);
  std::ranges::stable_sort(events, std::greater{}, &Event::at);
  const bool truncated = log.truncated || events.size() > limit;
  if (events.size() > limit) events.resize(limit);

  Json out;
  out["object"] = mapping.object;
  out["record_id"] = found.ref.row_id ? Json(*found.ref.row_id) : Json();
  out["sfid"] = text_or_null(found.ref.sfid);
  Json& list = out["events"] = Json::array();
  for (Event& event : events) list.push_back(std::move(event.json));
  out["truncated"] = truncated;
  out["as_of"] = nullptr;
  if (at) {
    const postgres::Rows now = DUET_TRY(session.query("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"));
    snapshots.push_back({now.integer(0, 0), false, found.view.row.has_value(),
                         found.view.row ? found.view.row->values : FieldValues()});
    out["as_of"] = as_of_json(record_as_of(snapshots, *at), *at);
  }
  out["not_known"] = limits_json(truncated);
  return json_text(out);
}

}  // namespace duet::runtime
