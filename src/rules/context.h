#pragma once

#include <optional>
#include <string>

#include "base/time.h"
#include "model/mapping.h"
#include "model/record.h"

namespace duet::rules {

/// What the rules need to know beside the record: time and identity are arguments, never looked up.
struct Context {
  const Mapping& mapping;
  std::string our_user;         ///< 18 characters: whose commits are ours
  TimeMs now = 0;               ///< local clock
  TimeMs database_now = 0;      ///< database clock
  TimeMs offset_ms = 0;         ///< org clock minus database clock
  TimeMs uncertainty_ms = 0;    ///< how far offset_ms may be wrong
  TimeMs request_limit_ms = 0;  ///< how long the org may still run a request whose answer was lost
  TimeMs tombstone_ms = 0;
  TimeMs duplicate_wait_ms = 0;
  TimeMs retry_ms = 0;  ///< back-off for the next try of a lane that may be tried again
  int rounds_before_issue = 3;
  bool hold_deletes = false;  ///< the mass-change breaker is open
};

/// One record's turn in a transaction: what was read, and what will be written. The rules change both together.
struct Turn {
  Record& record;
  RecordChange& change;
  const Context& context;

  Lane& lane() const { return record.lane; }
  const Mapping& mapping() const { return context.mapping; }
};

/// Where a remote value comes from.
struct Remote {
  TimeInterval changed_at;  ///< org clock
  std::string actor;
  bool certain = true;  ///< see HeldValue
  bool own = false;     ///< see HeldValue
  /// Of a delete: see RecordRead.
  std::optional<std::string> merged_into = {};
};

}  // namespace duet::rules
