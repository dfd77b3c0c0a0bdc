#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "orgsim/server/bulk_job_store.h"
#include "orgsim/server/bulk_load.h"
#include "orgsim/server/http_message.h"

namespace orgsim {

/// One Bulk API 2.0 ingest job (spec §3.1). Its state is the load's. Guarded by the org's access.
struct BulkIngestJob {
  /// Bytes of uploads that all jobs together may hold.
  static constexpr std::uint64_t kWeightMax = std::uint64_t{2} << 30;

  std::string id;           ///< "750…"
  std::string operation;    ///< as the API spells it
  std::string external_id;  ///< externalIdFieldName as given, or empty
  std::string assignment_rule;
  std::string version;
  BulkDialect dialect;
  int uploads = 0;
  std::shared_ptr<BulkLoad> load;

  [[nodiscard]] std::uint64_t weight() const {
    return load->data->size() + load->outcomes.capacity() * sizeof(BulkOutcome);
  }
};

using BulkIngestJobs = BulkJobStore<BulkIngestJob>;

/// The operation by its name in the Bulk APIs; INVALIDOPERATION for what is none.
[[nodiscard]] Outcome<Operation> read_bulk_operation(std::string_view name);

/// Checks object and key of a load and takes them in declared case: INVALIDENTITY, INVALIDJOB.
[[nodiscard]] Outcome<void> read_bulk_target(const Schema& schema, std::string_view object,
                                             std::string_view external_id, BulkLoad& load);

enum class BulkResultKind : std::uint8_t { successful, failed, unprocessed };

/// The job's rows of that kind as streamed CSV. A job without a header has an empty result.
[[nodiscard]] HttpResponse bulk_results(OrgHost& host, const BulkIngestJob& job, BulkResultKind kind);

}  // namespace orgsim
