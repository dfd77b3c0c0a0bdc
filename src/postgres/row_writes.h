#pragma once

#include <span>
#include <vector>

#include "postgres/mapped_table.h"
#include "postgres/pending_write.h"

namespace duet::postgres {

/// What RecordChange says about rows, as statements: deletes, then updates, then inserts, one statement for all records
/// with the same columns. After each one that the session is still the engine's is checked (design §6).
///
/// The status trigger makes a row SYNCED when a write of the engine does not change its status (spec/heroku-connect.md
/// §3.6). A row keeps its status unless the change names another; where that is not SYNCED, it is written twice: away
/// and back.
std::vector<WriteStatement> row_statements(const MappedTable& table, std::span<PendingWrite> writes);

/// The status of inserted rows that is to be another than SYNCED; only when their `id` is known.
std::vector<WriteStatement> inserted_status_statements(const MappedTable& table, std::span<PendingWrite> writes);

}  // namespace duet::postgres
