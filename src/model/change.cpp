#include "model/change.h"

namespace duet {

std::string_view name_of(EventKind kind) {
  switch (kind) {
    case EventKind::create:
      return "create";
    case EventKind::update:
      return "update";
    case EventKind::remove:
      return "delete";
    case EventKind::undelete:
      return "undelete";
    case EventKind::gap:
      return "gap";
    case EventKind::gap_overflow:
      break;
  }
  return "gap_overflow";
}

}  // namespace duet
