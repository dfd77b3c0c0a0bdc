#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "ports/clock.h"
#include "ports/org.h"
#include "ports/store.h"

/// Scripted ports for the load worker's tests: one mapping of Id, Name and SystemModstamp; every call can be made to
/// fail.
namespace duet::engine::load_fakes {

/// Counts the calls of all ports together and fails one of them.
struct Script {
  int calls = 0;
  int fail_at = 0;  ///< 0: none
  Error failure{ErrorKind::store_down, "08006", "scripted", {}, nullptr, std::nullopt};

  std::optional<Error> next() { return ++calls == fail_at ? std::optional(failure) : std::nullopt; }
};

#define DUET_SCRIPTED(script) \
  if (auto scripted = (script).next()) return std::unexpected(*scripted)

struct OrgRecord {
  std::string name;
  TimeMs stamp = 0;
  bool deleted = false;
};

/// What PostgreSQL keeps: survives the worker.
struct Database {
  ports::MappingState state = ports::MappingState::created;
  std::map<std::int64_t, Row> rows;
  std::map<std::string, Lane> lanes;  ///< by sfid
  std::vector<ChangeEvent> spool;
  long spooled_until = 0;
  std::map<std::string, std::string> positions;
  std::int64_t next_id = 1;
  std::set<std::string> refused_names;   ///< a constraint of the table
  std::vector<ports::StaleScope> stale;  ///< all that was ever marked
  std::vector<ports::StaleMark> marks;
  std::vector<ports::StaleMark> put_off;

  Row* find(const std::string& sfid) {
    auto found = std::ranges::find_if(rows, [&](const auto& entry) { return entry.second.sfid == sfid; });
    return found == rows.end() ? nullptr : &found->second;
  }
};

class FakeTransaction final : public ports::StoreTransaction {
 public:
  FakeTransaction(Database& target, Script& script) : target_(target), db_(target), script_(script) {}

  Result<std::vector<Record>> lock(const Mapping&, std::span<const RecordRef> refs) override {
    DUET_SCRIPTED(script_);
    std::vector<Record> records;
    for (const RecordRef& ref : refs) {
      Record& record = records.emplace_back();
      record.ref = ref;
      if (const Row* row = db_.find(ref.sfid)) record.row = *row;
      if (auto lane = db_.lanes.find(ref.sfid); lane != db_.lanes.end()) record.lane = lane->second;
    }
    return records;
  }

  Result<std::vector<ports::CreateIntent>> find_creates(const Mapping&, std::size_t) override {
    return std::vector<ports::CreateIntent>{};
  }
  Result<std::vector<ports::MatchingRow>> find_matches(const Mapping&, std::span<const ports::WantedMatch>) override {
    return std::vector<ports::MatchingRow>{};
  }
  Result<std::vector<ports::WriteFailure>> write(const Mapping&, std::span<const ports::RecordWrite> writes) override {
    DUET_SCRIPTED(script_);
    std::vector<ports::WriteFailure> failures;
    for (std::size_t i = 0; i < writes.size(); ++i) {
      if (!write_one(*writes[i].record, *writes[i].change)) {
        failures.push_back({i, Error{ErrorKind::store_constraint, "23514", "refused", {}, nullptr, std::nullopt}});
      }
    }
    return failures;
  }

