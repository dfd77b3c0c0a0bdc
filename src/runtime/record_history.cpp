#include "runtime/record_history.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "codec/change_event_value.h"
#include "codec/value_text.h"
#include "postgres/audit_store.h"
#include "postgres/issue_store.h"
#include "postgres/journal_store.h"
#include "postgres/record_view.h"
#include "runtime/record_as_of.h"
#include "runtime/record_events.h"
#include "runtime/value_json.h"

namespace duet::runtime {
namespace {

using Json = nlohmann::ordered_json;
using postgres::LoggedChange;
using postgres::RecordReader;
using postgres::RecordView;
using postgres::StoredIssue;
using postgres::StoredJournalEntry;

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
  if (!lane.frozen.empty() || lane.frozen_delete) return "conflict";
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
                        {"kind", name_of(attempt.kind)},
                        {"state", name_of(attempt.state)},
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
  for (const auto& [field, frozen] : lane.frozen) {
    const Value& holds = is_absent(frozen.org) ? frozen.salesforce : frozen.org;
    if (!is_absent(holds)) out[field] = plain_json(holds);
  }
  return out;
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

/// What a store knows of a record, found by its Id and by its row, each entry once.
template <class Store, class Filter>
auto of_record(Store store, Filter filter, const RecordRef& ref) -> decltype(store.list(filter)) {
  auto found = decltype(store.list(filter))();
  std::set<std::int64_t> seen;
  const auto take = [&]() -> Result<void> {
    for (auto& each : DUET_TRY(store.list(filter))) {
      if (seen.insert(each.id).second) found->push_back(std::move(each));
    }
    return {};
  };
  filter.sfid = ref.sfid;
  if (!ref.sfid.empty()) DUET_TRY(take());
  filter.sfid.clear();
  filter.record_id = ref.row_id;
  if (ref.row_id) DUET_TRY(take());
  return found;
}

Result<std::vector<StoredIssue>> issues_of(postgres::Session& session, int connection_id, const Mapping& mapping,
                                           const RecordRef& ref, const std::string& state, std::size_t limit) {
  postgres::IssueFilter filter;
  filter.state = state;
  filter.object = mapping.object;
  filter.limit = limit;
  return of_record(postgres::IssueStore(session, connection_id), filter, ref);
}

Result<std::vector<StoredJournalEntry>> journal_of(postgres::Session& session, int connection_id,
                                                   const Mapping& mapping, const RecordRef& ref, std::size_t limit) {
  postgres::JournalFilter filter;
  filter.object = mapping.object;
  filter.limit = limit;
  return of_record(postgres::JournalStore(session, connection_id), filter, ref);
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

  std::vector<RecordEvent> events;
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
  std::ranges::stable_sort(events, std::greater{}, &RecordEvent::at);
  const bool truncated = log.truncated || events.size() > limit;
  if (events.size() > limit) events.resize(limit);

  Json out;
  out["object"] = mapping.object;
  out["record_id"] = found.ref.row_id ? Json(*found.ref.row_id) : Json();
  out["sfid"] = text_or_null(found.ref.sfid);
  Json& list = out["events"] = Json::array();
  for (RecordEvent& event : events) list.push_back(std::move(event.json));
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
