#pragma once

#include <vector>

#include "orgsim/core/row_view.h"

namespace orgsim {

/// What a grouped query computes: a group has one value for each key and each aggregate, in that order.
struct GroupSpec {
  std::vector<BoundPath> keys;
  std::vector<BoundPath> aggregates;  ///< COUNT() counts ids
  [[nodiscard]] std::size_t width() const { return keys.size() + aggregates.size(); }
};

/// Bound of the groups of one query.
inline constexpr std::size_t kGroupsMax = 100'000;

/// The groups of these rows, in order of their first row; without keys always one group. OPERATION_TOO_LARGE for more
/// than kGroupsMax.
[[nodiscard]] Outcome<std::vector<std::vector<Value>>> group_rows(const Snapshot& snapshot, const ObjectDef& object,
                                                                  const std::vector<std::uint32_t>& slots,
                                                                  const GroupSpec& spec);

}  // namespace orgsim
