#pragma once

#include <set>
#include <vector>

#include "engine/outbound_parts.h"

namespace duet::engine {

/// Lets parked records go on: children whose parent has come, deletes on which a person has decided, and records whose
/// rows the app has deleted meanwhile. Part of the
/// outbound worker.
class HeldRecords {
 public:
  HeldRecords(const OutboundParts& parts, const std::vector<const Mapping*>& mappings)
      : parts_(parts), mappings_(mappings) {}

  /// Looks once a second, and at once after `parents_came()`. True when something may be sent now.
  Result<bool> step();
  /// Records were created in the org: children may wait for them.
  void parents_came() { due_at_ = 0; }

 private:
  Result<void> forget_abandoned(const Mapping& mapping);
  Result<bool> release_children(const Mapping& mapping);
  Result<bool> carry_out_decision(const Mapping& mapping);

  const OutboundParts& parts_;
  const std::vector<const Mapping*>& mappings_;
  TimeMs due_at_ = 0;  ///< local clock
};

}  // namespace duet::engine
