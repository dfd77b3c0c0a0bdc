#include "orgsim/server/query_cursors.h"

#include <algorithm>

#include "orgsim/core/ids.h"

namespace orgsim {

void QueryCursors::add(std::shared_ptr<OpenQuery> query, std::int64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  const auto is_alike = [&](const auto& other) {
    return other->user_id == query->user_id && other->is_child == query->is_child;
  };
  const std::size_t most = query->is_child ? kChildrenMax : kPerUserMax;
  if (static_cast<std::size_t>(std::count_if(open_.begin(), open_.end(), is_alike)) >= most) {
    open_.erase(std::find_if(open_.begin(), open_.end(), is_alike));
  }
  query->id = make_id("01g", next_++);
  query->used_ms = now_ms;
  open_.push_back(std::move(query));
}

std::shared_ptr<OpenQuery> QueryCursors::find(std::string_view id, const std::string& user_id, std::int64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(open_, [&](const auto& query) { return now_ms - query->used_ms > kIdleMs; });
  for (const auto& query : open_) {
    if (query->id == id && query->user_id == user_id) {
      query->used_ms = now_ms;
      return query;
    }
  }
  return nullptr;
}

}  // namespace orgsim
