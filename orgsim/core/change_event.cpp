#include "orgsim/core/change_event.h"

#include <array>

namespace orgsim {

std::string_view change_type_name(ChangeType type) {
  constexpr std::array<std::string_view, 10> kNames = {"CREATE",       "UPDATE",     "DELETE",     "UNDELETE",
                                                       "GAP_CREATE",   "GAP_UPDATE", "GAP_DELETE", "GAP_UNDELETE",
                                                       "GAP_OVERFLOW", "SNAPSHOT"};
  return kNames[static_cast<std::size_t>(type)];
}

}  // namespace orgsim
