#pragma once

#include "base/result.h"
#include "postgres/session.h"

namespace duet::postgres {

/// Brings the schema `duet` to this program's version: sql/migrations in order, in one transaction, each once. Several
/// processes may call it at the same time. `config` when the database has been migrated by a newer program.
Result<void> migrate(Session& session);

}  // namespace duet::postgres
