#include "postgres/record_lock.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "postgres/array_text.h"
#include "postgres/lane_merge.h"
#include "postgres/lock_keys.h"
#include "postgres/server_error.h"
#include "postgres/sql_files.h"

namespace duet::postgres {
namespace {

constexpr const char* kSavepoint = "duet_lock";

/// With more NEW log rows than this, those that add nothing are merged first: a row that was written once a second
/// while the engine was away for days must not fill its memory.
constexpr std::size_t kMaxLogRows = 10'000;

std::string wait_at_most(TimeMs ms) { return fmt::format("SET LOCAL lock_timeout = '{}ms'", ms); }

/// Arrays of names for `= ANY`.
struct Names {
  std::vector<std::int64_t> row_ids;
  std::vector<std::string> sfids;
  std::vector<std::string> keys;

  void add(std::optional<std::int64_t> row_id, const std::string& sfid, const std::string& key) {
    if (row_id) row_ids.push_back(*row_id);
    if (!sfid.empty()) sfids.push_back(sfid);
    if (!key.empty()) keys.push_back(key);
  }
  std::vector<Param> params(const MappedTable& table) const {
    return {std::to_string(table.mapping_id), array_of(row_ids), array_of(sfids), array_of(keys)};
  }
};

class RecordLock {
 public:
  RecordLock(TransactionSession& transaction, const MappedTable& table, std::span<const RecordRef> refs)
      : transaction_(transaction),
        table_(table),
        refs_(refs),
        buckets_(refs.size()),
        keys_(refs.size()),
        matched_(refs.size()),
        busy_(refs.size()) {}

  Result<LockResult> lock() {
    collect_names();
    auto locked = lock_rows();
    if (!locked && (locked.error().code == kLockNotAvailable || locked.error().code == kDeadlockDetected)) {
      DUET_TRY(undo());
      locked = lock_what_is_free();
    }
    if (!locked) return std::unexpected(std::move(locked).error());
    match_rows();
    return read_lanes_and_log();
  }

 private:
  void collect_names();
  Statement advisory() const;
  Statement fold_keys() const;
  Statement select_rows(std::string_view lock) const;
  Result<void> lock_rows();
  Result<void> undo();
  Result<void> lock_what_is_free();
  void take_rows(const Rows& rows);
  void take_folded(const Rows& rows);
  void match_rows();
  Result<LockResult> read_lanes_and_log();
  Statement select_lanes(const Names& names) const;
  Statement select_log(const Names& names, std::string_view limit) const;
  Statement merge_log(const Names& names) const;
  void fill_captured(const Rows& log, LockResult& result) const;

