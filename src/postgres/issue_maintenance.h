#pragma once

#include <string>

#include "base/result.h"
#include "postgres/session.h"

namespace duet::postgres {

struct IssueRetention {
  int connection_id = 0;
  int journal_days = 90;  ///< 0: for ever
  int issue_days = 90;    ///< of closed issues; 0: for ever
};

/// One round of housekeeping of a connection's issues and journal: a refused write is superseded once a later write of
/// all its fields was accepted; what is older than its retention goes, at most 10,000 rows of each.
Result<void> maintain_issues(Session& session, const std::string& schema, const IssueRetention& retention);

}  // namespace duet::postgres
