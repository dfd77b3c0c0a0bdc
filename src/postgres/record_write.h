#pragma once

#include <vector>

#include "base/result.h"
#include "ports/store.h"
#include "postgres/mapped_table.h"
#include "postgres/pending_write.h"
#include "postgres/store_session.h"

namespace duet::postgres {

/// Writes records as ports::StoreTransaction::write promises. The whole batch is tried in one round trip (two when rows
/// are inserted that have a lane or entries); when the database refuses it, halves are tried, down to the records that
/// it really refuses.
Result<std::vector<ports::WriteFailure>> write_records(TransactionSession& transaction, const MappedTable& table,
                                                       std::vector<PendingWrite> writes);

}  // namespace duet::postgres
