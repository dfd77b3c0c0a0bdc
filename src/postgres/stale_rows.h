#pragma once

#include <span>

#include "ports/store.h"
#include "postgres/store_session.h"

namespace duet::postgres {

// Statements over duet.stale. All lock its rows in the order (mapping, sfid), so that no two wait for each other.

Statement mark_stale_statement(StoreSession& store, std::span<const ports::StaleScope> scopes, TimeMs due);
Statement clear_stale_statement(const Mapping& mapping, std::span<const ports::StaleMark> marks);
Statement put_off_stale_statement(const Mapping& mapping, std::span<const ports::StaleMark> marks, TimeMs due);
Statement find_stale_statement(const Mapping& mapping, TimeMs now, std::size_t limit);

}  // namespace duet::postgres