  TransactionSession& transaction_;
  const MappedTable& table_;
  std::span<const RecordRef> refs_;
  Names names_;                                     ///< as asked for
  std::vector<std::vector<std::int64_t>> buckets_;  ///< of each ref
  std::vector<std::string> keys_;                   ///< of each ref, folded
  std::vector<LockedRow> rows_;
  std::vector<std::optional<std::size_t>> matched_;  ///< of each ref, in rows_
  std::vector<bool> busy_;
  std::set<std::int64_t> free_rows_;  ///< locked by lock_what_is_free()
  bool partly_ = false;
  bool savepoint_ = false;
};

std::string folded_for_bucket(std::string_view key) {
  const std::size_t begin = key.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return to_lower(key.substr(begin, key.find_last_not_of(' ') - begin + 1));
}

void RecordLock::collect_names() {
  for (std::size_t i = 0; i < refs_.size(); ++i) {
    const RecordRef& ref = refs_[i];
    keys_[i] = table_.key_param(ref.external_id).value_or(std::string());
    names_.add(ref.row_id, ref.sfid, keys_[i]);
    auto bucket = [&](const std::string& name) { buckets_[i].push_back(stable_hash(name) % kRecordLockBuckets); };
    if (ref.row_id) bucket(fmt::format("row {}", *ref.row_id));
    if (!ref.sfid.empty()) bucket("sfid " + ref.sfid);
    if (!keys_[i].empty()) bucket("key " + folded_for_bucket(keys_[i]));
  }
}

Statement RecordLock::advisory() const {
  std::set<std::int64_t> sorted;
  for (const auto& buckets : buckets_) sorted.insert(buckets.begin(), buckets.end());
  const std::vector<std::int64_t> list(sorted.begin(), sorted.end());
  const std::int32_t lock_class = kRecordLockClass + static_cast<std::int32_t>(table_.mapping_id & 0xFFFF);
  return {"SELECT pg_catalog.pg_advisory_xact_lock($1::integer, b) FROM pg_catalog.unnest($2::integer[]) AS b",
          {std::to_string(lock_class), array_of(list)}};
}

/// Texts are folded by the server, so that its idea of upper and lower case is the only one.
Statement RecordLock::fold_keys() const {
  return {fmt::format("SELECT {} FROM pg_catalog.unnest($1::text[]) WITH ORDINALITY AS u(k, n) ORDER BY n",
                      table_.fold("k")),
          {array_of(keys_)}};
}

Statement RecordLock::select_rows(std::string_view lock) const {
  // Keys as the parameters give them, folded where that is done by the server.
  std::string keys = "$4::text[]";
  std::string by_key;
  if (table_.key_kind == KeyKind::number) {
    by_key = fmt::format("UNION ALL SELECT k.id FROM {} AS k WHERE k.{} = ANY($4::text[]::double precision[]) AND {}",
                         table_.qualified, table_.columns[table_.key_column].quoted, kWithoutSfid);
  } else if (table_.key_kind != KeyKind::none) {
    keys = fmt::format("ARRAY(SELECT {} FROM pg_catalog.unnest($4::text[]) AS u)", table_.fold("u"));
    by_key = fmt::format("UNION ALL SELECT k.id FROM {} AS k WHERE {} = ANY({}) AND {}", table_.qualified,
                         table_.row_key("k"), keys, kWithoutSfid);
  }
  return {render_sql(sql_file("queries/lock_rows.sql"), {{"columns", row_columns(table_)},
                                                         {"table", table_.qualified},
                                                         {"by_key", by_key},
                                                         {"keys", keys},
                                                         {"lock", std::string(lock)}}),
          names_.params(table_)};
}

Result<void> RecordLock::lock_rows() {
  std::vector<Statement> statements;
  savepoint_ = transaction_.begun();
  const StoreOptions& options = transaction_.store().options();
  // A transaction that holds nothing yet cannot be part of a deadlock: it may wait for the engine's others.
  statements.push_back(
      {savepoint_ ? fmt::format("SAVEPOINT {}", kSavepoint) : wait_at_most(options.engine_wait_ms), {}});
  statements.push_back(advisory());
  if (!savepoint_) statements.push_back({wait_at_most(options.lock_timeout_ms), {}});
  const std::size_t folded = statements.size();
  statements.push_back(fold_keys());
  statements.push_back(select_rows("FOR NO KEY UPDATE OF t"));
  const auto rows = DUET_TRY(transaction_.run(std::move(statements)));
  take_folded(rows[folded]);
  take_rows(rows[folded + 1]);
  return {};
}

Result<void> RecordLock::undo() {
  return savepoint_ ? transaction_.roll_back_to(kSavepoint) : transaction_.roll_back();
}

Result<void> RecordLock::lock_what_is_free() {
  std::vector<Statement> statements;
  savepoint_ = transaction_.begun();
  if (savepoint_) statements.push_back({fmt::format("SAVEPOINT {}", kSavepoint), {}});
  // Rows may stay locked for long, by the app; the engine's others are waited for. What an event tells of a record
  // whose lane could not be read would be lost: the lane may just have got the attempt that covers it.
  const StoreOptions& options = transaction_.store().options();
  statements.push_back({wait_at_most(options.engine_wait_ms), {}});
  statements.push_back(advisory());
  statements.push_back({wait_at_most(options.lock_timeout_ms), {}});
  const std::size_t folded = statements.size();
  statements.push_back(fold_keys());
  statements.push_back(select_rows("FOR NO KEY UPDATE OF t SKIP LOCKED"));
  statements.push_back(select_rows(""));
  const auto rows = DUET_TRY(transaction_.run(std::move(statements)));
  take_folded(rows[folded]);
  const Rows& free = rows[folded + 1];
  for (std::size_t i = 0; i < free.size(); ++i) free_rows_.insert(free.integer(i, 0));
  partly_ = true;
  take_rows(rows[folded + 2]);
  return {};
}

void RecordLock::take_rows(const Rows& rows) {
  rows_.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) rows_.push_back(read_row(table_, rows, i));
}

void RecordLock::take_folded(const Rows& rows) {
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    if (!keys_[i].empty()) keys_[i] = rows.text(i, 0);
  }
}

void RecordLock::match_rows() {
  std::unordered_map<std::int64_t, std::size_t> by_id;
  std::unordered_map<std::string, std::size_t> by_sfid;
  std::unordered_map<std::string, std::size_t> by_key;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    by_id.emplace(rows_[i].row.id, i);
    if (!rows_[i].row.sfid.empty()) by_sfid.emplace(rows_[i].row.sfid, i);
    if (rows_[i].row.sfid.empty() && !rows_[i].key.empty()) by_key.emplace(rows_[i].key, i);
  }
  auto find = [](const auto& map, const auto& name) -> std::optional<std::size_t> {
    auto found = map.find(name);
    return found == map.end() ? std::nullopt : std::optional(found->second);
  };
  for (std::size_t i = 0; i < refs_.size(); ++i) {
    if (refs_[i].row_id) matched_[i] = find(by_id, *refs_[i].row_id);
    if (!matched_[i] && !refs_[i].sfid.empty()) matched_[i] = find(by_sfid, refs_[i].sfid);
    if (!matched_[i] && !keys_[i].empty()) matched_[i] = find(by_key, keys_[i]);
  }
}

Statement RecordLock::select_lanes(const Names& names) const {
  return {std::string(sql_file("queries/lock_lanes.sql")), names.params(table_)};
}

