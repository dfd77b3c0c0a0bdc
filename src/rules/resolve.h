#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/context.h"

namespace duet::rules {

/// What a person does about a conflict, a rejected write or a journal entry (design §5 rule 2, §7). Each function is a
/// step of a turn: lock the record, build the Turn, call, write and commit. What is written goes out as a forward write
/// and meets what the org has meanwhile like any other change. Unless the verdict is `done`, nothing was changed but
/// what the app's captured changes themselves change (write the turn all the same, or roll back).

enum class Choice { salesforce, postgres, base, value };

struct FieldChoice {
  std::string field;
  Choice choice = Choice::salesforce;
  Value value;  ///< of Choice::value
};

enum class ActionVerdict {
  done,
  stale,    ///< the record is not any more what the person saw
  refused,  ///< cannot be done at all; the message says what to do instead
  busy,     ///< the app holds the row locked: try again
};

struct ActionResult {
  ActionVerdict verdict = ActionVerdict::done;
  std::string message;  ///< for people; empty when done

  bool done() const { return verdict == ActionVerdict::done; }
};

/// Who acts, for the journal.
struct Person {
  std::string name;
};

/// `duet:NAME`.
std::string actor_of(const Person& person);

/// Decides fields of a conflict, open (held) or decided: each field of `choices` gets its value on both sides, and what
/// loses by it is journalled (`resolved`). `shown` are the issue's fields as the person saw them; a field that moved on
/// either side since makes the action stale. Held fields of one group are decided together. The issue itself is the
/// caller's: the turn only settles the issue of held fields when none is left.
ActionResult resolve(const Turn& turn, std::span<const IssueField> shown, std::span<const FieldChoice> choices,
                     const Person& person);

/// One choice for all fields of an issue.
std::vector<FieldChoice> choose_all(std::span<const IssueField> shown, Choice choice);

/// Decides a held delete against update (issue code kHeldDeleteCode): Side::salesforce keeps what the org has (deleted,
/// or changed), Side::postgres what the table has.
ActionResult resolve_delete(const Turn& turn, Side side, const Person& person);

/// Brings the value of a journal entry back on both sides. Stale when the field does not hold the entry's `kept` any
/// more; with `force` it comes back all the same, and what it replaces is journalled (`reverted`).
ActionResult revert(const Turn& turn, const JournalEntry& entry, bool force, const Person& person);

/// Sends a rejected write again, or a parked record's: the row's values as they are now. Stale when the row does not
/// hold the refused values any more (what it holds now has been sent since, or will be). `shown` may be empty for a
/// parked record.
ActionResult retry(const Turn& turn, std::span<const IssueField> shown, const Person& person);

/// Takes a rejected write back: the row gets the values that the org has.
ActionResult revert_rejected(const Turn& turn, std::span<const IssueField> shown, const Person& person);

}  // namespace duet::rules
