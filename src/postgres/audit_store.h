#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "postgres/session.h"

namespace duet::postgres {

struct AuditEntry {
  std::optional<int> connection_id = {};
  std::string actor = {};
  std::string role = {};  ///< empty: not known
  std::string via = {};   ///< session | token | cli
  std::string action = {};
  std::string target = {};  ///< empty: none
  std::string detail = {};  ///< a JSON object
  std::string outcome = {};
};

struct StoredAuditEntry {
  std::int64_t id = 0;
  TimeMs at = 0;
  AuditEntry entry;
  std::string hash;  ///< hex
};

struct AuditFilter {
  std::optional<int> connection_id = {};  ///< entries of other connections are left out
  std::string actor = {};                 ///< empty: any
  std::string action = {};                ///< a prefix
  std::string target = {};                ///< empty: any
  TimeMs since = 0;
  std::int64_t before_id = 0;
  std::size_t limit = 100;
};

/// The statement that adds an entry, for the transaction of the action. Writers of the log wait for each other until
/// they commit: it is the last statement.
Statement audit_statement(const AuditEntry& entry);

/// Newest first.
Result<std::vector<StoredAuditEntry>> list_audit(Session& session, const AuditFilter& filter);

/// The first entry that was changed, or that follows one that was removed.
Result<std::optional<std::int64_t>> find_broken_audit(Session& session);

}  // namespace duet::postgres
