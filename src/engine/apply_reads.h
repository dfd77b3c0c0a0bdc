#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/connection.h"
#include "engine/stale_marks.h"
#include "engine/timing.h"
#include "model/change.h"
#include "ports/store.h"

namespace duet::engine {

/// Merges records that a page of a load, a poll or a sweep gave unasked (design §5 rule 6). One thread.
class ReadApplier {
 public:
  /// The graph outlives this.
  ReadApplier(const Mapping& mapping, const rules::FormulaGraph& graph, ports::Store& store, Timing& timing,
              Counters& counters)
      : mapping_(mapping), store_(store), timing_(timing), counters_(counters), stale_(graph) {}

  /// One transaction. Records that cannot be written become dirty instead. Keep pages small: rows stay locked
  /// meanwhile.
  Result<void> apply(std::span<const RecordRead> reads);

  /// One transaction: the records must be read whole, each on its own.
  Result<void> mark_dirty(std::span<const std::string> sfids, std::string_view reason);

 private:
  const Mapping& mapping_;
  ports::Store& store_;
  Timing& timing_;
  Counters& counters_;
  StaleMarks stale_;
};

}  // namespace duet::engine
