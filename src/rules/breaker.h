#pragma once

#include "model/breaker.h"
#include "model/issue.h"
#include "model/mapping.h"
#include "rules/context.h"

namespace duet::rules {

/// More deletes than this in a window are held as one issue, TRUNCATE included (spec/reliability.md §2.3 28, 29).
struct DeleteLimit {
  long most = 1'000;  ///< 0: no limit
  TimeMs window_ms = 600'000;
};

inline constexpr std::string_view kMassDelete = "MASS_DELETE";

/// Whether `waiting` deletes more would be too many in the window, which begins anew when it is over. A closed breaker
/// trips then.
bool trip(Breaker& breaker, long waiting, const DeleteLimit& limit, TimeMs now);

/// The issue of a tripped breaker. `waiting` is what was found so far.
Issue breaker_issue(const Mapping& mapping, long waiting, const DeleteLimit& limit);

/// Whether the record's turn would send a delete that nobody has approved.
bool asks_for_delete(const Record& record);

/// The held delete may go out.
void approve_delete(const Turn& turn);

/// The held delete is taken back: the row returns under its old `id` and is read whole. The delete is journalled.
void discard_delete(const Turn& turn);

}  // namespace duet::rules
