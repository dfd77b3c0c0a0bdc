#pragma once

#include <cstddef>
#include <optional>

#include "model/change.h"
#include "rules/context.h"

namespace duet::rules {

/// Our own event of attempt `index` was seen: it and all older attempts of the lane settle, and the order of what was
/// held is known (design §5 rules 3 and 4). `event.fields` decides the fields that the attempt sent; other fields are
/// the caller's.
void settle_by_event(const Turn& turn, std::size_t index, const ChangeEvent& event, const Remote& remote);

/// A read-back that began after the attempts had passed decides one field that they sent (rules 3, 6, 7). Attempts stay
/// listed: the caller removes them when every field is decided. What the org holds is to be merged then, as written by
/// the result; nothing when that is done.
std::optional<Remote> settle_by_read(const Turn& turn, const MappedField& field, const Value& current,
                                     const Remote& remote);

/// Held values of a field, and of its group, that no attempt covers any more: they merge in order, as ordinary remote
/// changes.
void release_held(const Turn& turn, const MappedField& field);

/// release_held() for every field that no attempt waits on.
void release_orphans(const Turn& turn);

/// The value waits in the lane until the attempt before it is settled.
void hold(const Turn& turn, std::string_view field, const Value& value, const Remote& remote);

}  // namespace duet::rules
