#pragma once

#include <optional>
#include <string>
#include <vector>

#include "postgres/issue_store.h"
#include "postgres/journal_store.h"

namespace duet::runtime {

/// Issues and journal entries as people and programs see them (design §7): values as JSON has them, dates and times as
/// text. `next` is the `before` of the next page, null on the last.
std::string issues_to_json(const std::vector<postgres::StoredIssue>& issues, std::size_t limit,
                           std::optional<long> total = std::nullopt);
std::string groups_to_json(const std::vector<postgres::IssueGroup>& groups, long total);
/// The issue after an action, and how many forward writes that took.
std::string action_to_json(const postgres::StoredIssue& issue, long writes);
std::string issue_to_json(const postgres::StoredIssue& issue);
std::string journal_to_json(const std::vector<postgres::StoredJournalEntry>& entries, std::size_t limit);

std::string journal_entry_to_json(const postgres::StoredJournalEntry& entry);

/// One value for a terminal; `-` when it is absent.
std::string value_for_people(const Value& value);

}  // namespace duet::runtime
