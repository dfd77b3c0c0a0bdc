#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "rules/context.h"

namespace duet::rules {

// Conflicts that are found when an attempt settles (design §5 rule 4): what our write covered without anybody here
// having seen it. Shared by the settlement by events and by reads.

Remote remote_of(const HeldValue& held);

/// The field's held values, which leave the lane.
std::vector<HeldValue> take_held(const Turn& turn, std::string_view field);
std::span<const HeldValue> all_but_last(std::span<const HeldValue> held);

/// What happened to one field of an attempt, as the attempt's own event or a read tells it.
struct Told {
  const MappedField* field = nullptr;
  SentField sent;
  Value org;                           ///< what the org holds after our write
  const HeldValue* covered = nullptr;  ///< what our write covered unseen
  bool order_known = true;             ///< false: `covered` may as well have come later, or long before
  bool edited = true;                  ///< false: sent only because its group was
  bool kept() const;                   ///< the org holds what we sent
};

/// Whether our write covered a value that nobody on our side had seen.
bool is_covered(const MappedField& field, const SentField& sent, const HeldValue& held);

enum class Late { none, ours, theirs, merged, held };

/// A conflict found late on fields that win or lose together is decided by their policy. Where the org's side wins, it
/// is written forward. `after` are the attempts behind the one that settles.
Late decide_late(const Turn& turn, const std::vector<Told>& unit, std::span<const Attempt> after);

/// Our value went out and the org's automation put another in its place.
void journal_sent(const Turn& turn, const Attempt& attempt, const MappedField& field, const SentField& sent,
                  const Value& kept, const Remote& remote);
void journal_late(const Turn& turn, const Told& told, Side winner, std::string_view rule);

/// The order of our write among the held values is not known: any of them may have been covered by it unseen, so each
/// that is not the org's value now is kept in the journal.
void journal_possibly_covered(const Turn& turn, const MappedField& field, const SentField& sent,
                              std::span<const HeldValue> held, const Value& current);

}  // namespace duet::rules
