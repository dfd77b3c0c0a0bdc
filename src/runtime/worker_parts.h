#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/bulk_desk.h"
#include "runtime/load_queue.h"
#include "runtime/prepare_connection.h"
#include "runtime/worker_runner.h"

namespace duet::runtime {

struct ConnectionContext;

// Each makes a worker together with the database session, the org client and the stream that are its own. Called on the
// worker's thread; what they refer to outlives the worker.

Result<WorkerParts> make_inbound(const PreparedConnection& prepared, const ConnectionContext& context,
                                 engine::StreamHorizon& horizon);
/// With the doorbell of the trigger log.
Result<WorkerParts> make_outbound(const PreparedConnection& prepared, const ConnectionContext& context,
                                  engine::BulkDesk& desk);
/// Bulk jobs that the outbound worker has filled.
Result<WorkerParts> make_bulk(const PreparedConnection& prepared, const ConnectionContext& context,
                              engine::BulkDesk& desk);
Result<WorkerParts> make_settle(const PreparedConnection& prepared, const ConnectionContext& context,
                                const engine::StreamHorizon& horizon);
/// Keeps calculated columns up to date.
Result<WorkerParts> make_refresh(const PreparedConnection& prepared, const ConnectionContext& context);
Result<WorkerParts> make_polls(const PreparedConnection& prepared, const ConnectionContext& context,
                               const std::string& name, const std::vector<const Mapping*>& mappings);
/// Housekeeping of the trigger log.
Result<WorkerParts> make_maintenance(const PreparedConnection& prepared, const ConnectionContext& context);
Result<WorkerParts> make_load(const PreparedConnection& prepared, const ConnectionContext& context, LoadQueue& queue);

}  // namespace duet::runtime