  Result<void> set_position(const std::string& source, const std::string& position) override {
    db_.positions[source] = position;
    return {};
  }
  Result<void> spool(const Mapping&, std::span<const ChangeEvent>) override { return {}; }
  Result<void> unspool(const Mapping&, long up_to) override {
    db_.spool.erase(db_.spool.begin(), db_.spool.begin() + (up_to - db_.spooled_until));
    db_.spooled_until = up_to;
    return {};
  }
  Result<void> set_mapping_state(const Mapping&, ports::MappingState state) override {
    DUET_SCRIPTED(script_);
    db_.state = state;
    return {};
  }
  Result<long> purge_tombstones(const Mapping&, TimeMs) override { return 0; }
  Result<void> mark_range_dirty(const Mapping&, TimeMs, const std::string&) override { return {}; }
  Result<void> clear_range_dirty(const Mapping&) override { return {}; }
  Result<void> raise_issue(const Mapping*, const Issue&) override { return {}; }
  Result<void> resolve_issue(const Mapping&, std::string_view, std::string_view) override { return {}; }
  Result<Breaker> lock_breaker(const Mapping&) override { return Breaker{}; }
  Result<void> set_breaker(const Mapping&, const Breaker&) override { return {}; }
  Result<void> put_job(const Mapping&, const BulkJob&) override { return {}; }
  Result<void> remove_job(const Mapping&, const std::string&) override { return {}; }
  Result<long> count_captured_deletes(const Mapping&, long) override { return 0; }
  Result<void> mark_stale(std::span<const ports::StaleScope> scopes, TimeMs) override {
    for (const ports::StaleScope& scope : scopes) db_.stale.push_back(scope);
    return {};
  }
  Result<void> clear_stale(const Mapping&, std::span<const ports::StaleMark> marks) override {
    for (const ports::StaleMark& mark : marks)
      std::erase_if(db_.marks, [&](const ports::StaleMark& each) { return each.mark == mark.mark; });
    return {};
  }
  Result<void> put_off_stale(const Mapping& mapping, std::span<const ports::StaleMark> marks, TimeMs) override {
    db_.put_off.insert(db_.put_off.end(), marks.begin(), marks.end());
    return clear_stale(mapping, marks);
  }
  Result<void> commit() override {
    DUET_SCRIPTED(script_);
    target_ = db_;
    return {};
  }

 private:
  bool write_one(const Record& record, const RecordChange& change) {
    const std::string sfid = record.lane.sfid.empty() ? record.ref.sfid : record.lane.sfid;
    if (const auto* name = std::get_if<std::string>(&value_of(change.set, "Name"));
        name && db_.refused_names.contains(*name)) {
      return false;
    }
    if (change.row_action == RowAction::insert) {
      Row row{db_.next_id++, change.set_sfid.value_or(""), {}, "SYNCED"};
      db_.rows[row.id] = row;
    }
    if (change.row_action == RowAction::remove) {
      std::erase_if(db_.rows, [&](const auto& entry) { return entry.second.sfid == sfid; });
    } else if (change.row_action != RowAction::keep) {
      Row* row = db_.find(sfid);
      for (const auto& [field, value] : change.set) row->values[field] = value;
    }
    if (change.lane_changed) db_.lanes[sfid] = record.lane;
    return true;
  }

  Database& target_;
  Database db_;
  Script& script_;
};

/// Reads the binary COPY rows of the mapping back into rows.
class FakeSink final : public ports::CopySink {
 public:
  FakeSink(Database& db, Script& script) : db_(db), script_(script) {}

  Result<void> write(std::string_view bytes) override {
    DUET_SCRIPTED(script_);
    bytes_ += bytes;
    return {};
  }

  Result<long> finish() override {
    DUET_SCRIPTED(script_);
    std::string_view rest = std::string_view(bytes_).substr(19);
    std::map<std::int64_t, Row> rows;
    std::int64_t id = db_.next_id;
    while (number(rest, 2) == 4) {
      Row row{id, text(rest), {}, {}};
      row.values["Name"] = text(rest);
      number(rest, 4);
      row.values["SystemModstamp"] = DateTime{static_cast<std::int64_t>(number(rest, 8)) / 1000 + 10'957 * kMsPerDay};
      row.last_op = text(rest);
      if (db_.refused_names.contains(std::get<std::string>(row.values["Name"]))) {
        return fail(ErrorKind::store_constraint, "refused", "23514");
      }
      rows[id++] = std::move(row);
    }
    db_.rows = std::move(rows);
    db_.next_id = id;
    return static_cast<long>(db_.rows.size());
  }

 private:
  static std::uint64_t number(std::string_view& rest, std::size_t size) {
    std::uint64_t number = 0;
    for (const char c : rest.substr(0, size)) number = number << 8 | static_cast<unsigned char>(c);
    rest.remove_prefix(size);
    return number;
  }
  static std::string text(std::string_view& rest) {
    const std::size_t size = number(rest, 4);
    std::string text(rest.substr(0, size));
    rest.remove_prefix(size);
    return text;
  }

  Database& db_;
  Script& script_;
  std::string bytes_;
};

class FakeStore final : public ports::Store {
 public:
  FakeStore(Database& db, Script& script) : db_(db), script_(script) {}

