#include "checkers.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace duet::simulation {
namespace {

std::string text_of(const Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text ? *text : std::string();
}

/// A field whose values are unique: not the key, nor one with a merge function.
bool is_plain(const std::string& field) { return field < "D"; }

std::vector<std::string> parts_of(const Value& value) {
  std::vector<std::string> parts;
  std::string text = text_of(value);
  std::ranges::replace(text, '\n', ';');
  for (std::size_t from = 0; from < text.size();) {
    const std::size_t end = std::min(text.find(';', from), text.size());
    parts.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return parts;
}

/// For comparing both sides: the items of a multi-select picklist have no order.
std::string stored(const std::string& field, const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  if (field != "M__c") return text_of(value);
  std::vector<std::string> parts = parts_of(value);
  std::ranges::sort(parts);
  return fmt::format("{}", fmt::join(parts, ";"));
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
      const std::string here = stored(name, value_of(row.values, name));
      if (stored(name, value) != here) {
        found.push_back(
            fmt::format("diverged: {} of row {} is '{}', of {} '{}'", name, id, here, row.sfid, stored(name, value)));
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
    if (version.field.empty() || !is_plain(version.field) || (version.ours && !version.automation)) continue;
    if (!accounted.contains(text_of(version.value))) {
      found.push_back(fmt::format("silently lost: {} of {} {}", text_of(version.value),
                                  version.automation ? "automation" : "a person", version.sfid));
    }
  }
}

/// A decision that somebody can read in the journal put the value back: a person's, or that of a group, whose other
/// members go back to their base with the one that lost.
bool put_back(World& world, const RowVersion& version, const std::string& text) {
  return std::ranges::any_of(world.store().database().journal, [&](const StoredEntry& entry) {
    return entry.row_id == version.row_id && entry.field == version.field && text_of(entry.kept) == text &&
           (entry.reason == JournalReason::resolved ||
            (!world.mapping().groups.empty() && text_of(entry.base) == text));
  });
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
    if (!is_plain(version.field)) continue;
    // An undelete brings back what the record had, and an app what it had replaced.
    if (text.empty() || !world.undeleted().empty() || world.brought_back().contains(text)) continue;
    if (!had[{version.row_id, version.field}].insert(text).second && !put_back(world, version, text)) {
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
    if (version.field > "D" && version.field != "Ext__c") continue;
    if (version.ours && live.contains(version.sfid) && !world.undeleted().contains(version.sfid) &&
        !text_of(version.value).empty())
      holders[text_of(version.value)].insert(version.sfid);
  }
  for (const auto& [value, sfids] : holders) {
    if (sfids.size() > 1) found.push_back(fmt::format("duplicate: {} went into {} records", value, sfids.size()));
  }
}

/// Two counts can always be added: where every event came, no policy decides between them.
void check_counts(World& world, const std::vector<StoredEntry>& journal, std::vector<std::string>& found) {
  for (const StoredEntry& entry : journal) {
    const bool conflict = entry.reason == JournalReason::conflict || entry.reason == JournalReason::late_conflict;
    if (!conflict || entry.field != "N__c" || !conflict_policy_from_name(entry.rule)) continue;
    const auto row = world.store().database().rows.find(entry.row_id);
    if (row == world.store().database().rows.end()) continue;
    if (text_of(value_of(row->second.values, "Ext__c")).starts_with("k")) continue;
    found.push_back(
        fmt::format("not counted: {} by {} of row {}", duet::name_of(entry.reason), entry.rule, entry.row_id));
  }
}

/// Rule 1: what both sides did to a field with a merge function is all in its value, unless a decision was journalled.
void check_merged(World& world, std::vector<std::string>& found) {
  if (!world.accountable()) return;
  check_counts(world, world.store().database().journal, found);
  std::map<std::pair<std::string, std::string>, std::vector<const PartEdit*>> edits;
  const Database& db = world.store().database();
  for (const PartEdit& edit : world.part_edits()) {
    std::string sfid = edit.sfid;
    if (auto row = db.rows.find(edit.row_id); sfid.empty() && row != db.rows.end()) sfid = row->second.sfid;
    edits[{sfid, edit.field}].push_back(&edit);
  }
  for (const auto& [id, row] : db.rows) {
    const bool inserted_on_both_sides = text_of(value_of(row.values, "Ext__c")).starts_with("k");
    for (const char* name : {"N__c", "M__c", "T__c"}) {
      // After a lost answer an item or a line that was taken away may come back; a count is exact all the same.
      if (std::string_view(name) != "N__c" && !world.exact()) continue;
      const bool decided =
          std::ranges::any_of(db.journal,
                              [&](const StoredEntry& entry) {
                                return entry.field == name && (entry.row_id == id || entry.sfid == row.sfid);
                              }) ||
          std::ranges::any_of(db.issues, [&](const StoredIssue& issue) {
            return (issue.row_id == id || issue.sfid == row.sfid) &&
                   std::ranges::find(issue.fields, name, &IssueField::name) != issue.fields.end();
          });
      const auto done = edits.find({row.sfid, name});
      if (decided || inserted_on_both_sides || done == edits.end()) continue;
      ++world.statistics().merged;
      double sum = 0;
      std::set<std::string> in;
      std::set<std::string> out;
      for (const PartEdit* edit : done->second) {
        sum += edit->added;
        in.insert(edit->in.begin(), edit->in.end());
        out.insert(edit->out.begin(), edit->out.end());
      }
      const Value& value = value_of(row.values, name);
      if (const auto* number = std::get_if<double>(&value);
          std::string_view(name) == "N__c" && (!number || *number != sum))
        found.push_back(fmt::format("miscounted: {} of row {} is {} after {}", name, id, number ? *number : -1, sum));
      if (std::string_view(name) == "N__c") continue;
      std::erase_if(in, [&](const std::string& part) { return out.contains(part); });
      const std::vector<std::string> parts = parts_of(value);
      if (std::set<std::string>(parts.begin(), parts.end()) != in) {
        found.push_back(fmt::format("merged badly: {} of row {} is {}, what was done to it makes {}", name, id,
                                    fmt::join(parts, ";"), fmt::join(in, ";")));
      }
    }
  }
}

/// Rule 1: fields of a group go in and out together, and what is held does neither.
void check_groups(World& world, std::vector<std::string>& found) {
  const std::vector<std::string>& violations = world.store().database().violations;
  found.insert(found.end(), violations.begin(), violations.end());
  for (const std::string& sfid : world.org().parted_groups())
    found.push_back("parted group: a write of " + sfid + " had only some fields of a group");
}

/// A value that only Duet ever wrote into the org cannot be in conflict with anything: it would be an echo taken for
/// somebody's change.
void check_echoes(World& world, std::vector<std::string>& found) {
  // What automation puts back is a change of the org, though the value is an old one of ours; a row that comes back
  // after a delete meets the org with what the app had deleted it with.
  if (world.puts_back() || world.deletes()) return;
  for (const StoredEntry& entry : world.store().database().journal) {
    if (entry.reason != JournalReason::conflict && entry.reason != JournalReason::late_conflict) continue;
    const std::string theirs = text_of(entry.lost_side == Side::salesforce ? entry.lost : entry.kept);
    const std::string ours = text_of(entry.lost_side == Side::salesforce ? entry.kept : entry.lost);
    if (is_plain(entry.field) && !theirs.empty() && theirs != ours && theirs != text_of(entry.base) &&
        world.app_values().contains(theirs) && !world.brought_back().contains(theirs))
      found.push_back(fmt::format("spurious conflict: {} of {} was only ever written by us, {} by {}", theirs,
                                  entry.field, duet::name_of(entry.reason), entry.rule));
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
  check_merged(world, found);
  check_groups(world, found);
  const std::size_t others = found.size();
  check_echoes(world, found);
  world.statistics().spurious = found.size() - others;
  found.insert(found.end(), world.complaints().begin(), world.complaints().end());
  return found;
}

}  // namespace duet::simulation
