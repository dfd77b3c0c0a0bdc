#include "engine/connection.h"

#include <algorithm>

namespace duet::engine {

const Mapping* Connection::find(std::string_view object) const {
  auto found = std::ranges::find_if(
      mappings, [&](const Mapping& mapping) { return equals_ignoring_case(mapping.object, object); });
  return found == mappings.end() ? nullptr : &*found;
}

}  // namespace duet::engine
