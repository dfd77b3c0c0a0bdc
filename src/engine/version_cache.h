#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/time.h"

namespace duet::engine {

/// Remembers the newest events per record, so that duplicates are dropped and a second event of the same second is
/// known to be newer. Losing it costs reads, never correctness. Bounded: two generations, the older is dropped when the
/// younger is full. One thread.
class VersionCache {
 public:
  explicit VersionCache(std::size_t records_per_generation = 50'000) : limit_(records_per_generation) {}

  /// Whether this event of this record was noted before.
  bool is_duplicate(const std::string& event_id, const std::string& sfid) const;
  /// Whether the newest event noted for the record has this stamp.
  bool follows(const std::string& sfid, TimeMs stamp) const;

  /// Stamp 0: the event made no version. Notes become valid at commit(), and are forgotten by roll_back().
  void note(const std::string& sfid, TimeMs stamp, const std::string& event_id);
  void commit();
  void roll_back() { staged_ = {}; }
  void clear();

 private:
  struct Generation {
    std::unordered_map<std::string, TimeMs> stamps;
    std::unordered_set<std::string> events;  ///< event id and sfid
  };

  std::size_t limit_;
  Generation staged_;
  Generation young_;
  Generation old_;
};

}  // namespace duet::engine
