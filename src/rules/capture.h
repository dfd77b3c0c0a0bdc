#pragma once

#include "rules/context.h"

namespace duet::rules {

/// Takes the record's NEW log rows into its lane: the first thing that every transaction does with a record. Bases come
/// from the captured old values, from a field's first pending change only (design §5 rule 11).
void absorb(const Turn& turn);

/// Whether the org accepts a value for the field in a create or an update.
bool writable(const MappedField& field, bool create);

/// The org has the record: what is left of its create, which lost a race against another of the same key, is an update.
void end_create(const Turn& turn);

}  // namespace duet::rules
