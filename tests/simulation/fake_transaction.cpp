#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "fake_store.h"
#include "row_keys.h"
#include "rules/match.h"
#include "violations.h"

namespace duet::simulation {
namespace {

bool only_marks(const Lane& lane) {
  return !lane.pending_create && lane.pending.empty() && lane.log.empty() && !lane.pending_delete &&
         lane.attempts.empty() && lane.held.empty() && lane.frozen.empty() && lane.parked.empty();
}

/// The record's lanes, the one with changes first: by its row, its Id, its key.
std::vector<std::int64_t> lanes_of(const Database& db, const Record& record) {
  const std::optional<std::int64_t> row_id = record.row ? std::optional(record.row->id) : record.ref.row_id;
  const std::string& sfid = record.row && !record.row->sfid.empty() ? record.row->sfid : record.ref.sfid;
  std::vector<std::int64_t> found;
  auto add = [&](auto matches) {
    for (const auto& [id, lane] : db.lanes) {
      if (matches(lane) && std::ranges::find(found, id) == found.end()) found.push_back(id);
    }
  };
  add([&](const Lane& lane) { return row_id && lane.row_id == row_id; });
  add([&](const Lane& lane) { return !sfid.empty() && lane.sfid == sfid; });
  add([&](const Lane& lane) {
    return !record.row && lane.sfid.empty() && !record.ref.external_id.empty() &&
           lane.external_id == record.ref.external_id;
  });
  std::ranges::stable_partition(found, [&](std::int64_t id) { return !only_marks(db.lanes.at(id)); });
  return found;
}

}  // namespace

class FakeTransaction final : public ports::StoreTransaction {
 public:
  explicit FakeTransaction(FakeStore& store) : store_(store), db_(store.database_) {}

  Result<std::vector<Record>> lock(const Mapping& mapping, std::span<const RecordRef> refs) override {
    std::vector<Record> records;
    for (const RecordRef& ref : refs) records.push_back(read(mapping, ref));
    return records;
  }

  Result<std::vector<ports::CreateIntent>> find_creates(const Mapping&, std::size_t limit) override {
    std::vector<ports::CreateIntent> intents;
    for (const auto& [id, lane] : db_.lanes) {
      if (!lane.sfid.empty() || !lane.row_id) continue;
      for (const Attempt& attempt : lane.attempts) {
        if (attempt.kind == AttemptKind::create && intents.size() < limit)
          intents.push_back({{lane.row_id, {}, {}}, attempt});
      }
    }
    return intents;
  }

  Result<std::vector<ports::MatchingRow>> find_matches(const Mapping& mapping,
                                                       std::span<const ports::WantedMatch> wanted) override {
    std::vector<ports::MatchingRow> found;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      for (const auto& [id, row] : db_.rows) {
        const bool known = !row.sfid.empty() && row.sfid == wanted[i].sfid;
        if (!known && (!row.sfid.empty() || !rules::same_match(mapping, wanted[i].values, row.values))) continue;
        const auto lane = std::ranges::find_if(db_.lanes, [&](const auto& each) { return each.second.row_id == id; });
        const bool sent = lane != db_.lanes.end() && !lane->second.attempts.empty();
        found.push_back({i, id, row.sfid, sent, true});
      }
    }
    return found;
  }

  Result<std::vector<ports::WriteFailure>> write(const Mapping& mapping,
                                                 std::span<const ports::RecordWrite> writes) override {
    std::vector<ports::WriteFailure> failures;
    for (std::size_t i = 0; i < writes.size(); ++i) {
      const bool row = writes[i].change->row_action != RowAction::keep;
      if (row && store_.random_.chance(store_.faults.refuse)) {
        failures.push_back({i, Error{ErrorKind::store_constraint, "23514", "refused", {}, nullptr, {}}});
        continue;
      }
      if (auto written = write_one(mapping, *writes[i].record, *writes[i].change); !written)
        failures.push_back({i, written.error()});
    }
    return failures;
  }

