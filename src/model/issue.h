#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/value.h"

namespace duet {

enum class Side { salesforce, postgres };

std::string_view name_of(Side side);

/// Why a value did not stand.
enum class JournalReason {
  conflict,
  late_conflict,
  overwritten_by_automation,
  rejected,
  delete_conflict,
  deleted,
  superseded,
  merge,
  reverted,  ///< a person took a decision back
  resolved   ///< a person chose
};

std::string_view name_of(JournalReason reason);

/// One value that lost, was rejected or was reverted (design §1). Written in the transaction of the decision.
struct JournalEntry {
  JournalReason reason = JournalReason::conflict;
  std::string field;  ///< empty when the entry is about the whole row
  Value base;         ///< Absent when it cannot be known
  Value lost;
  Value kept;
  Side lost_side = Side::postgres;
  std::string rule;  ///< what decided: `newest`, `salesforce`, `postgres`, `automation`, an error code
  /// Who wrote the value that was kept, as far as it is known: a Salesforce user's Id, with ` via CLIENT` where the
  /// event names one; for a person's decision `duet:NAME`.
  std::string actor;
  std::string lost_actor;
  TimeMs lost_at = 0;
  TimeMs kept_at = 0;
  std::string attempt;     ///< token of the attempt that carried the value, if any
  bool whole_row = false;  ///< the store adds the row as it stands before the change, all columns and `id` included
};

struct IssueField {
  std::string name;
  Value base;
  Value salesforce;
  Value postgres;
  std::string chosen;  ///< `salesforce`, `postgres` or empty
};

/// Something that a person may want to act on (design §7, "An issue in JSON").
struct Issue {
  std::string kind;   ///< conflict | rejected | unknown | schema | breaker | unreadable
  std::string state;  ///< open | decided
  std::string message;
  std::string code;
  std::string rule;
  std::vector<IssueField> fields;
  std::string attempt;           ///< token of the attempt that carried the Postgres side's values, if any
  std::string salesforce_actor;  ///< as JournalEntry::actor
  TimeMs salesforce_at = 0;      ///< when that side's value was written, its own clock; 0 when it is not known
  TimeMs postgres_at = 0;
};

}  // namespace duet
