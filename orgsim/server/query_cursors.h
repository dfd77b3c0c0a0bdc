#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "orgsim/core/query.h"
#include "orgsim/server/org_host.h"

namespace orgsim {

/// A query whose later pages a client may still ask for. Guarded by the org's access.
struct OpenQuery {
  std::string id;  ///< "01g…", the first part of a nextRecordsUrl; empty until there is one
  std::string user_id;
  std::shared_ptr<Org> org;
  QueryCursor cursor;
  std::size_t batch_size = 0;
  bool is_child = false;  ///< the rows of one record's sub-query
  std::int64_t used_ms = 0;
};

/// The open query cursors of all users: at most ten a user, and kChildrenMax of sub-queries; the oldest goes, and none
/// stays after 15 idle minutes (spec §2.6). Safe from several threads; take it with the org's access held.
class QueryCursors {
 public:
  static constexpr std::size_t kPerUserMax = 10;
  static constexpr std::size_t kChildrenMax = 1'000;
  static constexpr std::int64_t kIdleMs = 15 * 60 * 1000;

  /// Gives the query its id.
  void add(std::shared_ptr<OpenQuery> query, std::int64_t now_ms);
  std::shared_ptr<OpenQuery> find(std::string_view id, const std::string& user_id, std::int64_t now_ms);

 private:
  std::mutex mutex_;
  std::uint64_t next_ = 1;
  /// Oldest first.
  std::vector<std::shared_ptr<OpenQuery>> open_;
};

}  // namespace orgsim
