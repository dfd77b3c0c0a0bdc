#include "postgres/record_write.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "postgres/array_text.h"
#include "postgres/lane_merge.h"
#include "postgres/lane_writes.h"
#include "postgres/row_writes.h"
#include "postgres/server_error.h"
#include "postgres/side_writes.h"

namespace duet::postgres {
namespace {

constexpr const char* kSavepoint = "duet_write";
constexpr const char* kLaneTaken = "LANE_TAKEN";

bool inserts(const PendingWrite& write) { return write.change->row_action == RowAction::insert; }

/// The row's `id` is needed for what is written beside it.
bool needs_inserted_id(const PendingWrite& write) {
  const RecordChange& change = *write.change;
  return inserts(write) && (!write.lane_to_store().empty() || !change.journal.empty() || !change.issues.empty() ||
                            !change.forward.empty() || (change.last_op && *change.last_op != "SYNCED"));
}

void append(std::vector<WriteStatement>& out, std::vector<WriteStatement> more) {
  std::move(more.begin(), more.end(), std::back_inserter(out));
}

class RecordWriter {
 public:
  RecordWriter(TransactionSession& transaction, const MappedTable& table) : transaction_(transaction), table_(table) {}

  Result<void> write(std::span<PendingWrite> writes) {
    if (writes.empty()) return {};
    auto written = try_write(writes);
    if (written) {
      remember(writes);
      return {};
    }
    if (transaction_.store().session().broken() || !is_record_error(written.error())) return written;
    if (savepoint_) DUET_TRY(transaction_.roll_back_to(kSavepoint));
    for (PendingWrite& write : writes) {
      write.row_id = write.locked->row_id;
      write.new_lane_id.reset();
    }
    if (writes.size() > 1) {
      const std::size_t half = writes.size() / 2;
      DUET_TRY(this->write(writes.first(half)));
      return this->write(writes.subspan(half));
    }
    return write_alone(writes, std::move(written).error());
  }

  std::vector<ports::WriteFailure> take_failures() {
    std::ranges::sort(failures_, {}, &ports::WriteFailure::index);
    return std::move(failures_);
  }

 private:
  Result<void> try_write(std::span<PendingWrite> writes);
  Result<void> write_alone(std::span<PendingWrite> write, Error error);
  Result<bool> take_over_lanes(PendingWrite& write);
  Result<void> run(std::vector<WriteStatement> statements);
  void remember(std::span<PendingWrite> writes);

