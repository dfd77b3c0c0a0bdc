#include "orgsim/server/recent_items.h"

namespace orgsim {

void RecentItems::note(const std::string& user_id, const std::string& object, const std::string& id) {
  const std::scoped_lock lock(mutex_);
  std::deque<Item>& items = by_user_[user_id];
  std::erase_if(items, [&id](const Item& item) { return item.id == id; });
  items.push_front({.object = object, .id = id});
  if (items.size() > kPerUserMax) items.pop_back();
}

std::vector<RecentItems::Item> RecentItems::of(const std::string& user_id) const {
  const std::scoped_lock lock(mutex_);
  const auto found = by_user_.find(user_id);
  if (found == by_user_.end()) return {};
  return {found->second.begin(), found->second.end()};
}

}  // namespace orgsim
