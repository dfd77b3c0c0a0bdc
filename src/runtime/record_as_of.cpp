#include "runtime/record_as_of.h"

#include <fmt/format.h>

namespace duet::runtime {
namespace {

/// The latest that speaks of the time from before it, and the earliest from after it.
struct Around {
  const Snapshot* before = nullptr;
  const Snapshot* after = nullptr;
};

Around around(const std::vector<Snapshot>& snapshots, TimeMs at) {
  Around found;
  for (const Snapshot& snapshot : snapshots) {
    if (snapshot.after && snapshot.at <= at && (!found.before || snapshot.at >= found.before->at))
      found.before = &snapshot;
    if (!snapshot.after && snapshot.at > at && (!found.after || snapshot.at < found.after->at)) found.after = &snapshot;
  }
  return found;
}

}  // namespace

RecordAsOf record_as_of(const std::vector<Snapshot>& snapshots, TimeMs at) {
  const Around known = around(snapshots, at);
  RecordAsOf result;
  if (!known.before && !known.after) {
    result.not_known.emplace_back("Nothing was written down about the record around that time.");
    return result;
  }
  const Snapshot& taken = known.before ? *known.before : *known.after;
  result.exists = taken.exists;
  result.values = taken.values;
  result.known_from = taken.at;
  if (!known.before) {
    result.not_known.push_back(
        fmt::format("Nothing is known from before that time: these are the values right before a change at {}. What "
                    "Salesforce changed between is in them.",
                    format_timestamp(taken.at)));
    return result;
  }
  if (!known.after) return result;
  if (known.before->exists != known.after->exists) {
    result.exists.reset();
    result.not_known.push_back(fmt::format("The record {} at an unknown time between {} and {}.",
                                           known.after->exists ? "came" : "went", format_timestamp(known.before->at),
                                           format_timestamp(known.after->at)));
    return result;
  }
  for (const auto& [name, value] : known.after->values) {
    const Value& then = value_of(known.before->values, name);
    if (then == value || is_absent(then)) continue;
    result.not_known.push_back(fmt::format("{}: Salesforce changed it at an unknown time between {} and {}.", name,
                                           format_timestamp(known.before->at), format_timestamp(known.after->at)));
  }
  return result;
}

}  // namespace duet::runtime
