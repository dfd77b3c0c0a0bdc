#pragma once

#include <optional>

#include "model/change.h"
#include "rules/context.h"

namespace duet::rules {

struct EventFacts {
  /// The row's version is known to come from an earlier event of the stream, so that an event of the same second is
  /// newer.
  bool follows = false;
};

/// One event of the stream meets the record (design §5 rules 1, 3, 4, 6, 10, 13).
void on_event(const Turn& turn, const ChangeEvent& event, const std::string& sfid, const EventFacts& facts);

/// The event cannot be applied to the row now (it is locked, or the database refuses it): what attempts wait for is
/// held in the lane, and the record is dirty. Touches no row.
void hold_event(const Turn& turn, const ChangeEvent& event, std::string_view reason);

/// Evidence where no external id is (design §5 rule 9): whether the event tells that the org carried out this create,
/// and whether a record holds what it sent. Two creates of equal values are the same to both.
bool tells_of_create(const Mapping& mapping, const Attempt& attempt, const ChangeEvent& event);
bool holds_what_was_sent(const Mapping& mapping, const Attempt& attempt, const RecordRead& read);

/// The attempt whose own event this is: by token, else by our user and equal values. Nothing when it is not ours.
std::optional<std::size_t> own_attempt(const Turn& turn, const ChangeEvent& event);

}  // namespace duet::rules
