#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/query.h"
#include "orgsim/server/org_host.h"

namespace orgsim {

enum class BulkJobState : std::uint8_t { upload_complete, in_progress, job_complete, aborted, failed };

/// One Bulk API 2.0 query job. The result is the snapshot of its creation. Guarded by the org's access.
struct BulkQueryJob {
  std::string id;  ///< "750…"
  std::string object;
  std::string user_id;
  std::string version;
  bool query_all = false;
  char delimiter = ',';
  std::string delimiter_name = "COMMA";
  bool crlf = false;
  BulkJobState state = BulkJobState::upload_complete;
  std::int64_t created_ms = 0;
  std::int64_t changed_ms = 0;
  std::shared_ptr<Org> org;
  QueryCursor cursor;
  std::vector<std::string> header;
};

/// The query jobs of the org, at most kJobsMax of them with at most kRowsMax rows (a row takes four bytes); the oldest
/// go, as after the org's seven days. Safe from several threads; take it with the org's access held.
class BulkQueryJobs {
 public:
  static constexpr std::size_t kJobsMax = 1'000;
  static constexpr std::uint64_t kRowsMax = 200'000'000;

  /// Gives the job its id.
  std::shared_ptr<BulkQueryJob> add(BulkQueryJob job);
  std::shared_ptr<BulkQueryJob> find(std::string_view id);
  bool remove(std::string_view id);
  /// Oldest first.
  std::vector<std::shared_ptr<BulkQueryJob>> list();

 private:
  std::mutex mutex_;
  std::uint64_t next_ = 1;
  std::uint64_t rows_ = 0;
  std::map<std::string, std::shared_ptr<BulkQueryJob>, std::less<>> jobs_;
};

}  // namespace orgsim
