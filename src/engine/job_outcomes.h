#pragma once

#include <vector>

#include "engine/connection.h"
#include "engine/timing.h"
#include "model/bulk_job.h"
#include "ports/bulk.h"
#include "ports/store.h"

namespace duet::engine {

/// Writes what became of a Bulk job's records, matched by Id or external id and by the job's token.
class JobOutcomes {
 public:
  JobOutcomes(ports::Store& store, Timing& timing, Counters& counters)
      : store_(store), timing_(timing), counters_(counters) {}

  /// One transaction. Those whose rows were locked by the app come back.
  Result<std::vector<ports::JobOutcome>> write(const Mapping& mapping, const BulkJob& job,
                                               const std::vector<ports::JobOutcome>& outcomes);
  /// Gives the verdict to attempts of the job that nothing has been written of. How many are left because their rows
  /// were locked.
  Result<std::size_t> resolve_left(const Mapping& mapping, const BulkJob& job, ports::Verdict verdict);

 private:
  ports::Store& store_;
  Timing& timing_;
  Counters& counters_;
};

}  // namespace duet::engine