  Result<void> set_position(const std::string& source, const std::string& position) override {
    db_.positions[source] = position;
    return {};
  }
  Result<void> spool(const Mapping&, std::span<const ChangeEvent> events) override {
    if (db_.state == ports::MappingState::loaded)
      return fail(ErrorKind::schema_changed, "the mapping is loaded", "LOADED");
    db_.spool.insert(db_.spool.end(), events.begin(), events.end());
    return {};
  }
  Result<void> unspool(const Mapping&, long up_to) override {
    const long count = std::min<long>(up_to - db_.spooled_until, static_cast<long>(db_.spool.size()));
    db_.spool.erase(db_.spool.begin(), db_.spool.begin() + count);
    db_.spooled_until = up_to;
    return {};
  }
  Result<void> set_mapping_state(const Mapping&, ports::MappingState state) override {
    db_.state = state;
    return {};
  }
  Result<void> mark_range_dirty(const Mapping&, TimeMs since, const std::string& reason) override {
    const TimeMs from = db_.range_dirty ? std::min(db_.range_dirty->since, since) : since;
    db_.range_dirty = ports::RangeDirty{from, reason};
    return {};
  }
  Result<void> clear_range_dirty(const Mapping&) override {
    db_.range_dirty.reset();
    return {};
  }
  Result<void> raise_issue(const Mapping*, const Issue& issue) override {
    db_.issues.push_back({issue, 0, {}});
    return {};
  }
  Result<void> resolve_issue(const Mapping&, std::string_view kind, std::string_view code) override {
    for (Issue& issue : db_.issues) {
      if (issue.kind == kind && issue.code == code && issue.state == "open") issue.state = "resolved";
    }
    return {};
  }
  Result<Breaker> lock_breaker(const Mapping&) override { return db_.breaker; }
  Result<void> set_breaker(const Mapping&, const Breaker& breaker) override {
    db_.breaker = breaker;
    return {};
  }
  Result<void> put_job(const Mapping&, const BulkJob& job) override {
    db_.jobs.push_back(job);
    return {};
  }
  Result<void> remove_job(const Mapping&, const std::string& token) override {
    std::erase_if(db_.jobs, [&](const BulkJob& job) { return job.token == token; });
    return {};
  }
  Result<long> count_captured_deletes(const Mapping&, long limit) override {
    const auto count = std::ranges::count_if(db_.log, [](const LogRow& log) {
      return log.state == LogState::fresh && log.captured.action == LogAction::remove;
    });
    return std::min<long>(count, limit);
  }
  Result<void> mark_stale(std::span<const ports::StaleScope> scopes, TimeMs due) override {
    std::set<std::string> marked;
    for (const ports::StaleScope& scope : scopes) {
      std::set<std::string> changed(scope.sfids.begin(), scope.sfids.end());
      for (const auto& [id, row] : db_.rows) {
        const auto* stamp = std::get_if<DateTime>(&value_of(row.values, "SystemModstamp"));
        if (scope.changed && stamp && stamp->ms >= scope.since) changed.insert(row.sfid);
      }
      for (auto link = scope.path.rbegin(); link != scope.path.rend() && !link->reference.empty(); ++link)
        changed = children_of(link->reference, changed);
      marked.insert(changed.begin(), changed.end());
    }
    for (const std::string& sfid : marked) {
      auto [found, fresh] = db_.stale.try_emplace(sfid, Database::Stale{0, due});
      found->second = {db_.next_mark++, std::min(found->second.due, due)};
    }
    return {};
  }
  Result<void> clear_stale(const Mapping&, std::span<const ports::StaleMark> marks) override {
    for (const ports::StaleMark& mark : marks) {
      const auto found = db_.stale.find(mark.sfid);
      if (found != db_.stale.end() && found->second.mark == mark.mark) db_.stale.erase(found);
    }
    return {};
  }
  Result<void> put_off_stale(const Mapping&, std::span<const ports::StaleMark> marks, TimeMs due) override {
    for (const ports::StaleMark& mark : marks) {
      const auto found = db_.stale.find(mark.sfid);
      if (found != db_.stale.end() && found->second.mark == mark.mark) found->second.due = due;
    }
    return {};
  }
  Result<long> purge_tombstones(const Mapping&, TimeMs now) override {
    long purged = 0;
    for (auto entry = db_.lanes.begin(); entry != db_.lanes.end();) {
      Lane& lane = entry->second;
      if (lane.tombstone && lane.tombstone->until < now) {
        lane.tombstone.reset();
        ++purged;
      }
      if (lane.read_version && lane.read_version->until < now) lane.read_version.reset();
      entry = lane.empty() ? db_.lanes.erase(entry) : std::next(entry);
    }
    return purged;
  }

