#pragma once

#include <cstddef>
#include <vector>

#include "model/lane.h"
#include "model/mapping.h"

namespace duet::rules {

/// What the planner knows of one claimed attempt.
struct PlanItem {
  std::size_t index = 0;  ///< of the caller
  const Mapping* mapping = nullptr;
  AttemptKind kind = AttemptKind::update;
  const Attempt* attempt = nullptr;
  bool conditional = false;  ///< must go out alone, as a single row
};

/// Attempts that go out in one call: one object, one operation, at most `batch_size` records, by collections or as one
/// single row.
struct PlannedBatch {
  const Mapping* mapping = nullptr;
  AttemptKind kind = AttemptKind::update;
  bool collection = false;
  bool conditional = false;
  std::vector<std::size_t> indexes;
};

struct PlanLimits {
  std::size_t batch_size = 200;
  std::size_t collection_from = 2;  ///< fewer records of a kind go as single rows, which carry the client token
};

/// Groups attempts by object and operation, creates and updates parents first, deletes children first (design §2 G3).
/// Records that share a master keep together in one batch as far as it goes (rule 14). The order within a kind is the
/// order of the items.
std::vector<PlannedBatch> plan(const std::vector<PlanItem>& items, const PlanLimits& limits);

/// Mappings so that a referenced object comes before the objects that refer to it; cycles keep their order.
std::vector<const Mapping*> parents_first(const std::vector<const Mapping*>& mappings);

}  // namespace duet::rules
