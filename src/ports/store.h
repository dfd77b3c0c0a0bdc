#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/breaker.h"
#include "model/bulk_job.h"
#include "model/change.h"
#include "model/mapping.h"
#include "model/record.h"

namespace duet::ports {

/// State of a mapping's life, kept in duet.mapping.
enum class MappingState { created, loading, loaded };

struct LoadProgress {
  MappingState state = MappingState::created;
  long rows = 0;
};

/// A record that could not be written; the rest of the batch was.
struct WriteFailure {
  std::size_t index = 0;  ///< in the span given to write()
  Error error;            ///< store_constraint, bad_data
};

struct RecordWrite {
  const Record* record = nullptr;  ///< as locked, with the lane as it shall be stored
  const RecordChange* change = nullptr;
};

/// A create that is under way for a record that no external id tells from others.
struct CreateIntent {
  RecordRef ref;
  Attempt attempt;
};

/// What may be one and the same record: the values of Mapping::match, and the Id if the org has it.
struct WantedMatch {
  FieldValues values;
  std::string sfid;
};

/// A row without an Id that has those values, or the row that has that Id.
struct MatchingRow {
  std::size_t wanted = 0;  ///< in the span given to find_matches()
  std::int64_t row_id = 0;
  std::string sfid;
  bool sent = false;     ///< its create is under way, and may be in the org
  bool waiting = false;  ///< the app's insert has not been answered
};

/// One link from a record up to its parent: rows of `mapping` name the parent in `reference`.
struct StaleLink {
  const Mapping* mapping = nullptr;
  std::string reference;  ///< `AccountId`
};

/// Records whose calculated columns may be out of date: those that lead over `path` to the changed ones.
struct StaleScope {
  /// From the records to be marked up to those that changed. One link without a reference: they are the same.
  std::vector<StaleLink> path;
  std::vector<std::string> sfids;  ///< what changed
  /// Instead of sfids: rows of this mapping whose version is not older than `since`.
  const Mapping* changed = nullptr;
  TimeMs since = 0;  ///< org clock
};

/// A record whose calculated columns are to be read again.
struct StaleMark {
  std::string sfid;
  std::int64_t mark = 0;  ///< another one when the record was marked again
};

/// One Postgres transaction. Ends without effect unless commit() succeeds. One thread.
class StoreTransaction {
 public:
  virtual ~StoreTransaction() = default;

  /// Locks the records against other engine transactions and their rows against the app, in (table, id) order, then
  /// reads rows, lanes and NEW log rows in later statements (design §6). Same order and size as `refs`; a record that
  /// is nowhere has no row and an empty lane. Matching: row_id, else the row or the lane that has the sfid, else
  /// external id to a row or a lane without sfid (as the org compares it); a lane that was found leads to the row that
  /// it names.
  virtual Result<std::vector<Record>> lock(const Mapping& mapping, std::span<const RecordRef> refs) = 0;

  /// Unsettled creates of records without an Id, oldest first, for mappings without an upsert field. A hint: lock()
  /// tells the truth.
  virtual Result<std::vector<CreateIntent>> find_creates(const Mapping& mapping, std::size_t limit) = 0;

  /// Rows that match records by Mapping::match, as the org compares values. A hint: lock() tells the truth.
  virtual Result<std::vector<MatchingRow>> find_matches(const Mapping& mapping,
                                                        std::span<const WantedMatch> wanted) = 0;

  /// Writes rows, lanes, log states, forward writes, journal and issues. A record that the database refuses is left
  /// unwritten and reported.
  virtual Result<std::vector<WriteFailure>> write(const Mapping& mapping, std::span<const RecordWrite> writes) = 0;

  /// How far a source has been applied. `source` is `events`, `poll:<Object>` or `reread:<Object>`.
  virtual Result<void> set_position(const std::string& source, const std::string& position) = 0;

  /// Keeps events of a mapping that is being loaded; drain with Store::spooled. Holds the mapping's state until the
  /// transaction ends. `schema_changed` with code `LOADED` when the mapping is loaded by now: the events are to be
  /// applied.
  virtual Result<void> spool(const Mapping& mapping, std::span<const ChangeEvent> events) = 0;
  virtual Result<void> unspool(const Mapping& mapping, long up_to) = 0;

  /// To end a load without losing a spooled event: set `loaded` first, then apply and unspool what is left, then
  /// commit.
  virtual Result<void> set_mapping_state(const Mapping& mapping, MappingState state) = 0;

  /// Forgets tombstones whose time is over. How many.
  virtual Result<long> purge_tombstones(const Mapping& mapping, TimeMs now) = 0;

  /// A whole object must be read again: after overflow, wildcards, or a lost position (design §5 rule 13).
  virtual Result<void> mark_range_dirty(const Mapping& mapping, TimeMs since, const std::string& reason) = 0;
  virtual Result<void> clear_range_dirty(const Mapping& mapping) = 0;

  /// Raises an issue that belongs to a mapping or the connection and to no record.
  virtual Result<void> raise_issue(const Mapping* mapping, const Issue& issue) = 0;
  /// Open issues of that kind and code that belong to the mapping and to no record are resolved.
  virtual Result<void> resolve_issue(const Mapping& mapping, std::string_view kind, std::string_view code) = 0;

