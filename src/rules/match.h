#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/change.h"
#include "rules/context.h"

namespace duet::rules {

/// The values of the mapping's match fields (Mapping::match), by which a row inserted here and a record of the org are
/// one and the same. Empty when the mapping has none, or when one of them is null or not known: such a record is nobody
/// else.
FieldValues match_values(const Mapping& mapping, const FieldValues& values);

/// Whether both have the same match_values(), as the org compares them: case counts only where the field says so.
bool same_match(const Mapping& mapping, const FieldValues& a, const FieldValues& b);

/// The values by which a create must be looked up in the org before it is claimed, where no record has its key; empty
/// when none are needed.
FieldValues match_to_look_up(const Record& record, const Mapping& mapping);

/// The records that a row with these values may become: their match fields are the same, and none has another external
/// id than the one that the app chose.
std::vector<const RecordRead*> match_candidates(const Mapping& mapping, const FieldValues& row,
                                                std::span<const RecordRead> found);

/// Several records of the org match the row: it waits for a person, with the candidates.
void park_ambiguous_match(const Turn& turn, std::span<const RecordRead* const> candidates);

/// The record that matches the row is that of another row: this one is a duplicate in the table and waits for a person.
void park_match_taken(const Turn& turn, const RecordRead& candidate, std::int64_t row_id);

/// The app has changed a match field of a row that waits so: it is looked up anew, and the issue is settled.
void release_from_match(const Turn& turn, std::span<const std::string> changed);

}  // namespace duet::rules
