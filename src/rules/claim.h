#pragma once

#include <optional>
#include <string>

#include "rules/context.h"

namespace duet::rules {

/// Names for what a claim may need: both are random and unique.
struct ClaimNames {
  std::string token;
  std::string key;  ///< for a row that has no external id; cut to the field's length
};

/// Turns the record's pending changes into an attempt in state `sent`, or into nothing when there is nothing to send or
/// the lane must wait (something in flight or unknown, dirty, parked, not yet due). What is sent is the row's value now
/// (design §5 rules 8, 9, 11). Returns the attempt in the lane; valid until the lane changes.
const Attempt* claim(const Turn& turn, const ClaimNames& names);

/// Whether the attempt goes out as a single PATCH with If-Unmodified-Since: always on objects without change events,
/// where an overwritten value would leave no trace, else where the org's side has moved the record within the last
/// seconds; not where the policy gives the app the last word (design §5 rule 5, G1). Decided by claim().
bool conditional(const Mapping& mapping, const Attempt& attempt);

/// A create whose key the app chose must be looked up in the org before it is claimed. The key, or empty when none is
/// needed.
std::string key_to_look_up(const Record& record, const Mapping& mapping);

/// The look-up found no such record: the key may be claimed.
void on_key_free(const Turn& turn);

/// Puts an attempt that the org did not apply back into the lane's pending changes, with the bases it had, and removes
/// it.
void requeue(const Turn& turn, const std::string& token);

}  // namespace duet::rules
