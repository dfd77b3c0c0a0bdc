#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/value.h"
#include "postgres/session.h"

namespace duet::postgres {

/// A journal entry as people see it.
struct StoredJournalEntry {
  std::int64_t id = 0;
  TimeMs created_at = 0;
  std::string object;
  std::optional<std::int64_t> record_id;
  std::string sfid;
  std::string external_id;
  std::string reason;  ///< name_of(JournalReason)
  std::string field;   ///< empty for a whole row
  Value base;
  Value lost;
  Value kept;
  std::string lost_side;  ///< `salesforce` or `postgres`
  std::string rule;
  std::string actor;
  std::string lost_actor;
  TimeMs lost_at = 0;
  TimeMs kept_at = 0;
  std::string attempt;
  std::string row_before;  ///< JSON of a whole row, all columns included
};

struct JournalFilter {
  std::string object = {};  ///< empty: any
  std::string sfid = {};    ///< empty: any
  std::optional<std::int64_t> record_id = {};
  std::string field = {};                 ///< empty: any
  std::vector<std::string> reasons = {};  ///< empty: any
  TimeMs since = 0;                       ///< 0: any time
  std::int64_t before_id = 0;             ///< for the next page: the smallest id of the page before; 0: from the newest
  std::size_t limit = 100;
};

/// Reads the journal of one connection. One thread at a time.
class JournalStore {
 public:
  JournalStore(Session& session, int connection_id) : session_(session), connection_id_(connection_id) {}

  /// Newest first.
  Result<std::vector<StoredJournalEntry>> list(const JournalFilter& filter);
  Result<std::optional<StoredJournalEntry>> find(std::int64_t id);

 private:
  Session& session_;
  int connection_id_;
};

}  // namespace duet::postgres
