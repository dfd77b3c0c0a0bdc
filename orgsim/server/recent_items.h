#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace orgsim {

/// The records that each user has used last, newest first: what "Sforce-Mru: updateMru=true" notes. Safe from several
/// threads.
class RecentItems {
 public:
  static constexpr std::size_t kPerUserMax = 200;

  struct Item {
    std::string object;
    std::string id;
  };

  void note(const std::string& user_id, const std::string& object, const std::string& id);
  std::vector<Item> of(const std::string& user_id) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::deque<Item>> by_user_;
};

}  // namespace orgsim
