#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"
#include "postgres/session.h"

namespace duet::postgres {

struct LogMaintenance {
  std::int64_t requeued = 0;  ///< archived rows that an app marked REQUEUE, copied back as NEW
  std::int64_t ignored =
      0;  ///< IGNORE rows that became IGNORED; their rows are SYNCED again where nothing else is pending
  std::int64_t archived = 0;  ///< processed rows moved to the archive
  std::int64_t purged = 0;    ///< archived rows whose time is over
};

struct LogRetention {
  TimeMs archive_after_ms = 60'000;
  TimeMs archive_failed_after_ms = kMsPerDay;  ///< apps retry FAILED rows where they are
  TimeMs purge_after_ms = 30 * kMsPerDay;      ///< of the archive (spec/heroku-connect.md §2.4)
  std::size_t batch = 10'000;
};

/// One round of housekeeping of a schema's trigger log (spec/heroku-connect.md §2.3, §2.4). Needs an engine session.
/// Each part is a transaction of its own, of at most `batch` rows.
Result<LogMaintenance> maintain_log(Session& session, const std::string& schema, const LogRetention& retention);

}  // namespace duet::postgres
