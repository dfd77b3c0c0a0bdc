#include "model/issue.h"

namespace duet {

std::string_view name_of(Side side) { return side == Side::salesforce ? "salesforce" : "postgres"; }

std::string_view name_of(JournalReason reason) {
  switch (reason) {
    case JournalReason::conflict:
      return "conflict";
    case JournalReason::late_conflict:
      return "late_conflict";
    case JournalReason::overwritten_by_automation:
      return "overwritten_by_automation";
    case JournalReason::rejected:
      return "rejected";
    case JournalReason::delete_conflict:
      return "delete_conflict";
    case JournalReason::deleted:
      return "deleted";
    case JournalReason::superseded:
      return "superseded";
    case JournalReason::reverted:
      return "reverted";
    case JournalReason::resolved:
      return "resolved";
    case JournalReason::merge:
      break;
  }
  return "merge";
}

}  // namespace duet
