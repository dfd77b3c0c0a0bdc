#include "engine/record_batch.h"

#include <fmt/format.h>

namespace duet::engine {
namespace {

bool says_something(const RecordBatch::Entry& entry) {
  const RecordChange& change = entry.change;
  return change.row_action != RowAction::keep || change.lane_changed || !change.log.empty() ||
         !change.forward.empty() || !change.journal.empty() || !change.issues.empty() ||
         !change.resolved_issues.empty();
}

std::string name_of(const RecordRef& ref) {
  if (ref.row_id) return fmt::format("r{}", *ref.row_id);
  if (!ref.sfid.empty()) return "s" + ref.sfid;
  return "k" + ref.external_id;
}

}  // namespace

std::size_t RecordBatch::add(const RecordRef& ref) {
  auto [found, fresh] = by_name_.try_emplace(name_of(ref), refs_.size());
  if (fresh) refs_.push_back(ref);
  if (!fresh && refs_[found->second].external_id.empty()) refs_[found->second].external_id = ref.external_id;
  return found->second;
}

Result<void> RecordBatch::lock(ports::StoreTransaction& transaction) {
  std::vector<Record> records = DUET_TRY(transaction.lock(mapping_, refs_));
  if (records.size() != refs_.size())
    return fail(ErrorKind::bug, "the store locked another number of records than it was asked to");
  std::map<std::int64_t, std::size_t> by_row;
  entries_.reserve(records.size());
  for (Record& record : records) {
    if (record.row) {
      auto [found, fresh] = by_row.try_emplace(record.row->id, entries_.size());
      if (!fresh) {
        entry_of_.push_back(found->second);
        continue;
      }
    }
    entry_of_.push_back(entries_.size());
    Record before = record;
    entries_.push_back({std::move(record), {}, std::move(before)});
  }
  return {};
}

Result<void> RecordBatch::write(ports::StoreTransaction& transaction, const Fallback& fallback) {
  std::vector<ports::RecordWrite> writes;
  std::vector<std::size_t> written;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (!says_something(entries_[i])) continue;
    writes.push_back({&entries_[i].record, &entries_[i].change});
    written.push_back(i);
  }
  if (writes.empty()) return {};
  const std::vector<ports::WriteFailure> failures = DUET_TRY(transaction.write(mapping_, writes));
  if (failures.empty()) return {};

  std::vector<ports::RecordWrite> lanes;
  for (const ports::WriteFailure& failure : failures) {
    Entry& entry = entries_[written[failure.index]];
    entry.record = entry.before;
    entry.change = {};
    fallback(entry, written[failure.index], failure.error);
    if (says_something(entry)) lanes.push_back({&entry.record, &entry.change});
  }
  const std::vector<ports::WriteFailure> again = DUET_TRY(transaction.write(mapping_, lanes));
  if (!again.empty()) return fail(again.front().error.kind, "a lane could not be written", again.front().error.code);
  return {};
}

void count(Counters& counters, const RecordChange& change) {
  for (const JournalEntry& entry : change.journal) {
    if (entry.reason == JournalReason::conflict) ++counters.conflicts;
    if (entry.reason == JournalReason::late_conflict) ++counters.late_conflicts;
  }
}

}  // namespace duet::engine
