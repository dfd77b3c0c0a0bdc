// Bulk API 2.0 ingest: jobs, their uploads, states and results (spec §3.1).
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "orgsim/core/time_text.h"
#include "orgsim/server/bulk_job_list.h"
#include "orgsim/server/bulk_service.h"
#include "orgsim/server/json_answer.h"
#include "orgsim/server/rest_call.h"

namespace orgsim {
namespace {

using nlohmann::json;
using Job = std::shared_ptr<BulkIngestJob>;

/// What a multipart creation may carry beside the job (spec §3.1).
constexpr std::size_t kMultipartContentMax = 400'000;

json job_json(const BulkIngestJob& job, bool with_progress) {
  const BulkLoad& load = *job.load;
  json out = {{"id", job.id},
              {"operation", job.operation},
              {"object", load.object},
              {"createdById", load.writer.user_id},
              {"createdDate", job_datetime(load.created_ms)},
              {"systemModstamp", job_datetime(load.changed_ms)},
              {"state", state_name(load.state)},
              {"concurrencyMode", "Parallel"},
              {"contentType", "CSV"},
              {"apiVersion", version_number(job.version)},
              {"contentUrl", fmt::format("services/data/v{}/jobs/ingest/{}/batches", job.version, job.id)},
              {"lineEnding", job.dialect.line_ending_name()},
              {"columnDelimiter", job.dialect.delimiter_name}};
  if (!job.external_id.empty()) out["externalIdFieldName"] = job.external_id;
  if (!job.assignment_rule.empty()) out["assignmentRuleId"] = job.assignment_rule;
  if (!with_progress) return out;
  out["jobType"] = "V2Ingest";
  out["numberRecordsProcessed"] = load.processed();
  out["numberRecordsFailed"] = load.failed;
  out["retries"] = 0;
  out["totalProcessingTime"] = load.working_ms;
  out["apiActiveProcessingTime"] = load.working_ms;
  out["apexProcessingTime"] = 0;
  out["isPkChunkingSupported"] = false;
  if (!load.message.empty()) out["errorMessage"] = load.message;
  return out;
}

Outcome<Job> make_job(const RestCall& call, std::string_view text) {
  const Outcome<json> body = read_text_members(text);
  if (!body) return std::unexpected(body.error());
  auto job = std::make_shared<BulkIngestJob>();
  job->operation = body->value("operation", "");
  const auto operation = read_bulk_operation(job->operation);
  if (!operation) return std::unexpected(operation.error());
  auto dialect = read_bulk_dialect(*body);
  if (!dialect) return std::unexpected(dialect.error());
  job->dialect = *std::move(dialect);
  job->external_id = body->value("externalIdFieldName", "");
  job->assignment_rule = body->value("assignmentRuleId", "");
  job->version = call.version;
  job->load = std::make_shared<BulkLoad>();
  BulkLoad& load = *job->load;
  load.operation = *operation;
  load.writer = call.writer;
  load.writer.transport = Transport::bulk;
  load.writer.api = "bulkapi";
  load.format = {.kind = BulkFormat::Kind::csv,
                 .delimiter = job->dialect.delimiter,
                 .crlf = job->dialect.crlf,
                 .strict_line_ending = true};
  const OrgHost::Access org = call.environment.host.access();
  if (auto read = read_bulk_target(*call.schema(org), body->value("object", ""), job->external_id, load); !read) {
    return std::unexpected(read.error());
  }
  job->id = call.environment.bulk.ids.job();
  load.path = "/jobs/ingest/" + job->id;
  load.org = org.share();
  load.created_ms = load.changed_ms = org->now();
  return job;
}

/// A load is worked off in parts of 10,000 rows, each of which counts as a batch (spec §3.1). False: none is left
/// today.
bool count_batches(const RestCall& call, const OrgHost::Access& org, const BulkIngestJob& job) {
  constexpr std::int64_t kRowsPerBatch = 10'000;
  const std::string& data = *job.load->data;
  const auto lines = static_cast<std::int64_t>(std::count(data.begin(), data.end(), '\n'));
  const std::int64_t batches = std::max<std::int64_t>(1, (lines - 1 + kRowsPerBatch - 1) / kRowsPerBatch);
  return call.environment.usage.add_within(Meter::bulk_batches, batches, org->settings().daily_bulk_batch_limit,
                                           wall_clock_ms());
}

void start(const RestCall& call, const OrgHost::Access& org, const BulkIngestJob& job) {
  if (!count_batches(call, org, job)) {
    job.load->message = "ExceededQuota : ApiBatchItems Limit exceeded.";
    return job.load->change_state(BulkJobState::failed, org->now());
  }
  job.load->change_state(BulkJobState::upload_complete, org->now());
  call.environment.bulk.runner.add(job.load);
}

HttpResponse create(const RestCall& call) {
  const HttpPart* description = call.request.part("job");
  const HttpPart* content = call.request.part("content");
  if (call.request.parts.empty() != (description == nullptr)) {
    return error_answer(400, kInvalidJob, "A multipart request needs the parts job and content");
  }
  auto job = make_job(call, description == nullptr ? call.request.body : description->body);
  if (!job) return error_answer(job.error());
  if (content != nullptr && content->body.size() > kMultipartContentMax) {
    return error_answer(400, kInvalidJob, "The content part is larger than a multipart request may carry");
  }
  const OrgHost::Access org = call.environment.host.access();
  call.environment.bulk.ingest.add(*job);
  if (content != nullptr) {
    (*job)->load->data = std::make_shared<std::string>(content->body);
    start(call, org, **job);
  }
  return json_answer(200, job_json(**job, false));
}

HttpResponse upload(const RestCall& call, BulkIngestJob& job, std::shared_ptr<const std::string> content) {
  if (job.load->state != BulkJobState::open) {
    return error_answer(400, kInvalidJobState,
                        fmt::format("The job is {}: it takes no content", state_name(job.load->state)));
  }
  if (!call.request.header("content-type").empty() &&
      !to_lower(call.request.header("content-type")).starts_with("text/csv")) {
    return error_answer(400, "INVALIDBATCH", "The content type of a batch must be text/csv");
  }
  // A second upload is taken, and refused when the job is closed [2ND].
  if (job.uploads++ == 0) job.load->data = std::move(content);
  call.environment.bulk.ingest.make_room(job.id);
  return empty_answer(201);
}

HttpResponse change_state(const RestCall& call, const OrgHost::Access& org, BulkIngestJob& job) {
  const auto wanted = read_wanted_state(call.request.body);
  if (!wanted) return error_answer(wanted.error());
  const BulkJobState state = job.load->state;
  if (*wanted == "Aborted") {
    if (is_over(state)) {
      return error_answer(400, kInvalidJobState,
                          fmt::format("Aborting already {} Job not allowed",
                                      state == BulkJobState::job_complete ? "Completed" : state_name(state)));
    }
    job.load->change_state(BulkJobState::aborted, org->now());
    return json_answer(200, job_json(job, false));
  }
  if (*wanted != "UploadComplete") {
    return error_answer(400, kInvalidJobState, fmt::format("A job cannot be set to {}", *wanted));
  }
  if (state != BulkJobState::open) {
    return error_answer(400, kInvalidJobState,
                        fmt::format("Closing already {} Job not allowed",
                                    state == BulkJobState::job_complete ? "Completed" : state_name(state)));
  }
  if (job.uploads > 1) {
    return error_answer(400, kInvalidJob,
                        fmt::format("Found multiple contents for job: <{}>, please 'Close' / 'Abort' / 'Delete' the "
                                    "current Job then create a new Job and make sure you only do 'PUT' once on a given "
                                    "Job.",
                                    job.id.substr(0, 15)));
  }
  start(call, org, job);
  return json_answer(200, job_json(job, false));
}

HttpResponse remove(const RestCall& call, const BulkIngestJob& job) {
  const BulkJobState state = job.load->state;
  if (state == BulkJobState::open || state == BulkJobState::in_progress) {
    return error_answer(400, kInvalidJobState, fmt::format("The job is {}: it cannot be deleted", state_name(state)));
  }
  // One that still waits in the queue is not begun.
  if (state == BulkJobState::upload_complete) job.load->state = BulkJobState::aborted;
  call.environment.bulk.ingest.remove(job.id);
  return empty_answer(204);
}

HttpResponse results(const RestCall& call, const BulkIngestJob& job, std::string_view name) {
  constexpr std::pair<std::string_view, BulkResultKind> kKinds[] = {
      {"successfulresults", BulkResultKind::successful},
      {"failedresults", BulkResultKind::failed},
      {"unprocessedrecords", BulkResultKind::unprocessed}};
  const auto* kind = std::ranges::find(kKinds, name, &std::pair<std::string_view, BulkResultKind>::first);
  if (kind == std::end(kKinds)) return not_found();
  if (!call.is_read()) return method_not_allowed(call.request, "GET,HEAD");
  if (!is_over(job.load->state)) {
    return error_answer(400, kInvalidJobState,
                        fmt::format("The job is {}: it has no results yet", state_name(job.load->state)));
  }
  return bulk_results(call.environment.host, job, kind->second);
}

/// With the jobs of Bulk API 1.0, as the org lists them.
HttpResponse list(const RestCall& call, const OrgHost::Access& org) {
  std::vector<json> jobs;
  for (const Job& job : call.environment.bulk.ingest.list()) {
    if (job->load->org.lock() != org.share()) continue;
    jobs.push_back(job_json(*job, false));
    jobs.back()["jobType"] = "V2Ingest";
  }
  for (const auto& job : call.environment.bulk.classic.list()) {
    if (job->pattern.org.lock() == org.share()) jobs.push_back(bulk1_listed_job(*job));
  }
  return bulk_job_list(call, "ingest", std::move(jobs));
}

}  // namespace

HttpResponse serve_bulk_ingest(const RestCall& call) {
  if (call.path.size() == 2) {
    if (call.is("POST")) return create(call);
    const OrgHost::Access org = call.environment.host.access();
    return call.is_read() ? list(call, org) : method_not_allowed(call.request, "GET,HEAD,POST");
  }
  // A large upload is copied before the org is held.
  auto content = call.is("PUT") ? std::make_shared<const std::string>(call.request.body) : nullptr;
  const OrgHost::Access org = call.environment.host.access();
  const Job job = call.environment.bulk.ingest.find(call.segment(2));
  if (job == nullptr || job->load->org.lock() != org.share()) return not_found();
  if (call.path.size() == 4) {
    const std::string name = to_lower(call.segment(3));
    if (name != "batches") return results(call, *job, name);
    return call.is("PUT") ? upload(call, *job, std::move(content)) : method_not_allowed(call.request, "PUT");
  }
  if (call.path.size() != 3) return not_found();
  if (call.is("PATCH")) return change_state(call, org, *job);
  if (call.is("DELETE")) return remove(call, *job);
  if (!call.is_read()) return method_not_allowed(call.request, "DELETE,GET,HEAD,PATCH");
  return json_answer(200, job_json(*job, true));
}

}  // namespace orgsim