  Result<void> commit() override {
    SimRandom& random = store_.random_;
    if (random.chance(store_.faults.crash)) {
      if (random.chance(50)) store_.take(std::move(db_));
      throw Crash{};
    }
    if (random.chance(store_.faults.commit_unknown)) {
      if (random.chance(50)) store_.take(std::move(db_));
      return fail(ErrorKind::outcome_unknown, "the connection was lost during COMMIT");
    }
    store_.take(std::move(db_));
    return {};
  }

 private:
  /// Ids of rows that name one of the parents.
  std::set<std::string> children_of(const std::string& reference, const std::set<std::string>& parents) const {
    std::set<std::string> found;
    for (const auto& [id, row] : db_.rows) {
      const auto* parent = std::get_if<std::string>(&value_of(row.values, reference));
      if (parent && parents.contains(*parent) && !row.sfid.empty()) found.insert(row.sfid);
    }
    return found;
  }

  Record read(const Mapping& mapping, const RecordRef& ref) {
    Record record;
    record.ref = ref;
    auto row = db_.rows.end();
    if (ref.row_id) row = db_.rows.find(*ref.row_id);
    if (row == db_.rows.end() && !ref.sfid.empty()) {
      row = std::ranges::find_if(db_.rows, [&](const auto& entry) { return entry.second.sfid == ref.sfid; });
    }
    const bool known = std::ranges::any_of(
        db_.lanes, [&](const auto& entry) { return !ref.sfid.empty() && entry.second.sfid == ref.sfid; });
    if (row == db_.rows.end() && !known && !ref.external_id.empty()) {
      row = std::ranges::find_if(db_.rows, [&](const auto& entry) {
        return entry.second.sfid.empty() && key_of(mapping, entry.second.values) == ref.external_id;
      });
    }
    if (row != db_.rows.end()) record.row = row->second;
    const std::vector<std::int64_t> lanes = lanes_of(db_, record);
    locked_[{ref.row_id.value_or(0), ref.sfid, ref.external_id}] = lanes;
    if (!lanes.empty()) {
      record.lane = db_.lanes.at(lanes.front());
      for (std::size_t i = 1; i < lanes.size(); ++i) {
        const Lane& other = db_.lanes.at(lanes[i]);
        if (!only_marks(other)) continue;
        if (!record.lane.dirty) record.lane.dirty = other.dirty;
        if (!record.lane.tombstone) record.lane.tombstone = other.tombstone;
        if (!record.lane.read_version) record.lane.read_version = other.read_version;
        record.lane.revision = std::max(record.lane.revision, other.revision) + 1;
      }
    }
    if (!record.row && record.lane.row_id) {
      row = db_.rows.find(*record.lane.row_id);
      if (row != db_.rows.end() && (row->second.sfid.empty() || row->second.sfid == record.lane.sfid))
        record.row = row->second;
    }
    if (record.row && store_.random_.chance(store_.faults.busy)) {
      record.busy = true;
      record.row.reset();
      return record;
    }
    std::optional<std::int64_t> row_id = record.row           ? std::optional(record.row->id)
                                         : record.lane.row_id ? record.lane.row_id
                                                              : ref.row_id;
    for (const LogRow& log : db_.log) {
      const bool removed =
          log.state == LogState::fresh && log.captured.action == LogAction::remove && log.captured.sfid == ref.sfid;
      if (!row_id && removed && !ref.sfid.empty()) row_id = log.captured.row_id;
    }
    for (const LogRow& log : db_.log) {
      if (log.state != LogState::fresh) continue;
      const bool same_row = row_id && log.captured.row_id == *row_id;
      const bool same_sfid =
          !record.row && !ref.sfid.empty() && log.captured.action == LogAction::remove && log.captured.sfid == ref.sfid;
      if (same_row || same_sfid) record.captured.push_back(log.captured);
    }
    return record;
  }

