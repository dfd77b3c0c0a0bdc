#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "model/lane.h"
#include "model/mapping.h"

namespace duet::rules {

/// What the planner knows of one claimed attempt.
struct PlanItem {
  std::size_t index = 0;             ///< of the caller
  std::vector<std::string> parents;  ///< records that the org locks with it
  std::string sfid;                  ///< of the record itself, which the org locks too; empty for creates
};

struct PlanLimits {
  std::size_t records = 1'000;  ///< in one call
};

/// Chooses what goes out in the next call, of attempts of one object and one operation, in the order of capture: none
/// that needs a record which is locked by a call that is under way, and all of one parent's records together, so that
/// calls side by side share no parent (design §5 rule 14). A parent with more records than a call takes has the call
/// for itself, and its others follow when that call has ended. Indexes of items; empty when nothing may go.
std::vector<std::size_t> next_call(const std::vector<PlanItem>& items, const std::multiset<std::string>& locked,
                                   const PlanLimits& limits);

/// Mappings so that a referenced object comes before the objects that refer to it; cycles keep their order.
std::vector<const Mapping*> parents_first(const std::vector<const Mapping*>& mappings);

/// Objects whose records the attempt names by something else than their Id: they must exist before it is sent.
std::set<std::string> named_parents(const Mapping& mapping, const Attempt& attempt);

/// Whether `mapping` has a reference to `object`.
bool refers_to(const Mapping& mapping, const std::string& object);

}  // namespace duet::rules
