#pragma once

#include <memory>
#include <string>

#include "ports/bulk.h"
#include "salesforce/rest_client.h"
#include "salesforce/session.h"

namespace duet::salesforce {

/// Rows of one job, at most: well below the org's 150 MB, so that an upload may be held in memory.
inline constexpr std::size_t kMaxJobBytes = 16 * 1024 * 1024;
/// More would not be cheaper: results are read as a whole.
inline constexpr std::size_t kMaxJobRecords = 100'000;

/// Bulk API 2.0 ingest jobs (spec/salesforce-api.md §3.1).
class RestBulk final : public ports::Bulk {
 public:
  explicit RestBulk(std::shared_ptr<Session> session) : client_(std::move(session)) {}

  Result<std::unique_ptr<ports::JobUpload>> open(const Mapping& mapping, AttemptKind kind,
                                                 const std::string& token) override;
  Result<void> start(const std::string& job_id) override;
  Result<void> abort(const std::string& job_id) override;
  Result<ports::JobStatus> status(const std::string& job_id) override;
  Result<std::unique_ptr<ports::JobResults>> results(const Mapping& mapping, AttemptKind kind,
                                                     const std::string& job_id) override;

 private:
  Result<void> set_state(const std::string& job_id, std::string_view state);

  RestClient client_;
};

}  // namespace duet::salesforce
