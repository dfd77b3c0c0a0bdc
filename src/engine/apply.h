#pragma once

#include <span>
#include <vector>

#include "engine/connection.h"
#include "engine/record_batch.h"
#include "engine/stale_marks.h"
#include "engine/timing.h"
#include "engine/version_cache.h"
#include "model/change.h"
#include "ports/store.h"

namespace duet::engine {

/// Merges events into records: what the inbound worker does with the stream and the load worker with the spool. One
/// thread.
class Applier {
 public:
  Applier(const Connection& connection, Timing& timing, Counters& counters)
      : connection_(connection), timing_(timing), counters_(counters), graph_(connection.mappings), stale_(graph_) {}

  /// Applies events, in their order, inside the transaction. Records that cannot be written become dirty instead
  /// (design §5 rule 13). Marks what their changes make stale.
  Result<void> apply(ports::StoreTransaction& transaction, std::span<const ChangeEvent> events);

  /// To be called when the transaction ended.
  void committed() { versions_.commit(); }
  void rolled_back() { versions_.roll_back(); }
  /// After a lost connection or an unknown commit: nothing is known of the newest versions any more.
  void forget() { versions_.clear(); }

 private:
  struct Meeting {
    const ChangeEvent* event;
    std::size_t index;
    std::string sfid;
    bool duplicate = false;
    bool old = false;  ///< the row was newer already
  };

  Result<void> apply_to(ports::StoreTransaction& transaction, const Mapping& mapping,
                        std::span<const ChangeEvent> events);

  const Connection& connection_;
  Timing& timing_;
  Counters& counters_;
  VersionCache versions_;
  rules::FormulaGraph graph_;
  StaleMarks stale_;
};

}  // namespace duet::engine
