#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "model/lane.h"
#include "model/mapping.h"
#include "postgres/issue_store.h"
#include "postgres/journal_store.h"
#include "postgres/record_view.h"
#include "runtime/record_as_of.h"

namespace duet::runtime {

/// One line of a record's history, as the API tells it.
struct RecordEvent {
  TimeMs at = 0;
  nlohmann::ordered_json json;
};

RecordEvent event_of(const postgres::LoggedChange& change);
RecordEvent event_of(const postgres::StoredJournalEntry& entry);
/// That the issue was raised, and what became of it.
void add_issue(const postgres::StoredIssue& issue, std::vector<RecordEvent>& events);
void add_attempts(const Lane& lane, std::vector<RecordEvent>& events);

/// What the captured change says about the row before and after it.
void add_snapshots(const postgres::LoggedChange& change, std::vector<Snapshot>& snapshots);
/// The row that the journal kept, in terms of the mapping; `text` is its JSON.
FieldValues row_before(const Mapping& mapping, const std::string& text);

}  // namespace duet::runtime
