#include "orgsim/server/query_cursors.h"

#include <algorithm>

#include "orgsim/core/ids.h"

namespace orgsim {

std::shared_ptr<OpenQuery> QueryCursors::add(const std::string& user_id, std::shared_ptr<Org> org, QueryCursor cursor,
                                             std::size_t batch_size, std::int64_t now_ms) {
  const std::scoped_lock lock(mutex_);
  const auto is_users = [&](const auto& query) { return query->user_id == user_id; };
  if (static_cast<std::size_t>(std::count_if(open_.begin(), open_.end(), is_users)) >= kPerUserMax) {
    open_.erase(std::find_if(open_.begin(), open_.end(), is_users));
  }
  open_.push_back(std::make_shared<OpenQuery>(OpenQuery{.id = make_id("01g", next_++),
                                                        .user_id = user_id,
                                                        .org = std::move(org),
                                                        .cursor = std::move(cursor),
                                                        .batch_size = batch_size,
                                                        .used_ms = now_ms}));
  return open_.back();
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