  TransactionSession& transaction_;
  const MappedTable& table_;
  std::vector<ports::WriteFailure> failures_;
  bool savepoint_ = false;  ///< the server has it
};

Result<void> RecordWriter::run(std::vector<WriteStatement> statements) {
  std::vector<Statement> texts;
  texts.reserve(statements.size());
  for (WriteStatement& each : statements) texts.push_back(std::move(each.statement));
  auto result = transaction_.run(std::move(texts));
  // What could not be sent at all has set no savepoint either.
  if (result || result.error().code != kNulByte) savepoint_ = true;
  const std::vector<Rows> rows = DUET_TRY(std::move(result));
  for (std::size_t i = 0; i < statements.size(); ++i) {
    if (statements[i].expected >= 0 && rows[i].affected() != statements[i].expected) {
      return fail(ErrorKind::store_constraint,
                  "a trigger of the table swallowed the write, or another lane has the record's name", kLaneTaken,
                  "table " + table_.name);
    }
    for (std::size_t n = 0; n < statements[i].returned.size(); ++n) *statements[i].returned[n] = rows[i].integer(n, 0);
  }
  return {};
}

Result<void> RecordWriter::try_write(std::span<PendingWrite> writes) {
  savepoint_ = false;
  StoreSession& store = transaction_.store();
  const auto late = std::ranges::partition(writes, [](const PendingWrite& write) { return !needs_inserted_id(write); });
  const std::span<PendingWrite> second(late.begin(), late.end());
  const std::span<PendingWrite> first = writes.first(writes.size() - second.size());

  std::vector<WriteStatement> statements;
  statements.push_back({{fmt::format("SAVEPOINT {}", kSavepoint), {}}, -1, {}});
  append(statements, journal_statements(store, table_, first));
  append(statements, forward_statements(store, table_, first, true));
  append(statements, row_statements(table_, writes));
  auto append_rest = [&](std::span<PendingWrite> part) {
    append(statements, lane_statements(table_, part));
    append(statements, log_state_statements(table_, part));
    append(statements, issue_statements(store, table_, part));
    append(statements, forward_statements(store, table_, part, false));
  };
  append_rest(first);
  if (!second.empty()) {
    DUET_TRY(run(std::move(statements)));
    statements.clear();
    append(statements, inserted_status_statements(table_, second));
    append(statements, journal_statements(store, table_, second));
    append_rest(second);
  }
  // A deferred constraint that failed at COMMIT would take every other record with it.
  statements.push_back({{"SET CONSTRAINTS ALL IMMEDIATE", {}}, -1, {}});
  DUET_TRY(run(std::move(statements)));
  return {};
}

/// The record's lane may be there under a name that was not known at the lock.
Result<bool> RecordWriter::take_over_lanes(PendingWrite& write) {
  const Lane lane = with_names(write);
  const RecordNames names{lane.row_id, lane.sfid, {}};
  std::vector<std::int64_t> row_ids;
  std::vector<std::string> sfids;
  std::vector<std::string> keys;
  if (lane.row_id) row_ids.push_back(*lane.row_id);
  if (!lane.sfid.empty()) sfids.push_back(lane.sfid);
  if (auto key = table_.key_param(lane.external_id)) keys.push_back(*key);
  auto rows = DUET_TRY(transaction_.run(
      {{fmt::format("SELECT id, row_id, sfid, former_sfid, external_key, state FROM duet.lane WHERE mapping_id = "
                    "$1::bigint AND "
                    "(row_id = ANY($2::bigint[]) OR sfid = ANY($3::text[]) OR external_key = ANY(ARRAY(SELECT {} FROM "
                    "pg_catalog.unnest($4::text[]) AS k))) ORDER BY id FOR UPDATE",
                    table_.fold("k")),
        {std::to_string(table_.mapping_id), array_of(row_ids), array_of(sfids), array_of(keys)}}}));
  const std::vector<StoredLane> lanes = DUET_TRY(read_lanes(rows.front()));
  if (lanes.empty()) return false;
  if (!write.locked->lane_read) {
    // The record was busy: what the engine wants of its lane can only be marks, and those the stored lane takes.
    const StoredLane& stored = lanes.front();
    write.lane = stored.lane;
    take_marks(*write.lane, write.record->lane);
    write.locked->lane_id = stored.id;
    write.locked->lane_read = true;
    return true;
  }
  Lane merged = lane;
  std::vector<std::int64_t> gone;
  for (const StoredLane& stored : lanes) {
    if (stored.id == write.locked->lane_id) continue;
    if (!is_only_marks(stored.lane)) return false;
    take_marks(merged, stored.lane);
    gone.push_back(stored.id);
  }
  if (gone.empty()) return false;
  write.lane = std::move(merged);
  write.locked->merged_lanes.insert(write.locked->merged_lanes.end(), gone.begin(), gone.end());
  return true;
}

Result<void> RecordWriter::write_alone(std::span<PendingWrite> one, Error error) {
  PendingWrite& write = one.front();
  const bool lane_conflict =
      error.code == kLaneTaken || (error.code == kUniqueViolation && error.detail.starts_with("table lane"));
  if (lane_conflict && stores_lane(write) && !write.lane && DUET_TRY(take_over_lanes(write))) return this->write(one);
  failures_.push_back({write.index, std::move(error)});
  return {};
}

/// A later write of the same transaction builds on this one.
void RecordWriter::remember(std::span<PendingWrite> writes) {
  for (PendingWrite& write : writes) {
    LockedRecord& locked = *write.locked;
    if (write.change->row_action == RowAction::remove) {
      locked.row_id.reset();
    } else {
      locked.row_id = write.row_id;
    }
    if (inserts(write)) locked.last_op = "SYNCED";
    if (write.change->last_op) locked.last_op = *write.change->last_op;
    if (!stores_lane(write)) continue;
    locked.merged_lanes.clear();
    if (write.lane_to_store().empty()) {
      locked.lane_id.reset();
    } else if (write.new_lane_id) {
      locked.lane_id = write.new_lane_id;
    }
  }
}

}  // namespace

Result<std::vector<ports::WriteFailure>> write_records(TransactionSession& transaction, const MappedTable& table,
                                                       std::vector<PendingWrite> writes) {
  RecordWriter writer(transaction, table);
  DUET_TRY(writer.write(writes));
  return writer.take_failures();
}

}  // namespace duet::postgres
