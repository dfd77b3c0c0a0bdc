#pragma once

#include <string>

#include "orgsim/core/change_event.h"

namespace orgsim {

/// A change event as the Streaming API delivers it, the "data" of its message:
/// {"schema","payload","event":{"replayId"}} (spec §4.9). Only fields that the event speaks of; names instead of
/// bitmaps; compound fields nested.
std::string change_event_json(const ChangeEvent& event);

}  // namespace orgsim
