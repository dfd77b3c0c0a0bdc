#include "checkers.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

namespace duet::simulation {
namespace {

std::string text_of(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text ? *text : std::string();
}

/// G8: when the faults stop, everything comes to rest, and both sides are the same.
void check_convergence(World& world, std::vector<std::string>& found) {
  if (!world.at_rest()) found.emplace_back("stuck: something is still on its way");
  if (!world.rest_reason().empty()) found.push_back("stuck: " + world.rest_reason());
  for (const LogRow& log : world.store().database().log) {
    if (log.state == LogState::fresh || log.state == LogState::pending) {
      found.push_back(fmt::format("stuck: log row {} of row {} is {}", log.captured.log_id, log.captured.row_id,
                                  log.state == LogState::fresh ? "NEW" : "PENDING"));
    }
  }
  std::map<std::string, OrgRecord> live;
  for (OrgRecord& record : world.org().records()) {
    if (!record.deleted) live.emplace(record.sfid, std::move(record));
  }
  std::set<std::string> matched;
  for (const auto& [id, row] : world.store().database().rows) {
    auto record = live.find(row.sfid);
    if (record == live.end()) {
      found.push_back(fmt::format("diverged: row {} ({}) has no record", id, row.sfid));
      continue;
    }
    if (!matched.insert(row.sfid).second) found.push_back(fmt::format("duplicate: two rows of {}", row.sfid));
    for (const auto& [name, value] : record->second.fields) {
      if (text_of(value) != text_of(value_of(row.values, name))) {
        found.push_back(fmt::format("diverged: {} of row {} is '{}', of {} '{}'", name, id,
                                    text_of(value_of(row.values, name)), row.sfid, text_of(value)));
      }
    }
  }
  for (const auto& [sfid, record] : live) {
    if (!matched.contains(sfid)) found.push_back(fmt::format("diverged: {} has no row", sfid));
  }
}

/// G1's stated limit: on an object without change events, what an unconditional write of ours covered leaves no trace.
/// With the policy `postgres` updates are unconditional; creates and deletes always are.
void allow_covered_unseen(World& world, std::set<std::string>& accounted) {
  if (world.mapping().source != InboundSource::poll) return;
  std::map<std::string, std::map<std::string, std::string>> current;
  for (const OrgVersion& version : world.org().versions()) {
    auto& record = current[version.sfid];
    if (version.field.empty()) {
      for (const auto& [field, value] : record) accounted.insert(value);
      continue;
    }
    if (version.ours && version.unconditional) accounted.insert(record[version.field]);
    record[version.field] = text_of(version.value);
  }
}

/// G1: every committed value is the final one, was overwritten by somebody who could see it, or is in the journal.
void check_no_silent_loss(World& world, std::vector<std::string>& found) {
  std::set<std::string> accounted = world.seen_over();
  for (const JournalEntry& entry : world.store().database().journal) accounted.insert(text_of(entry.lost));
  for (const OrgRecord& record : world.org().records()) {
    if (record.deleted) continue;
    for (const auto& [name, value] : record.fields) accounted.insert(text_of(value));
  }
  for (const auto& [id, row] : world.store().database().rows) {
    for (const auto& [name, value] : row.values) accounted.insert(text_of(value));
  }
  accounted.insert(world.org().untold().begin(), world.org().untold().end());
  accounted.insert(world.org().seen_by_automation().begin(), world.org().seen_by_automation().end());
  accounted.insert("");
  allow_covered_unseen(world, accounted);

  for (const std::string& value : world.app_values()) {
    if (!accounted.contains(value)) found.push_back(fmt::format("silently lost: {} of the app", value));
  }
  for (const OrgVersion& version : world.org().versions()) {
    if (version.field.empty() || version.field == "Ext__c" || (version.ours && !version.automation)) continue;
    if (!accounted.contains(text_of(version.value))) {
      found.push_back(fmt::format("silently lost: {} of {} {}", text_of(version.value),
                                  version.automation ? "automation" : "a person", version.sfid));
    }
  }
}

/// G5: a reader of the table never sees new, old, new. Values are unique, so none may come back while the row lives.
void check_no_flip_flop(World& world, std::vector<std::string>& found) {
  if (world.puts_back()) return;
  std::map<std::pair<std::int64_t, std::string>, std::set<std::string>> had;
  for (const RowVersion& version : world.store().database().history) {
    if (version.field.empty()) {
      std::erase_if(had, [&](const auto& entry) { return entry.first.first == version.row_id; });
      continue;
    }
    const std::string text = text_of(version.value);
    // An undelete brings back what the record had, and an app what it had replaced.
    if (text.empty() || !world.undeleted().empty() || world.brought_back().contains(text)) continue;
    if (!had[{version.row_id, version.field}].insert(text).second) {
      found.push_back(fmt::format("flip-flop: {} of row {} was {} again", version.field, version.row_id, text));
    }
  }
}

/// G5: a row whose record is known to be deleted comes back only when the record is undeleted.
void check_no_resurrection(World& world, std::vector<std::string>& found) {
  std::set<std::string> removed;
  for (const EngineRow& row : world.store().database().engine_rows) {
    if (row.removed)
      removed.insert(row.sfid);
    else if ((removed.contains(row.sfid) || row.known_deleted) && !world.undeleted().contains(row.sfid))
      found.push_back(fmt::format("resurrected: the row of {}", row.sfid));
  }
}

/// A delete of the app's gives way only to somebody else's change: a record that only we ever wrote has no row that the
/// engine put into the table.
void check_deletes_stand(World& world, std::vector<std::string>& found) {
  std::set<std::string> touched = world.undeleted();
  for (const OrgVersion& version : world.org().versions()) {
    if (!version.ours || version.automation) touched.insert(version.sfid);
  }
  for (const EngineRow& row : world.store().database().engine_rows) {
    if (!row.removed && !touched.contains(row.sfid))
      found.push_back(fmt::format("put back: a row of {}, which nobody but the app has changed", row.sfid));
  }
  for (const JournalEntry& entry : world.store().database().journal) {
    const std::string lost = text_of(entry.lost);
    const bool conflict = entry.reason == JournalReason::delete_conflict && entry.lost_side == Side::salesforce;
    if (conflict && !lost.empty() && !world.puts_back() && world.app_values().contains(lost) &&
        !world.brought_back().contains(lost))
      found.push_back(fmt::format("no conflict: a delete met {}, which the app itself had written", lost));
  }
}

/// G2: what the app inserted once is one record. A record that a person took out of the recycle bin after Duet had made
/// it anew is the person's doing.
void check_no_duplicates(World& world, std::vector<std::string>& found) {
  std::set<std::string> live;
  for (const OrgRecord& record : world.org().records()) {
    if (!record.deleted) live.insert(record.sfid);
  }
  std::map<std::string, std::set<std::string>> holders;
  for (const OrgVersion& version : world.org().versions()) {
    if (version.ours && live.contains(version.sfid) && !world.undeleted().contains(version.sfid) &&
        !text_of(version.value).empty())
      holders[text_of(version.value)].insert(version.sfid);
  }
  for (const auto& [value, sfids] : holders) {
    if (sfids.size() > 1) found.push_back(fmt::format("duplicate: {} went into {} records", value, sfids.size()));
  }
}

}  // namespace

std::vector<std::string> check(World& world) {
  std::vector<std::string> found;
  check_convergence(world, found);
  check_no_silent_loss(world, found);
  check_no_flip_flop(world, found);
  check_no_resurrection(world, found);
  check_deletes_stand(world, found);
  check_no_duplicates(world, found);
  return found;
}

}  // namespace duet::simulation
