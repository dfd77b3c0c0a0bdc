#pragma once

#include <map>
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
  TimeMs closed_at = 0;   ///< 0: not closed
  std::string closed_by;  ///< empty: by Duet itself
  std::string outcome;
};

struct IssueFilter {
  std::string state = {};   ///< empty: any
  std::string object = {};  ///< empty: any
  std::string kind = {};    ///< empty: any
  std::string sfid = {};    ///< empty: any
  std::optional<std::int64_t> record_id = {};
  std::string code = {};  ///< empty: any
  /// Issues that name the field; empty: any.
  std::string field = {};
  std::string rule = {};  ///< empty: any
  /// In the message, the Id or the external id, any case; empty: any.
  std::string text = {};
  /// Only these, unless empty.
  std::vector<std::int64_t> ids = {};
  std::int64_t before_id = 0;  ///< for the next page: the smallest id of the page before; 0: from the newest
  std::size_t limit = 100;
};

/// Issues of one root cause: what one action may settle together.
struct IssueGroup {
  std::string kind;
  std::string code;
  std::string field;  ///< empty: they name several fields, or none
  std::string rule;
  std::vector<std::string> objects;
  long count = 0;
  long records = 0;
  TimeMs first_at = 0;
  TimeMs last_at = 0;
  std::int64_t newest_id = 0;
  std::string message;  ///< of the newest
};

struct IssueCount {
  std::string kind;
  std::string state;
  long count = 0;
};

struct IssueClosing {
  std::string state;
  std::string by;  ///< empty: Duet itself
  std::string outcome;
  std::map<std::string, std::string> chosen = {};  ///< by field, where something was chosen
};

/// Reads and decides issues of one connection. One thread at a time.
class IssueStore {
 public:
  IssueStore(Session& session, int connection_id) : session_(session), connection_id_(connection_id) {}

  /// Newest first.
  Result<std::vector<StoredIssue>> list(const IssueFilter& filter);
  Result<std::optional<StoredIssue>> find(std::int64_t id);
  /// How many match, counted up to `most`; paging is left out.
  Result<long> count(const IssueFilter& filter, long most);
  /// The largest groups first, at most `filter.limit`.
  Result<std::vector<IssueGroup>> groups(const IssueFilter& filter);
  /// The issue under a lock until the end of the transaction.
  Result<std::optional<StoredIssue>> lock(std::int64_t id);
  /// Closes an issue; false when it is not there or in another state than `from` by now (empty: any).
  Result<bool> close(std::int64_t id, const std::string& from, const IssueClosing& closing);
  /// How many match, by kind and state; paging is left out.
  Result<std::vector<IssueCount>> counts(const IssueFilter& filter);
  /// How many issues are open.
  Result<long> open_count();
  /// False when the issue is not there or not in state `from` any more.
  Result<bool> set_state(std::int64_t id, const std::string& from, const std::string& to);

 private:
  Session& session_;
  int connection_id_;
};

}  // namespace duet::postgres
