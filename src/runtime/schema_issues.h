#pragma once

#include "base/result.h"
#include "postgres/session.h"
#include "runtime/config.h"
#include "runtime/prepare_connection.h"

namespace duet::runtime {

/// Raises one issue of kind `schema` per mapping that the org of today does not fit any more, and closes those of
/// mappings that fit again. Objects that are left out are marked to be read whole once they come back: their events
/// pass unseen.
Result<void> record_schema_problems(const ConnectionConfig& config, const PreparedConnection& prepared,
                                    postgres::Session& session);

}  // namespace duet::runtime
