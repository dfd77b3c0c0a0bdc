#pragma once

#include <span>
#include <vector>

#include "model/mapping.h"
#include "ports/store.h"
#include "postgres/mapped_table.h"
#include "postgres/store_session.h"

namespace duet::postgres {

/// What ports::StoreTransaction::find_matches promises.
Result<std::vector<ports::MatchingRow>> match_rows(TransactionSession& transaction, const MappedTable& table,
                                                   const Mapping& mapping, std::span<const ports::WantedMatch> wanted);

}  // namespace duet::postgres
