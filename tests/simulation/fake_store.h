#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "ports/store.h"
#include "sim_time.h"

namespace duet::simulation {

struct LogRow {
  CapturedChange captured;
  LogState state = LogState::fresh;
};

/// One value that a row's field had, and who put it there. An empty field name: the engine inserted the row.
struct RowVersion {
  std::int64_t row_id;
  std::string field;
  Value value;
  bool by_app;
};

/// A whole row that the engine put into the table or took out of it.
struct EngineRow {
  std::string sfid;
  bool removed;
  bool known_deleted = false;  ///< put in although the engine knew that the record is deleted
};

/// With the record that it is about.
struct StoredEntry : JournalEntry {
  std::int64_t row_id = 0;
  std::string sfid;
};

struct StoredIssue : Issue {
  std::int64_t row_id = 0;
  std::string sfid;
};

/// What is in the database. Copied for each transaction: it is small.
struct Database {
  std::map<std::int64_t, Row> rows;
  std::map<std::int64_t, Lane> lanes;
  std::vector<LogRow> log;
  std::vector<StoredEntry> journal;
  std::vector<StoredIssue> issues;
  std::vector<RowVersion> history;
  std::vector<EngineRow> engine_rows;
  std::vector<std::string> violations;  ///< what no single transaction may do, in words
  std::map<std::string, std::string> positions;
  std::vector<ChangeEvent> spool;
  long spooled_until = 0;
  ports::MappingState state = ports::MappingState::loaded;
  std::optional<ports::RangeDirty> range_dirty;
  Breaker breaker;
  struct Stale {
    std::int64_t mark;
    TimeMs due;
  };
  std::map<std::string, Stale> stale;  ///< by sfid
  std::int64_t next_mark = 1;
  std::vector<BulkJob> jobs;
  std::int64_t next_row = 1;
  std::int64_t next_lane = 1;
  std::int64_t next_log = 1;
};

/// Why the database is not at rest: something of a record, or a range, is still on its way. Empty when it rests.
std::string unrest(const Database& db);

/// How the database misbehaves, in percent of the operations.
struct StoreFaults {
  unsigned busy = 0;            ///< a row is locked by the app for longer than the lock timeout
  unsigned refuse = 0;          ///< a record is refused by a constraint
  unsigned crash = 0;           ///< the process dies around a commit
  unsigned commit_unknown = 0;  ///< the answer to COMMIT is lost; it may have happened
};

/// A store in memory with the semantics of ports/store.h for one mapping, and the app's side of the table with Heroku
/// Connect's capture rules. One thread.
class FakeStore final : public ports::Store {
 public:
  FakeStore(const Mapping& mapping, SimClock& clock, SimRandom& random)
      : mapping_(mapping), clock_(clock), random_(random) {}

  StoreFaults faults;
  /// Told what a commit changed, in words; for traces.
  std::function<void(const std::string&)> tell;
  Database& database() { return database_; }

  // The app.
  /// 0 when the table refuses the row.
  std::int64_t app_insert(FieldValues values, const std::string& sfid = {});
  /// False when the row is gone or refuses the value.
  bool app_update(std::int64_t row_id, const FieldValues& values);
  bool app_remove(std::int64_t row_id);

  // ports::Store
  Result<std::unique_ptr<ports::StoreTransaction>> begin() override;
  Result<std::optional<std::string>> position(const std::string& source) override;
  Result<std::vector<RecordRef>> find_pending(const Mapping& mapping, TimeMs now, std::size_t limit) override;
  Result<std::vector<RecordRef>> find_unsettled(const Mapping& mapping, const ports::UnsettledQuery& query,
                                                std::size_t limit) override;
  Result<std::vector<RecordRef>> find_in_flight(const Mapping& mapping) override;
  Result<std::vector<RecordRef>> find_parked(const Mapping& mapping, std::string_view reason,
                                             std::size_t limit) override;
  Result<std::vector<RecordRef>> find_released(const Mapping& mapping, const MappedField& field, const Mapping* parent,
                                               TimeMs now, std::size_t limit) override;
  Result<std::vector<RecordRef>> find_abandoned(const Mapping& mapping, std::size_t limit) override;
  Result<std::vector<BulkJob>> jobs(const Mapping&) override { return database_.jobs; }
  Result<CapturedCounts> count_captured(const Mapping& mapping, long limit) override;
  Result<Breaker> breaker(const Mapping&) override { return database_.breaker; }
  Result<ports::LoadProgress> load_progress(const Mapping& mapping) override;
  Result<std::unique_ptr<ports::CopySink>> begin_copy(const Mapping& mapping) override;
  Result<ports::SpooledEvents> spooled(const Mapping& mapping, std::size_t limit) override;
  Result<std::vector<std::string>> list_sfids(const Mapping& mapping, const std::string& after,
                                              std::size_t limit) override;
  Result<std::optional<ports::RangeDirty>> range_dirty(const Mapping& mapping) override;
  Result<std::vector<ports::StaleMark>> find_stale(const Mapping& mapping, TimeMs now, std::size_t limit) override;
  Result<TimeMs> now() override { return clock_.now(); }

 private:
  friend class FakeTransaction;
  void take(Database database);

  const Mapping& mapping_;
  SimClock& clock_;
  SimRandom& random_;
  Database database_;
};

}  // namespace duet::simulation
