#include "engine/version_cache.h"

#include <utility>

namespace duet::engine {

bool VersionCache::is_duplicate(const std::string& event_id, const std::string& sfid) const {
  if (event_id.empty()) return false;
  const std::string name = event_id + sfid;
  return staged_.events.contains(name) || young_.events.contains(name) || old_.events.contains(name);
}

bool VersionCache::follows(const std::string& sfid, TimeMs stamp) const {
  for (const Generation* generation : {&staged_, &young_, &old_}) {
    if (auto found = generation->stamps.find(sfid); found != generation->stamps.end()) return found->second == stamp;
  }
  return false;
}

void VersionCache::note(const std::string& sfid, TimeMs stamp, const std::string& event_id) {
  if (stamp != 0) staged_.stamps[sfid] = stamp;
  if (!event_id.empty()) staged_.events.insert(event_id + sfid);
}

void VersionCache::commit() {
  for (auto& [sfid, stamp] : staged_.stamps) young_.stamps[sfid] = stamp;
  young_.events.merge(staged_.events);
  staged_ = {};
  if (young_.stamps.size() < limit_ && young_.events.size() < limit_) return;
  old_ = std::exchange(young_, {});
}

void VersionCache::clear() {
  staged_ = {};
  young_ = {};
  old_ = {};
}

}  // namespace duet::engine
