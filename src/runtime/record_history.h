#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "model/mapping.h"
#include "model/record.h"
#include "postgres/session.h"

namespace duet::runtime {

/// Names a record as people do: 15 or 18 characters of a Salesforce Id, or the `id` of the row. `bad_data` for anything
/// else.
Result<RecordRef> record_ref(const std::string& id);

/// A record as it stands, with what of it is on its way. JSON as openapi.json says.
Result<std::string> record_to_json(postgres::Session& session, const std::string& schema, int connection_id,
                                   const Mapping& mapping, const RecordRef& ref);

/// A record's timeline out of everything that Duet stores about it, and the record as it was `at` a time. JSON as
/// openapi.json says; it also says what cannot be known.
Result<std::string> history_to_json(postgres::Session& session, const std::string& schema, int connection_id,
                                    const Mapping& mapping, const RecordRef& ref, std::optional<TimeMs> at,
                                    std::size_t limit);

}  // namespace duet::runtime
