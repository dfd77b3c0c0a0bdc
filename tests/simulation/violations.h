#pragma once

#include "fake_store.h"

namespace duet::simulation {

/// Notes what no transaction may do with a record that had the lane `before`: send or take in what waits for a person,
/// and write what comes from the org beside what is still to go there in a group.
void note_violations(Database& db, const Mapping& mapping, const Lane& before, const Record& record,
                     const RecordChange& change);

}  // namespace duet::simulation
