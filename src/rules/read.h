#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "model/change.h"
#include "rules/context.h"

namespace duet::rules {

enum class ReadVerdict {
  applied,  ///< the record is what the read said, merged with what is pending
  old,      ///< the record is newer: nothing to do
  again,    ///< the read cannot be believed: the record stays or became dirty
};

/// Without a stream a version must be older than its own second when it is read: a later write in that second would
/// have the same stamp, and If-Unmodified-Since could not see it (design §5 rule 5).
inline constexpr TimeMs kVersionAgeMs = 2'000;

/// Whether the read, begun at `began_at` (org clock), must be made again after kVersionAgeMs.
bool too_young(const Mapping& mapping, const RecordRead& read, TimeMs began_at);

/// A page of a poll, a load or a verify gave the record unasked (design §5 rule 6). Attempts that are not settled, the
/// same second with another value, and deletes that are not settled make it dirty instead.
ReadVerdict on_page_read(const Turn& turn, const RecordRead& read);

/// The record was read back on purpose. `revision` is the lane's when the read began; another one now means that the
/// read is too old. Every attempt must be readable().
ReadVerdict on_read_back(const Turn& turn, const RecordRead& read, std::int64_t revision);

/// A create whose answer was lost was looked up by its key and is not in the org: it may be sent again.
ReadVerdict on_key_missing(const Turn& turn, std::int64_t revision);

/// The key that the app chose belongs to a record of the org: the row becomes its row, and both merge as inserts of one
/// record (rule 9).
void on_key_taken(const Turn& turn, const RecordRead& read);

/// Several records of the org share the row's key: nothing is sent until a person decides which one it is (rule 8).
void park_ambiguous(const Turn& turn, std::span<const RecordRead* const> candidates);

/// Whether a read that begins now may settle the lane: nothing in flight, the stream has passed every attempt, and the
/// org can no longer be running an unknown one (rules 3 and 7). `passed_until` is on the local clock.
bool readable(const Lane& lane, TimeMs now, TimeMs passed_until, TimeMs request_limit_ms);

}  // namespace duet::rules
