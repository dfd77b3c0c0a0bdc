#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/change.h"

namespace duet::codec {

/// A change event as the spool keeps it while its mapping is being loaded. Reading gives back an equal event.
std::string event_to_json(const ChangeEvent& event);
/// `bad_data` when it is no event.
Result<ChangeEvent> event_from_json(std::string_view text);

}  // namespace duet::codec
