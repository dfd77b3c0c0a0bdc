#pragma once

#include "base/result.h"
#include "postgres/session.h"

namespace duet::runtime {

/// The right to sync a connection, held as an advisory lock of the session until it ends: two processes that sync the
/// same connection would send everything twice. False: another process has it.
Result<bool> take_serve_lock(postgres::Session& session, int connection_id);

/// Whether some process holds it.
Result<bool> serve_runs(postgres::Session& session, int connection_id);

}  // namespace duet::runtime