  Result<void> write_one(const Mapping& mapping, const Record& record, const RecordChange& change) {
    std::vector<std::int64_t>& lanes =
        locked_[{record.ref.row_id.value_or(0), record.ref.sfid, record.ref.external_id}];
    std::erase_if(lanes, [&](std::int64_t id) { return !db_.lanes.contains(id); });
    if (!lanes.empty() && db_.lanes.contains(lanes.front()))
      note_violations(db_, mapping, db_.lanes.at(lanes.front()), record, change);
    std::int64_t row_id = record.row ? record.row->id : record.lane.row_id.value_or(0);
    if (change.row_action == RowAction::insert) {
      const bool known_deleted =
          std::ranges::any_of(lanes, [&](std::int64_t id) { return db_.lanes.at(id).tombstone.has_value(); });
      if (auto inserted = insert(mapping, change, known_deleted); !inserted)
        return std::unexpected(inserted.error());
      else
        row_id = *inserted;
    } else if (change.row_action == RowAction::remove) {
      if (auto row = db_.rows.find(row_id); row != db_.rows.end()) db_.engine_rows.push_back({row->second.sfid, true});
      db_.rows.erase(row_id);
    } else if (change.row_action == RowAction::update) {
      auto row = db_.rows.find(row_id);
      if (row == db_.rows.end()) return fail(ErrorKind::bug, "the row went away under its lock");
      if (auto key = change.set.find(mapping.upsert_field);
          key != change.set.end() && key_taken(db_, mapping, rules::key_text(key->second), row_id)) {
        return fail(ErrorKind::store_constraint, "unique key", "23505");
      }
      for (const auto& [name, value] : change.set) set(row->second, name, value);
      if (change.set_sfid) row->second.sfid = *change.set_sfid;
      if (change.last_op) row->second.last_op = *change.last_op;
    }
    if (change.lane_changed || change.row_action != RowAction::keep) store_lane(lanes, record, row_id);
    for (const LogStateChange& log : change.log) {
      auto found = std::ranges::find_if(db_.log, [&](const LogRow& row) { return row.captured.log_id == log.log_id; });
      if (found != db_.log.end()) found->state = log.state;
    }
    for (const ForwardWrite& forward : change.forward) write_forward(record, row_id, forward);
    const std::string& sfid = record.row && !record.row->sfid.empty() ? record.row->sfid : record.lane.sfid;
    for (const JournalEntry& entry : change.journal) db_.journal.push_back({entry, row_id, sfid});
    write_issues(change, row_id, sfid);
    return {};
  }

