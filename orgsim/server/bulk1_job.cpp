#include "orgsim/server/bulk1_job.h"

#include <nlohmann/json.hpp>

#include "orgsim/core/time_text.h"
#include "orgsim/server/bulk_dialect.h"

namespace orgsim {

using nlohmann::ordered_json;

namespace {

std::string_view batch_state(BulkJobState state) {
  switch (state) {
    case BulkJobState::open:
    case BulkJobState::upload_complete:
      return "Queued";
    case BulkJobState::in_progress:
      return "InProgress";
    case BulkJobState::job_complete:
      return "Completed";
    case BulkJobState::failed:
      return "Failed";
    case BulkJobState::aborted:
      return "NotProcessed";
  }
  return "Failed";
}

/// JSON says +0000, XML says Z, as the two have always done.
std::string time_of(const Bulk1Job& job, std::int64_t ms) {
  return job.is_json() ? job_datetime(ms) : bulk_datetime(ms - ms % 1000);
}

std::uint64_t processed(const Bulk1Batch& batch) {
  if (batch.cursor == nullptr) return batch.load->processed();
  return batch.load->state == BulkJobState::job_complete ? batch.end_row - batch.first_row : 0;
}

}  // namespace

std::uint64_t Bulk1Job::weight() const {
  std::uint64_t out = 0;
  for (const auto& batch : batches)
    out += batch->load->data->size() + batch->load->outcomes.size() * sizeof(BulkOutcome);
  return out;
}

ordered_json bulk1_job_info(const Bulk1Job& job) {
  std::uint64_t queued = 0, running = 0, complete = 0, failed = 0, rows = 0, failed_rows = 0;
  std::int64_t working = 0;
  for (const auto& batch : job.batches) {
    const BulkLoad& load = *batch->load;
    queued += load.state == BulkJobState::upload_complete ? 1U : 0U;
    running += load.state == BulkJobState::in_progress ? 1U : 0U;
    complete += load.state == BulkJobState::job_complete ? 1U : 0U;
    failed += load.state == BulkJobState::failed ? 1U : 0U;
    rows += processed(*batch);
    failed_rows += load.failed;
    working += load.working_ms;
  }
  ordered_json out;
  out["id"] = job.id;
  out["operation"] = job.operation;
  out["object"] = job.pattern.object;
  out["createdById"] = job.pattern.writer.user_id;
  out["createdDate"] = time_of(job, job.created_ms);
  out["systemModstamp"] = time_of(job, job.changed_ms);
  out["state"] = job.state;
  if (!job.external_id.empty()) out["externalIdFieldName"] = job.external_id;
  out["concurrencyMode"] = job.serial ? "Serial" : "Parallel";
  out["contentType"] = job.content_type;
  out["numberBatchesQueued"] = queued;
  out["numberBatchesInProgress"] = running;
  out["numberBatchesCompleted"] = complete;
  out["numberBatchesFailed"] = failed;
  out["numberBatchesTotal"] = job.batches.size();
  out["numberRecordsProcessed"] = rows;
  out["numberRetries"] = 0;
  out["apiVersion"] = version_number(job.version);
  out["numberRecordsFailed"] = failed_rows;
  out["totalProcessingTime"] = working;
  out["apiActiveProcessingTime"] = working;
  out["apexProcessingTime"] = 0;
  return out;
}

nlohmann::json bulk1_listed_job(const Bulk1Job& job) {
  return {{"id", job.id},
          {"operation", job.operation},
          {"object", job.pattern.object},
          {"createdById", job.pattern.writer.user_id},
          {"createdDate", job_datetime(job.created_ms)},
          {"systemModstamp", job_datetime(job.changed_ms)},
          {"state", job.state},
          {"concurrencyMode", job.serial ? "Serial" : "Parallel"},
          {"contentType", job.content_type},
          {"apiVersion", version_number(job.version)},
          {"isPkChunkingEnabled", job.pk_chunk_rows.has_value()},
          {"jobType", "Classic"}};
}

ordered_json bulk1_batch_info(const Bulk1Job& job, const Bulk1Batch& batch) {
  const BulkLoad& load = *batch.load;
  ordered_json out;
  out["id"] = batch.id;
  out["jobId"] = job.id;
  out["state"] = batch_state(load.state);
  if (!load.message.empty()) out["stateMessage"] = load.message;
  out["createdDate"] = time_of(job, load.created_ms);
  out["systemModstamp"] = time_of(job, load.changed_ms);
  out["numberRecordsProcessed"] = processed(batch);
  out["numberRecordsFailed"] = load.failed;
  out["totalProcessingTime"] = load.working_ms;
  out["apiActiveProcessingTime"] = load.working_ms;
  out["apexProcessingTime"] = 0;
  return out;
}

}  // namespace orgsim
