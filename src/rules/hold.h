#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rules/context.h"

namespace duet::rules {

/// Code of the one open issue that has all frozen fields of a record, and of that of a frozen delete.
inline constexpr const char* kHeldCode = "HELD";
inline constexpr const char* kHeldDeleteCode = "HELD_DELETE";

bool is_frozen(const Lane& lane, std::string_view field);

/// The field's conflict waits for a person (policy `hold`): what is pending on it goes no further. tell_held() must
/// follow.
void freeze(const Turn& turn, const MappedField& field, FrozenField frozen);

/// The org's side moved a frozen field: the issue is brought up to date, or the conflict is over because both sides
/// agree again or one took its change back.
void meet_frozen(const Turn& turn, const MappedField& field, const Value& value, const Remote& remote);

/// meet_frozen() for one member of a group of several: reconsider() follows when all of them are noted.
void note_frozen(const Turn& turn, const MappedField& field, const Value& value, const Remote& remote);

/// Ends the conflict of a frozen field and its group where it is none any more; tells the issue.
void reconsider(const Turn& turn, const MappedField& field);

/// A write of ours covered `value` on a frozen field unseen, and the org holds `org` now. reconsider() must follow.
void cover_frozen(const Turn& turn, const MappedField& field, const Value& value, const Value& org,
                  const Remote& remote);

/// The app changed a frozen field in the row: as meet_frozen().
void edit_frozen(const Turn& turn, const MappedField& field, const TimeInterval& changed_at);

/// Ends the freeze with `value` on both sides: in the row now, out to the org as a forward write where it holds
/// another. tell_held() must follow.
void thaw(const Turn& turn, const MappedField& field, const Value& value);

/// The record goes, or goes out anew: its frozen fields are let go, and their issue is settled. What only the frozen
/// fields still had of the org's side is journalled.
void forget_frozen(const Turn& turn, std::string_view rule);

/// Brings the issue of the record's frozen fields up to date, or settles it when none is left.
void tell_held(const Turn& turn);

}  // namespace duet::rules