Statement RecordLock::select_log(const Names& names, std::string_view limit) const {
  std::vector<Param> params = names.params(table_);
  params.back() = table_.name;
  return {
      render_sql(sql_file("queries/read_log.sql"),
                 {{"columns", std::string(captured_columns())}, {"log", table_.log}, {"limit", std::string(limit)}}),
      std::move(params)};
}

Statement RecordLock::merge_log(const Names& names) const {
  std::vector<Param> params = names.params(table_);
  params.back() = table_.name;
  return {
      render_sql(sql_file("queries/merge_log.sql"), {{"hstore", transaction_.store().hstore()}, {"log", table_.log}}),
      std::move(params)};
}

Result<LockResult> RecordLock::read_lanes_and_log() {
  Names names;
  for (std::size_t i = 0; i < refs_.size(); ++i) {
    names.add(refs_[i].row_id, refs_[i].sfid, keys_[i]);
    if (matched_[i]) names.add(rows_[*matched_[i]].row.id, rows_[*matched_[i]].row.sfid, rows_[*matched_[i]].key);
  }
  std::vector<Statement> statements;
  if (savepoint_) statements.push_back({fmt::format("RELEASE SAVEPOINT {}", kSavepoint), {}});
  const std::size_t first = statements.size();
  statements.push_back(select_lanes(names));
  statements.push_back(select_log(names, std::to_string(kMaxLogRows + 1)));
  auto read = DUET_TRY(transaction_.run(std::move(statements)));
  const std::vector<StoredLane> lanes = DUET_TRY(read_lanes(read[first]));
  if (read[first + 1].size() > kMaxLogRows) {
    auto merged = DUET_TRY(transaction_.run({merge_log(names), select_log(names, "ALL")}));
    read[first + 1] = std::move(merged[1]);
  }

  LockResult result;
  std::set<std::int64_t> given_lanes;
  std::set<std::size_t> given_rows;
  for (std::size_t i = 0; i < refs_.size(); ++i) {
    Record record;
    LockedRecord locked;
    record.ref = refs_[i];
    locked.lane_read = true;
    RecordNames known{refs_[i].row_id, refs_[i].sfid, keys_[i]};
    if (matched_[i]) {
      const LockedRow& row = rows_[*matched_[i]];
      known = {row.row.id, row.row.sfid.empty() ? refs_[i].sfid : row.row.sfid, row.key.empty() ? keys_[i] : row.key};
    }
    MergedLane lane;
    if (locked.lane_read) lane = merge_lanes(lanes, known);
    if (!matched_[i] && lane.lane.row_id) {
      auto row = std::ranges::find(rows_, *lane.lane.row_id, [](const LockedRow& each) { return each.row.id; });
      if (row != rows_.end()) matched_[i] = static_cast<std::size_t>(row - rows_.begin());
    }
    if (matched_[i] && partly_ && !free_rows_.contains(rows_[*matched_[i]].row.id)) busy_[i] = true;
    const bool twice =
        (lane.id && !given_lanes.insert(*lane.id).second) || (matched_[i] && !given_rows.insert(*matched_[i]).second);
    if (twice) {
      busy_[i] = true;
      locked.lane_read = false;
      lane = {};
    }
    record.busy = busy_[i];
    record.lane = std::move(lane.lane);
    locked.lane_id = lane.id;
    locked.merged_lanes = std::move(lane.merged);
    if (matched_[i]) {
      const Row& row = rows_[*matched_[i]].row;
      locked.row_id = row.id;
      locked.last_op = row.last_op;
      if (!record.busy) record.row = row;
    }
    result.records.push_back(std::move(record));
    result.locked.push_back(std::move(locked));
  }
  fill_captured(read[first + 1], result);
  return result;
}

void RecordLock::fill_captured(const Rows& log, LockResult& result) const {
  if (log.empty()) return;
  std::unordered_map<std::int64_t, std::size_t> by_row;
  std::unordered_map<std::string, std::size_t> by_sfid;
  for (std::size_t i = 0; i < result.records.size(); ++i) {
    const Record& record = result.records[i];
    if (record.busy) continue;
    for (std::optional<std::int64_t> id : {result.locked[i].row_id, record.lane.row_id, record.ref.row_id}) {
      if (id) by_row.emplace(*id, i);
    }
    if (!record.ref.sfid.empty()) by_sfid.emplace(record.ref.sfid, i);
  }
  // A captured delete of a record that is known by its Id only tells the `id` that its other changes have.
  for (std::size_t i = 0; i < log.size(); ++i) {
    auto record = by_sfid.find(std::string(log.text(i, 3)));
    if (record != by_sfid.end() && !result.records[record->second].row)
      by_row.emplace(log.integer(i, 2), record->second);
  }
  for (std::size_t i = 0; i < log.size(); ++i) {
    auto record = by_row.find(log.integer(i, 2));
    if (record != by_row.end()) result.records[record->second].captured.push_back(read_captured(table_, log, i));
  }
}

}  // namespace

Result<LockResult> lock_records(TransactionSession& transaction, const MappedTable& table,
                                std::span<const RecordRef> refs) {
  if (refs.empty()) return LockResult{};
  return RecordLock(transaction, table, refs).lock();
}

}  // namespace duet::postgres