  /// The mapping's breaker, locked until the transaction ends.
  virtual Result<Breaker> lock_breaker(const Mapping& mapping) = 0;
  virtual Result<void> set_breaker(const Mapping& mapping, const Breaker& breaker) = 0;
  virtual Result<void> put_job(const Mapping& mapping, const BulkJob& job) = 0;
  virtual Result<void> remove_job(const Mapping& mapping, const std::string& token) = 0;
  /// Deletes of records of the org that are captured and not yet taken up, counted up to `limit`.
  virtual Result<long> count_captured_deletes(const Mapping& mapping, long limit) = 0;

  /// Records that are marked already get a new mark and keep the earlier `due`, local clock. Over a path of references
  /// only rows are marked that the tables have by now.
  virtual Result<void> mark_stale(std::span<const StaleScope> scopes, TimeMs due) = 0;
  /// Takes the marks away, unless the record was marked again.
  virtual Result<void> clear_stale(const Mapping& mapping, std::span<const StaleMark> marks) = 0;
  /// The marks stay and are not found before `due`, unless the record was marked again.
  virtual Result<void> put_off_stale(const Mapping& mapping, std::span<const StaleMark> marks, TimeMs due) = 0;

  /// `outcome_unknown` when the answer to COMMIT was lost: read the position again before going on.
  virtual Result<void> commit() = 0;
};

struct SpooledEvents {
  std::vector<ChangeEvent> events;
  long up_to = 0;  ///< for unspool
};

/// Rows of COPY data in PostgreSQL's binary format, straight into a table that is empty and unused.
class CopySink {
 public:
  virtual ~CopySink() = default;
  virtual Result<void> write(std::string_view bytes) = 0;
  /// Ends the copy and commits. Rows written. The mapping stays `loading`: its spool is drained first, so that events
  /// keep their order. Destroyed without finish(), the table is empty again.
  virtual Result<long> finish() = 0;
};

struct RangeDirty {
  TimeMs since = 0;  ///< org clock
  std::string reason;
};

/// Lanes with nothing in flight, whose not_before is reached, and that are dirty without an attempt, or whose newest
/// attempt is `passed`, or accepted before `accepted_before`, or unknown before `unknown_before`. All on the local
/// clock.
struct UnsettledQuery {
  TimeMs now = 0;
  TimeMs accepted_before = 0;
  TimeMs unknown_before = 0;
};

/// What the engine keeps in Postgres. One instance per worker with its own connection; one thread at a time.
class Store {
 public:
  virtual ~Store() = default;

  virtual Result<std::unique_ptr<StoreTransaction>> begin() = 0;

  virtual Result<std::optional<std::string>> position(const std::string& source) = 0;

  /// Records with NEW log rows, or with a lane that has pending changes, is not parked, has nothing in flight or
  /// unknown, is not dirty and whose not_before is reached; oldest log rows first, each record once. A hint: lock()
  /// tells the truth.
  virtual Result<std::vector<RecordRef>> find_pending(const Mapping& mapping, TimeMs now, std::size_t limit) = 0;

  /// Lanes that a read may settle, oldest first. A hint: lock() tells the truth.
  virtual Result<std::vector<RecordRef>> find_unsettled(const Mapping& mapping, const UnsettledQuery& query,
                                                        std::size_t limit) = 0;

  /// Lanes with an attempt in state `sent`: after a restart nobody waits for their answers any more.
  virtual Result<std::vector<RecordRef>> find_in_flight(const Mapping& mapping) = 0;

  /// Lanes that are parked with this reason, oldest first.
  virtual Result<std::vector<RecordRef>> find_parked(const Mapping& mapping, std::string_view reason,
                                                     std::size_t limit) = 0;
  /// Lanes that wait for a parent, named by `field`, which the table of `parent` has with an Id by now; without that
  /// mapping, and for a parent that does not come, lanes whose not_before is reached.
  virtual Result<std::vector<RecordRef>> find_released(const Mapping& mapping, const MappedField& field,
                                                       const Mapping* parent, TimeMs now, std::size_t limit) = 0;
  /// Lanes of records that the org never had, parked although the app has deleted their rows.
  virtual Result<std::vector<RecordRef>> find_abandoned(const Mapping& mapping, std::size_t limit) = 0;
  /// Bulk jobs whose results are still to be written.
  virtual Result<std::vector<BulkJob>> jobs(const Mapping& mapping) = 0;
  /// NEW log rows by what they say, counted up to `limit`.
  virtual Result<CapturedCounts> count_captured(const Mapping& mapping, long limit) = 0;

  virtual Result<Breaker> breaker(const Mapping& mapping) = 0;

  virtual Result<LoadProgress> load_progress(const Mapping& mapping) = 0;
  /// Null when the table is not empty or an app may have used it: then the load merges page by page.
  virtual Result<std::unique_ptr<CopySink>> begin_copy(const Mapping& mapping) = 0;
  virtual Result<SpooledEvents> spooled(const Mapping& mapping, std::size_t limit) = 0;
  /// Ids of rows that have an sfid greater than `after`, ascending, at most `limit`: for finding rows that the org no
  /// longer has.
  virtual Result<std::vector<std::string>> list_sfids(const Mapping& mapping, const std::string& after,
                                                      std::size_t limit) = 0;
  virtual Result<std::optional<RangeDirty>> range_dirty(const Mapping& mapping) = 0;

  /// Records of a loaded mapping that are marked as stale and due, the longest due first.
  virtual Result<std::vector<StaleMark>> find_stale(const Mapping& mapping, TimeMs now, std::size_t limit) = 0;

  /// Database clock, ms.
  virtual Result<TimeMs> now() = 0;
};

}  // namespace duet::ports
