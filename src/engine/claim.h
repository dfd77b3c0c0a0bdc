#pragma once

#include <string>
#include <vector>

#include "engine/outbound_parts.h"
#include "engine/record_batch.h"

namespace duet::engine {

/// Makes an attempt of each record that may be sent now, commits them, and appends them to `claimed`. Records whose key
/// must be looked up in the org first come last, in a transaction of their own. After an error some attempts may be
/// committed all the same. Those that go with `job`, if there is one, get its token.
Result<void> claim_records(const OutboundParts& parts, const Mapping& mapping, const std::vector<RecordRef>& refs,
                           const JobTicket* job, std::vector<ClaimedAttempt>& claimed);

/// Makes the attempt of one locked record, if it may be sent.
void claim_entry(const OutboundParts& parts, RecordBatch& batch, std::size_t index, const rules::Context& context,
                 const std::string& token, const JobTicket* job, std::vector<ClaimedAttempt>& claimed);

/// Writes the batch, commits, and moves what was `taken` to `claimed`, without the records that the database refused:
/// another lane still holds the record's key, or the row refuses its external id. Not now.
Result<void> commit_claims(RecordBatch& batch, ports::StoreTransaction& transaction, std::vector<ClaimedAttempt> taken,
                           std::vector<ClaimedAttempt>& claimed);

}  // namespace duet::engine
