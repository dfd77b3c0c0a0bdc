#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/issue.h"
#include "postgres/session.h"

namespace duet::postgres {

/// An issue as people see it (design §7).
struct StoredIssue {
  std::int64_t id = 0;
  Issue issue;
  std::string object;  ///< empty for an issue of the connection
  std::string table;
  std::optional<std::int64_t> record_id;
  std::string sfid;
  std::string external_id;
  TimeMs created_at = 0;
  TimeMs updated_at = 0;
  int occurrences = 1;
};

struct IssueFilter {
  std::string state = {};      ///< empty: any
  std::string object = {};     ///< empty: any
  std::string kind = {};       ///< empty: any
  std::string sfid = {};       ///< empty: any
  std::int64_t before_id = 0;  ///< for the next page: the smallest id of the page before; 0: from the newest
  std::size_t limit = 100;
};

/// Reads and decides issues of one connection. One thread at a time.
class IssueStore {
 public:
  IssueStore(Session& session, int connection_id) : session_(session), connection_id_(connection_id) {}

  /// Newest first.
  Result<std::vector<StoredIssue>> list(const IssueFilter& filter);
  Result<std::optional<StoredIssue>> find(std::int64_t id);
  /// How many issues are open.
  Result<long> open_count();
  /// False when the issue is not there or not in state `from` any more.
  Result<bool> set_state(std::int64_t id, const std::string& from, const std::string& to);

 private:
  Session& session_;
  int connection_id_;
};

}  // namespace duet::postgres
