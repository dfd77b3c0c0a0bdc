#pragma once

#include <span>
#include <vector>

#include "postgres/pending_write.h"
#include "postgres/store_session.h"

namespace duet::postgres {

// What a write says beside rows and lanes. Journal and issues of records that are inserted by the same write need their
// `id` first.

/// States of log rows: processed_at and processed_tx for those that are done (spec/heroku-connect.md §2.3).
std::vector<WriteStatement> log_state_statements(const MappedTable& table, std::span<const PendingWrite> writes);

/// NEW log rows as the logger writes them, with the lane's base in `old` for the fields they name (design §5 rule 2).
/// Deletes come before the row goes, everything else after it is written.
std::vector<WriteStatement> forward_statements(StoreSession& store, const MappedTable& table,
                                               std::span<const PendingWrite> writes, bool deletes);

/// The journal; whole rows are taken as they stand at this moment, so it is written before the rows are.
std::vector<WriteStatement> journal_statements(StoreSession& store, const MappedTable& table,
                                               std::span<const PendingWrite> writes);

/// Issues: settled ones are closed, an open one of the same kind and code is brought up to date instead of raised
/// again.
std::vector<WriteStatement> issue_statements(StoreSession& store, const MappedTable& table,
                                             std::span<const PendingWrite> writes);

/// An issue without a record. `table` is null for one of the connection.
Statement raise_issue_statement(StoreSession& store, const Mapping* mapping, const Issue& issue);

}  // namespace duet::postgres
