#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "model/mapping.h"
#include "postgres/journal_store.h"

namespace duet::runtime {

/// What a policy would have decided over conflicts of the past, from what the journal kept of them; changes nothing.
/// JSON as openapi.json says. `bad_data` for a policy that does not fit the field.
Result<std::string> preview_policy(const Mapping& mapping, const std::string& field, const std::string& policy,
                                   std::span<const postgres::StoredJournalEntry> conflicts);

}  // namespace duet::runtime
