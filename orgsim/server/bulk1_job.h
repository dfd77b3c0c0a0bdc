#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "orgsim/core/query.h"
#include "orgsim/server/bulk_job_store.h"
#include "orgsim/server/bulk_load.h"

namespace orgsim {

/// One batch of a Bulk API 1.0 job: rows to write, or a query whose rows are a slice of a cursor's result.
/// Guarded by the org's access.
struct Bulk1Batch {
  std::string id;         ///< "751…"
  std::string result_id;  ///< "752…", of a query
  /// State, times and data of both kinds; the data of a query is its SOQL.
  std::shared_ptr<BulkLoad> load;
  std::shared_ptr<QueryCursor> cursor;
  std::uint64_t first_row = 0;
  std::uint64_t end_row = 0;
  std::int64_t queued_ms = 0;  ///< on the machine's clock
  Error query_error;           ///< the query could not be run
};

/// One Bulk API 1.0 job (spec §3.3). Guarded by the org's access.
struct Bulk1Job {
  static constexpr std::uint64_t kWeightMax = std::uint64_t{2} << 30;
  static constexpr std::size_t kBatchesMax = 10'000;

  std::string id;         ///< "750…"
  std::string operation;  ///< as the API spells it
  bool is_query = false;
  bool query_all = false;
  std::string external_id;
  std::string version;
  std::string content_type = "CSV";  ///< CSV, JSON, XML
  bool serial = false;
  std::optional<std::uint64_t> pk_chunk_rows;
  std::string state = "Open";
  std::int64_t created_ms = 0;
  std::int64_t changed_ms = 0;
  /// What every batch starts from: writer, object, operation, key.
  BulkLoad pattern;
  std::vector<std::shared_ptr<Bulk1Batch>> batches;

  [[nodiscard]] std::uint64_t weight() const;
  [[nodiscard]] bool is_json() const { return content_type == "JSON"; }
};

using Bulk1Jobs = BulkJobStore<Bulk1Job>;

/// The job as Bulk API 2.0 lists it.
[[nodiscard]] nlohmann::json bulk1_listed_job(const Bulk1Job& job);
/// <jobInfo> and <batchInfo>, as an object whose members are their elements in order.
[[nodiscard]] nlohmann::ordered_json bulk1_job_info(const Bulk1Job& job);
[[nodiscard]] nlohmann::ordered_json bulk1_batch_info(const Bulk1Job& job, const Bulk1Batch& batch);

}  // namespace orgsim
