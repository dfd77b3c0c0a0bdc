#pragma once

#include <memory>

#include "ports/store.h"
#include "postgres/store_session.h"

namespace duet::postgres {

/// Starts COPY into the mapping's table when it is empty and nothing tells of an app's use: no log row, no lane. The
/// columns are codec::copy_columns; `id` comes from its default. Null when the table is not fit for it. Other sessions
/// can write to the table meanwhile: a row of theirs with the same key makes finish() fail with `store_constraint`.
Result<std::unique_ptr<ports::CopySink>> begin_copy(std::shared_ptr<StoreSession> store, const Mapping& mapping);

}  // namespace duet::postgres