  Result<std::unique_ptr<ports::StoreTransaction>> begin() override {
    DUET_SCRIPTED(script_);
    return std::make_unique<FakeTransaction>(db_, script_);
  }
  Result<std::optional<std::string>> position(const std::string& source) override {
    DUET_SCRIPTED(script_);
    auto found = db_.positions.find(source);
    return found == db_.positions.end() ? std::nullopt : std::optional(found->second);
  }
  Result<std::vector<RecordRef>> find_parked(const Mapping&, std::string_view, std::size_t) override {
    return std::vector<RecordRef>{};
  }
  Result<std::vector<RecordRef>> find_released(const Mapping&, const MappedField&, const Mapping*, TimeMs,
                                               std::size_t) override {
    return std::vector<RecordRef>{};
  }
  Result<std::vector<RecordRef>> find_abandoned(const Mapping&, std::size_t) override {
    return std::vector<RecordRef>{};
  }
  Result<std::vector<BulkJob>> jobs(const Mapping&) override { return std::vector<BulkJob>{}; }
  Result<CapturedCounts> count_captured(const Mapping&, long) override { return CapturedCounts{}; }
  Result<Breaker> breaker(const Mapping&) override { return Breaker{}; }
  Result<std::vector<RecordRef>> find_pending(const Mapping&, TimeMs, std::size_t) override {
    return std::vector<RecordRef>{};
  }
  Result<std::vector<RecordRef>> find_unsettled(const Mapping&, const ports::UnsettledQuery&, std::size_t) override {
    return std::vector<RecordRef>{};
  }
  Result<std::vector<RecordRef>> find_in_flight(const Mapping&) override { return std::vector<RecordRef>{}; }
  Result<ports::LoadProgress> load_progress(const Mapping&) override {
    DUET_SCRIPTED(script_);
    return ports::LoadProgress{db_.state, 0};
  }
  Result<std::unique_ptr<ports::CopySink>> begin_copy(const Mapping&) override {
    DUET_SCRIPTED(script_);
    if (!db_.rows.empty()) return nullptr;
    ++copies;
    return std::make_unique<FakeSink>(db_, script_);
  }
  Result<ports::SpooledEvents> spooled(const Mapping&, std::size_t limit) override {
    DUET_SCRIPTED(script_);
    ports::SpooledEvents spooled;
    const std::size_t count = std::min(limit, db_.spool.size());
    spooled.events.assign(db_.spool.begin(), db_.spool.begin() + static_cast<std::ptrdiff_t>(count));
    spooled.up_to = db_.spooled_until + static_cast<long>(count);
    return spooled;
  }
  Result<std::vector<std::string>> list_sfids(const Mapping&, const std::string& after, std::size_t limit) override {
    DUET_SCRIPTED(script_);
    std::vector<std::string> sfids;
    for (const auto& [id, row] : db_.rows) {
      if (row.sfid > after) sfids.push_back(row.sfid);
    }
    std::ranges::sort(sfids);
    sfids.resize(std::min(limit, sfids.size()));
    return sfids;
  }
  Result<std::optional<ports::RangeDirty>> range_dirty(const Mapping&) override { return std::nullopt; }
  Result<std::vector<ports::StaleMark>> find_stale(const Mapping&, TimeMs, std::size_t limit) override {
    DUET_SCRIPTED(script_);
    std::vector<ports::StaleMark> found = db_.marks;
    found.resize(std::min(limit, found.size()));
    return found;
  }
  Result<TimeMs> now() override { return 1'000'000; }

