#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/mapping.h"

namespace duet::postgres {

/// A mapping as duet.mapping keeps it, with the schema of its fields. Reading gives back an equal mapping, but for its
/// id.
std::string mapping_to_json(const Mapping& mapping);
/// `bad_data` when it is no mapping.
Result<Mapping> mapping_from_json(std::string_view text);

}  // namespace duet::postgres
