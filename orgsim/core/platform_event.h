#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/change_event.h"
#include "orgsim/core/error.h"
#include "orgsim/core/event_schema.h"

namespace orgsim {

/// A platform event's payload as raw Avro binary under its schema (spec §4.6); values by field index of the object.
[[nodiscard]] std::string encode_platform_event(const ObjectDef& object, const EventSchema& schema,
                                                const std::vector<Value>& values);

/// The fields of a payload that a client has published, in schema order, null ones included. INVALID_EVENT_PAYLOAD when
/// the bytes are not exactly one record of the schema. Bounded by the payload's size, whatever its lengths claim.
[[nodiscard]] Outcome<std::vector<EventField>> decode_platform_event(const EventSchema& schema,
                                                                     std::string_view payload);

}  // namespace orgsim