  int copies = 0;

 private:
  Database& db_;
  Script& script_;
};

class FakeReader final : public ports::BulkReader {
 public:
  FakeReader(std::string csv, std::size_t chunk_size, std::optional<long> count, Script& script)
      : csv_(std::move(csv)), chunk_size_(chunk_size), count_(count), script_(script) {}

  Result<std::string_view> read() override {
    DUET_SCRIPTED(script_);
    chunk_ = csv_.substr(0, chunk_size_);
    csv_.erase(0, chunk_.size());
    return std::string_view(chunk_);
  }
  std::optional<long> record_count() const override { return count_; }

 private:
  std::string csv_;
  std::string chunk_;
  std::size_t chunk_size_;
  std::optional<long> count_;
  Script& script_;
};

class FakeOrg final : public ports::Org {
 public:
  explicit FakeOrg(Script& script) : script_(script) {}

  std::map<std::string, OrgRecord> records;
  std::size_t chunk_size = 64;
  long missing_rows = 0;  ///< rows that the next result lacks
  int queries = 0;
  int reads = 0;

  Result<std::unique_ptr<ports::BulkReader>> bulk_query(const Mapping&) override {
    DUET_SCRIPTED(script_);
    ++queries;
    std::string csv = "\"Id\",\"Name\",\"SystemModstamp\"\n";
    long count = 0;
    for (const auto& [sfid, record] : records) {
      if (record.deleted) continue;
      ++count;
      if (missing_rows > 0) {
        --missing_rows;
        continue;
      }
      csv += fmt::format("\"{}\",\"{}\",\"{}\"\n", sfid, record.name, format_timestamp(record.stamp));
    }
    return std::make_unique<FakeReader>(std::move(csv), chunk_size, count, script_);
  }
  Result<std::vector<RecordRead>> read(const Mapping&, std::span<const std::string> sfids) override {
    DUET_SCRIPTED(script_);
    ++reads;
    std::vector<RecordRead> found;
    for (const std::string& sfid : sfids) {
      RecordRead& read = found.emplace_back();
      read.sfid = sfid;
      auto record = records.find(sfid);
      read.deleted = record == records.end() || record->second.deleted;
      if (read.deleted) continue;
      read.stamp = record->second.stamp;
      read.fields["Name"] = record->second.name;
    }
    return found;
  }
  Result<long> count(const Mapping&) override {
    DUET_SCRIPTED(script_);
    return std::ranges::count_if(records, [](const auto& entry) { return !entry.second.deleted; });
  }

  ports::ClockOffset clock_offset() override { return {}; }
  std::optional<ports::ApiUsage> api_usage() override { return std::nullopt; }
  std::vector<ports::SendOutcome> send(const Mapping&, const ports::SendBatch&) override { return {}; }
  Result<ports::OrgIdentity> identity() override { return unused(); }
  Result<std::vector<ports::ObjectSummary>> list_objects() override { return unused(); }
  Result<ObjectSchema> describe(const std::string&) override { return unused(); }
  Result<bool> has_change_events(const std::string&) override { return unused(); }
  Result<std::vector<RecordRead>> read_by_key(const Mapping&, std::span<const std::string>) override {
    return unused();
  }
  Result<std::vector<RecordRead>> read_by_match(const Mapping&, std::span<const FieldValues>) override {
    return unused();
  }
  Result<ports::ReadPage> changed(const Mapping&, TimeMs, TimeMs, const std::string&) override { return unused(); }
  Result<ports::DeletedPage> deleted(const Mapping&, TimeMs, TimeMs) override { return unused(); }

 private:
  static std::unexpected<Error> unused() { return fail(ErrorKind::bug, "a load does not call this"); }

  Script& script_;
};

class FakeClock final : public ports::Clock {
 public:
  TimeMs now() override { return 1'000'000; }
  TimeMs monotonic() override { return 0; }
};

}  // namespace duet::engine::load_fakes
