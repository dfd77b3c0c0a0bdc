#include "postgres/lane_writes.h"

#include <algorithm>

#include <fmt/format.h>

#include "codec/lane_json.h"
#include "postgres/array_text.h"

namespace duet::postgres {
namespace {

bool pending(const Lane& lane) { return !lane.pending.empty() || lane.pending_create || lane.pending_delete; }

/// Parallel arrays for unnest, one entry per lane.
struct LaneArrays {
  ArrayText ids, row_ids, sfids, former_sfids, keys, states, not_before, first_log, sendable, in_flight, parked, dirty,
      settle_by, settle_since, tombstone_until, only_tombstone;
  long count = 0;

  void add(const MappedTable& table, std::int64_t id, const Lane& lane) {
    const LaneColumns columns = columns_of(lane);
    ids.add(id);
    add_optional(row_ids, lane.row_id);
    add_text(sfids, lane.sfid);
    add_text(former_sfids, lane.former_sfid);
    keys.add(table.key_param(lane.external_id));
    states.add(std::string_view(codec::lane_to_json(lane)));
    not_before.add(lane.not_before);
    add_optional(first_log, columns.first_log);
    add_flag(sendable, columns.sendable);
    add_flag(in_flight, columns.in_flight);
    add_flag(parked, columns.parked);
    add_flag(dirty, columns.dirty);
    add_text(settle_by, columns.settle_by);
    settle_since.add(columns.settle_since);
    add_optional(tombstone_until, columns.tombstone_until);
    add_flag(only_tombstone, columns.only_tombstone);
    ++count;
  }

  std::vector<Param> params(const MappedTable& table) && {
    return {std::to_string(table.mapping_id),    std::move(ids).finish(),           std::move(row_ids).finish(),
            std::move(sfids).finish(),           std::move(former_sfids).finish(),  std::move(keys).finish(),
            std::move(states).finish(),          std::move(not_before).finish(),    std::move(first_log).finish(),
            std::move(sendable).finish(),        std::move(in_flight).finish(),     std::move(parked).finish(),
            std::move(dirty).finish(),           std::move(settle_by).finish(),     std::move(settle_since).finish(),
            std::move(tombstone_until).finish(), std::move(only_tombstone).finish()};
  }

 private:
  static void add_optional(ArrayText& array, const std::optional<std::int64_t>& number) {
    if (number) {
      array.add(*number);
    } else {
      array.add_null();
    }
  }
  static void add_text(ArrayText& array, const std::string& text) {
    if (text.empty()) {
      array.add_null();
    } else {
      array.add(std::string_view(text));
    }
  }
  static void add_flag(ArrayText& array, bool flag) { array.add(std::string_view(flag ? "t" : "f")); }
};

constexpr std::string_view kColumns =
    "row_id, sfid, former_sfid, external_key, state, not_before, first_log, sendable, in_flight, parked, dirty, "
    "settle_by, settle_since, "
    "tombstone_until, only_tombstone";

/// `v` with one row per lane.
std::string lanes_as_rows() {
  return fmt::format(
      "unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::bigint[], "
      "$10::boolean[], "
      "$11::boolean[], $12::boolean[], $13::boolean[], $14::text[], $15::bigint[], $16::bigint[], $17::boolean[]) AS "
      "v(id, {})",
      kColumns);
}

std::string selected(const MappedTable& table) {
  return fmt::format(
      "v.row_id, v.sfid, v.former_sfid, {}, v.state::json, v.not_before, v.first_log, v.sendable, v.in_flight, "
      "v.parked, v.dirty, v.settle_by, "
      "v.settle_since, v.tombstone_until, v.only_tombstone",
      table.fold("v.external_key"));
}

}  // namespace

Lane with_names(const PendingWrite& write) {
  Lane lane = write.lane_to_store();
  if (write.row_id) lane.row_id = write.row_id;
  if (lane.sfid.empty() && write.record->ref.sfid != lane.former_sfid) lane.sfid = write.record->ref.sfid;
  if (lane.external_id.empty()) lane.external_id = write.record->ref.external_id;
  return lane;
}

LaneColumns columns_of(const Lane& lane) {
  LaneColumns columns;
  const bool waits = std::ranges::any_of(
      lane.attempts, [](const Attempt& attempt) { return attempt.state != AttemptState::accepted; });
  columns.sendable = pending(lane) && lane.parked.empty() && !waits && !lane.dirty;
  columns.in_flight = lane.in_flight() != nullptr;
  columns.parked = !lane.parked.empty();
  columns.dirty = lane.dirty.has_value();
  if (!lane.log.empty()) columns.first_log = lane.log.front().log_id;
  if (lane.pending_delete && !columns.first_log) columns.first_log = lane.pending_delete->log_id;
  if (lane.read_version) columns.tombstone_until = lane.read_version->until;
  if (lane.tombstone) columns.tombstone_until = lane.tombstone->until;
  columns.only_tombstone = columns.tombstone_until && is_only_marks(lane) && !lane.dirty;
  if (columns.in_flight) return columns;
  if (lane.attempts.empty()) {
    if (lane.dirty) {
      columns.settle_by = "read";
      columns.settle_since = lane.dirty->since;
    }
    return columns;
  }
  const Attempt& newest = lane.attempts.back();
  columns.settle_since = newest.decided_at;
  columns.settle_by = newest.passed ? "read" : newest.state == AttemptState::accepted ? "accepted" : "unknown";
  return columns;
}

std::vector<WriteStatement> lane_statements(const MappedTable& table, std::span<PendingWrite> writes) {
  std::vector<std::int64_t> removed;
  LaneArrays changed;
  LaneArrays added;
  std::vector<std::optional<std::int64_t>*> new_ids;
  for (PendingWrite& write : writes) {
    const LockedRecord& locked = *write.locked;
    if (!stores_lane(write)) continue;
    removed.insert(removed.end(), locked.merged_lanes.begin(), locked.merged_lanes.end());
    if (write.lane_to_store().empty()) {
      if (locked.lane_id) removed.push_back(*locked.lane_id);
    } else if (locked.lane_id) {
      changed.add(table, *locked.lane_id, with_names(write));
    } else {
      added.add(table, 0, with_names(write));
      new_ids.push_back(&write.new_lane_id);
    }
  }
  std::vector<WriteStatement> statements;
  if (!removed.empty())
    statements.push_back({{"DELETE FROM duet.lane WHERE id = ANY($1::bigint[])", {array_of(removed)}}, -1, {}});
  if (const long count = changed.count; count > 0) {
    statements.push_back(
        {{fmt::format(
              "UPDATE duet.lane AS l SET ({}, updated_at) = ROW({}, clock_timestamp()) FROM {} WHERE l.id = v.id AND "
              "l.mapping_id = $1::bigint",
              kColumns, selected(table), lanes_as_rows()),
          std::move(changed).params(table)},
         count,
         {}});
  }
  if (const long count = added.count; count > 0) {
    statements.push_back({{fmt::format("INSERT INTO duet.lane (mapping_id, {}) SELECT $1::bigint, {} FROM {} ON "
                                       "CONFLICT DO NOTHING RETURNING id",
                                       kColumns, selected(table), lanes_as_rows()),
                           std::move(added).params(table)},
                          count,
                          std::move(new_ids)});
  }
  return statements;
}

}  // namespace duet::postgres
