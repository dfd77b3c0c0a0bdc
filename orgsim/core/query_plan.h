#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "orgsim/core/query_filter.h"

namespace orgsim {

struct BoundOrder {
  BoundPath path;
  bool descending = false;
  bool nulls_first = true;
};

/// Where the rows of a query come from, read off the conditions that every row must meet.
struct RowSource {
  /// Only these rows, in slot order: Id = or IN, or an equal external id.
  std::optional<std::vector<std::uint32_t>> slots;
  std::uint32_t first_slot = 0;
  std::uint32_t last_slot = 0xFFFFFFFF;
  std::uint32_t first_stamp = 0;
  std::uint32_t last_stamp = 0xFFFFFFFF;
};

[[nodiscard]] RowSource find_source(const Snapshot& snapshot, const ObjectDef& object, const Filter* filter);

struct RowSelection {
  const Filter* filter = nullptr;
  /// Looked at after the filter; nothing lets every row through.
  std::function<bool(const RowView&)> also = {};
  std::vector<BoundOrder> order;
  bool include_deleted = false;
  std::uint64_t limit = 0xFFFFFFFF;
  std::uint64_t offset = 0;
};

/// The slots of the result in its order. Pages by SystemModstamp and Id or by Id read an index and stop at the limit;
/// other orders sort the rows that match.
[[nodiscard]] std::vector<std::uint32_t> select_rows(const Snapshot& snapshot, const ObjectDef& object,
                                                     const RowSelection& what);

}  // namespace orgsim