  /// The open issue of the same record, kind and code is brought up to date, as in sql/queries/raise_issues.sql.
  void write_issues(const RecordChange& change, std::int64_t row_id, const std::string& sfid) {
    auto open = [&](StoredIssue& issue) {
      return issue.state == "open" &&
             ((row_id != 0 && issue.row_id == row_id) || (!sfid.empty() && issue.sfid == sfid));
    };
    for (const std::string& kind : change.resolved_issues) {
      for (StoredIssue& issue : db_.issues) {
        if (open(issue) && issue.kind == kind) issue.state = "resolved";
      }
    }
    for (const Issue& raised : change.issues) {
      auto again = std::ranges::find_if(db_.issues, [&](StoredIssue& issue) {
        return raised.state == "open" && open(issue) && issue.kind == raised.kind && issue.code == raised.code;
      });
      if (again == db_.issues.end()) {
        db_.issues.push_back({raised, row_id, sfid});
      } else {
        static_cast<Issue&>(*again) = raised;
      }
    }
  }

  Result<std::int64_t> insert(const Mapping& mapping, const RecordChange& change, bool known_deleted) {
    Row row;
    row.id = change.insert_id.value_or(0);
    if (row.id == 0 || db_.rows.contains(row.id)) row.id = db_.next_row++;
    row.sfid = change.set_sfid.value_or("");
    row.last_op = "SYNCED";
    for (const MappedField& field : mapping.fields) {
      if (field.schema.type != FieldType::id) row.values[field.schema.name] = Null{};
    }
    if (std::ranges::any_of(db_.rows,
                            [&](const auto& entry) { return !row.sfid.empty() && entry.second.sfid == row.sfid; }) ||
        key_taken(db_, mapping, key_of(mapping, change.set), row.id)) {
      return fail(ErrorKind::store_constraint, "unique key", "23505");
    }
    db_.history.push_back({row.id, {}, Absent{}, false});
    db_.engine_rows.push_back({row.sfid, false, known_deleted});
    for (const auto& [name, value] : change.set) set(row, name, value);
    const std::int64_t id = row.id;
    db_.rows.emplace(id, std::move(row));
    return id;
  }

  void set(Row& row, const std::string& name, const Value& value) {
    if (is_absent(value) || row.values[name] == value) return;
    row.values[name] = value;
    db_.history.push_back({row.id, name, value, false});
  }

  void store_lane(std::vector<std::int64_t>& lanes, const Record& record, std::int64_t row_id) {
    for (const std::int64_t id : lanes) {
      if (id == lanes.front() || only_marks(db_.lanes.at(id))) db_.lanes.erase(id);
    }
    if (record.lane.empty()) return;
    Lane lane = record.lane;
    if (row_id != 0) lane.row_id = row_id;
    if (lane.sfid.empty() && !record.ref.sfid.empty() && lane.former_sfid != record.ref.sfid)
      lane.sfid = record.ref.sfid;
    if (lanes.empty()) lanes.push_back(db_.next_lane++);
    db_.lanes[lanes.front()] = std::move(lane);
  }

  void write_forward(const Record& record, std::int64_t row_id, const ForwardWrite& forward) {
    LogRow log;
    log.captured.log_id = db_.next_log++;
    log.captured.action = forward.action;
    log.captured.row_id = row_id;
    log.captured.sfid = record.lane.sfid;
    log.captured.changed = forward.fields;
    log.captured.captured_at = store_.clock_.now();
    if (record.row) log.captured.old_values = record.row->values;
    if (record.row && store_.mapping_.ordered) {
      for (const std::string& field : forward.fields)
        log.captured.new_values[field] = value_of(record.row->values, field);
    }
    for (const std::string& field : forward.fields) {
      if (auto pending = record.lane.pending.find(field); pending != record.lane.pending.end())
        log.captured.old_values[field] = pending->second.base;
    }
    db_.log.push_back(std::move(log));
  }

  FakeStore& store_;
  Database db_;
  /// The lanes of each record as it was locked.
  std::map<std::tuple<std::int64_t, std::string, std::string>, std::vector<std::int64_t>> locked_;
};

Result<std::unique_ptr<ports::StoreTransaction>> FakeStore::begin() { return std::make_unique<FakeTransaction>(*this); }

}  // namespace duet::simulation
