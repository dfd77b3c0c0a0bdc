#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/lane.h"

namespace duet::codec {

/// A lane as the store keeps it: JSON, compact, without what is empty. Reading gives back an equal lane.
std::string lane_to_json(const Lane& lane);
/// `bad_data` when it is no lane. Members that are missing keep their defaults.
Result<Lane> lane_from_json(std::string_view text);

}  // namespace duet::codec
