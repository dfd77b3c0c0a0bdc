#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "orgsim/core/query.h"
#include "orgsim/server/bulk_dialect.h"
#include "orgsim/server/bulk_job_store.h"
#include "orgsim/server/org_host.h"

namespace orgsim {

/// One Bulk API 2.0 query job. The result is the snapshot of its creation; its state follows the machine's clock when
/// somebody looks. Guarded by the org's access.
struct BulkQueryJob {
  /// Rows that the results of all jobs together may have; a row takes four bytes.
  static constexpr std::uint64_t kWeightMax = 200'000'000;

  std::string id;  ///< "750…"
  std::string object;
  std::string user_id;
  std::string version;
  bool query_all = false;
  BulkDialect dialect;
  BulkJobState state = BulkJobState::upload_complete;
  std::int64_t created_ms = 0;
  std::int64_t changed_ms = 0;
  std::int64_t queued_ms = 0;  ///< on the machine's clock
  std::string message;         ///< why it failed
  std::shared_ptr<Org> org;
  QueryCursor cursor;
  std::vector<std::string> header;

  [[nodiscard]] std::uint64_t weight() const { return cursor.total_size(); }
};

/// API_ERROR for queries that the Bulk APIs do not take: compound fields, aggregates, sub-queries (spec §3.2).
[[nodiscard]] Outcome<void> check_bulk_query(const QueryCursor& cursor);

using BulkQueryJobs = BulkJobStore<BulkQueryJob>;

}  // namespace orgsim
