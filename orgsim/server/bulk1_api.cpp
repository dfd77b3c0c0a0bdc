#include "orgsim/server/bulk1_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "orgsim/core/ascii.h"
#include "orgsim/core/ids.h"
#include "orgsim/server/bulk1_results.h"
#include "orgsim/server/bulk_xml.h"
#include "orgsim/server/json_answer.h"
#include "orgsim/server/oauth.h"
#include "orgsim/server/rest_call.h"

namespace orgsim {

using nlohmann::json;
using nlohmann::ordered_json;

namespace {

constexpr std::size_t kBatchBytesMax = 10'000'000;
constexpr std::size_t kBatchRowsMax = 10'000;
constexpr std::uint64_t kPkChunkRows = 100'000;
constexpr std::uint64_t kPkChunkRowsMax = 250'000;

bool has_content(std::string_view text) { return text.find_first_not_of(" \t\r\n") != std::string_view::npos; }

/// The body of a job request as texts, whatever its language. simple-salesforce gives enumerations by number.
Outcome<json> read_members(const HttpRequest& request, bool is_json) {
  if (!is_json) return read_job_xml(request.body);
  Outcome<json> body = parse_json(request.body);
  if (!body || !body->is_object()) return fail("InvalidJob", "The request is no JSON object");
  json out = json::object();
  for (const auto& [name, value] : body->items()) {
    if (value.is_string()) out[name] = value;
    if (value.is_number_integer()) out[name] = value.dump();
  }
  return out;
}

std::optional<std::uint64_t> pk_chunk_rows(std::string_view header) {
  if (header.empty() || header.starts_with("false")) return std::nullopt;
  std::uint64_t rows = kPkChunkRows;
  if (const auto at = header.find("chunkSize="); at != std::string_view::npos) {
    const std::string_view number = header.substr(at + 10);
    std::from_chars(number.data(), number.data() + number.size(), rows);
  }
  return std::clamp<std::uint64_t>(rows, 1, kPkChunkRowsMax);
}

}  // namespace

struct Bulk1Api::Call {
  const HttpRequest& request;
  std::vector<std::string> path;  ///< from "job" on
  std::string version;
  Writer writer;
  /// The caller speaks JSON about jobs; batches speak the job's language.
  bool json = false;

  [[nodiscard]] std::string_view segment(std::size_t index) const {
    return index < path.size() ? std::string_view(path[index]) : std::string_view{};
  }
  [[nodiscard]] bool is(std::string_view method) const { return request.method == method; }
  [[nodiscard]] bool is_read() const { return is("GET") || is("HEAD"); }

  [[nodiscard]] HttpResponse answer(int status, std::string_view name, const ordered_json& value, bool as_json,
                                    std::string_view item = {}) const {
    HttpResponse out;
    out.status = status;
    // The JSON type without a charset is what a client compares with (spec §3.3).
    out.content_type = as_json ? "application/json" : "application/xml";
    if (as_json) {
      const bool wrapped = value.is_array() && item == "batchInfo";
      out.body = wrapped ? json_text(ordered_json{{"batchInfo", value}}) : json_text(value);
    } else {
      out.body = bulk_xml(name, value, item);
    }
    return out;
  }
  [[nodiscard]] HttpResponse error(const Error& error, int status = 400) const {
    return answer(status, "error", {{"exceptionCode", error.code}, {"exceptionMessage", error.message}}, json);
  }
  [[nodiscard]] HttpResponse error(std::string_view code, std::string_view message, int status = 400) const {
    return this->error(make_error(code, std::string(message)), status);
  }
  [[nodiscard]] HttpResponse wrong_method(std::string_view allowed) const {
    return error("MethodNotAllowed",
                 fmt::format("HTTP Method '{}' not allowed. Allowed are {}", request.method, allowed), 405);
  }
};

HttpResponse Bulk1Api::serve(const HttpRequest& request, const std::vector<std::string>& segments) {
  Call call{.request = request, .path = {}, .version = {}, .writer = {}, .json = false};
  call.json = to_lower(request.header("content-type")).starts_with("application/json");
  if (segments.empty()) return call.error("InvalidUrl", "Destination URL not reset", 404);
  call.version = segments.front();
  call.path.assign(segments.begin() + 1, segments.end());
  const std::int64_t now_ms = wall_clock_ms();
  std::string_view session = request.header("x-sfdc-session");
  if (session.empty()) session = bearer_token(request);
  std::optional<std::string> user = sessions_.touch(session, now_ms);
  if (!user) return call.error("InvalidSessionId", "Invalid session id");
  if (request.body_too_large) return call.error("ExceededQuota", "The request body is larger than the org accepts");
  if (usage_.used_in_24_hours(now_ms) >= host_.access()->settings().daily_api_limit) {
    usage_.count_free("refused_by_limit");
    return call.error("ExceededQuota", "TotalRequests Limit exceeded.");
  }
  usage_.count("bulk1", now_ms);
  call.writer = {.user_id = *std::move(user),
                 .client = std::string(header_option(request.header("sforce-call-options"), "client")),
                 .api = "bulkapi",
                 .version = call.version,
                 .transport = Transport::bulk};
  return dispatch(call);
}

HttpResponse Bulk1Api::dispatch(Call& call) {
  if (!equals_ignoring_case(call.segment(0), "job")) return call.error("InvalidUrl", "There is no such resource", 404);
  if (call.path.size() == 1) return call.is("POST") ? create_job(call) : call.wrong_method("POST");
  OrgHost::Access org = host_.access();
  const Job job = bulk_.classic.find(call.segment(1));
  if (job == nullptr || job->pattern.org.lock() != org.share()) {
    return call.error("InvalidJob", fmt::format("Unable to find job with id: {}", call.segment(1)));
  }
  progress(org, *job);
  if (call.path.size() == 2) return serve_job(call, org, *job);
  // Batches speak the job's language, whatever the caller asks for (spec §3.3).
  call.json = job->is_json();
  if (!equals_ignoring_case(call.segment(2), "batch"))
    return call.error("InvalidUrl", "There is no such resource", 404);
  if (call.path.size() > 3) return serve_batch(call, *job);
  if (call.is("POST")) return add_batch(call, org, job);
  if (!call.is_read()) return call.wrong_method("GET,POST");
  ordered_json infos = ordered_json::array();
  for (const Batch& batch : job->batches) infos.push_back(bulk1_batch_info(*job, *batch));
  return call.answer(200, "batchInfoList", infos, call.json, "batchInfo");
}

HttpResponse Bulk1Api::create_job(const Call& call) {
  const Outcome<json> body = read_members(call.request, call.json);
  if (!body) return call.error(body.error());
  auto job = std::make_shared<Bulk1Job>();
  job->operation = body->value("operation", "");
  job->query_all = same_name(job->operation, "queryAll");
  job->is_query = job->query_all || same_name(job->operation, "query");
  job->external_id = body->value("externalIdFieldName", "");
  job->version = call.version;
  job->content_type = body->value("contentType", "XML");
  std::ranges::transform(job->content_type, job->content_type.begin(), [](unsigned char c) { return std::toupper(c); });
  if (job->content_type != "CSV" && job->content_type != "JSON" && job->content_type != "XML") {
    return call.error("InvalidJob", fmt::format("Unsupported content type: {}", job->content_type));
  }
  const std::string mode = body->value("concurrencyMode", "Parallel");
  job->serial = same_name(mode, "Serial") || mode == "1";
  job->pk_chunk_rows = pk_chunk_rows(call.request.header("sforce-enable-pkchunking"));
  BulkLoad& pattern = job->pattern;
  if (!job->is_query) {
    const auto operation = read_bulk_operation(job->operation);
    if (!operation) return call.error("InvalidJob", operation.error().message);
    pattern.operation = *operation;
  }
  pattern.writer = call.writer;
  const OrgHost::Access org = host_.access();
  if (auto read =
          read_bulk_target(*org->schema_for(call.writer.user_id), body->value("object", ""), job->external_id, pattern);
      !read) {
    return call.error(read.error().code == "INVALIDENTITY" ? "InvalidEntity" : "InvalidJob", read.error().message);
  }
  pattern.org = org.share();
  pattern.format = {.kind = job->content_type == "CSV"    ? BulkFormat::Kind::csv
                            : job->content_type == "JSON" ? BulkFormat::Kind::json
                                                          : BulkFormat::Kind::xml,
                    .delimiter = ',',
                    .crlf = false,
                    .strict_line_ending = false};
  job->created_ms = job->changed_ms = org->now();
  job->id = bulk_.ids.job();
  if (job->serial) pattern.lane = job->id;
  pattern.rows_max = kBatchRowsMax;
  bulk_.classic.add(job);
  return call.answer(201, "jobInfo", bulk1_job_info(*job), call.json);
}

HttpResponse Bulk1Api::serve_job(const Call& call, const OrgHost::Access& org, Bulk1Job& job) {
  if (call.is("POST")) {
    const Outcome<json> body = read_members(call.request, call.json);
    if (!body) return call.error(body.error());
    const std::string state = body->value("state", "");
    if (state != "Closed" && state != "Aborted") {
      return call.error("InvalidJobState", fmt::format("A job cannot be set to {}", state));
    }
    if (job.state == "Aborted" || (job.state == "Closed" && state == "Closed")) {
      return call.error("InvalidJobState", fmt::format("{} already {} Job not allowed",
                                                       state == "Closed" ? "Closing" : "Aborting", job.state));
    }
    job.state = state;
    job.changed_ms = org->now();
    for (const Batch& batch : job.batches) {
      if (state == "Aborted" && !is_over(batch->load->state)) {
        batch->load->change_state(BulkJobState::aborted, org->now());
      }
    }
  } else if (!call.is_read()) {
    return call.wrong_method("GET,POST");
  }
  const bool said_xml = to_lower(call.request.header("content-type")).find("xml") != std::string::npos;
  return call.answer(200, "jobInfo", bulk1_job_info(job), call.json || (job.is_json() && !said_xml));
}

Outcome<Bulk1Api::Batch> Bulk1Api::make_batch(const Call& call, const OrgHost::Access& org, Bulk1Job& job) {
  if (job.state != "Open") {
    return fail("InvalidJobState", fmt::format("Job is not in the open state: {}", job.state));
  }
  if (!has_content(call.request.body)) return fail("ClientInputError", "The batch is empty");
  if (call.request.body.size() > kBatchBytesMax) {
    return fail("InvalidBatch", "Batch exceeds the maximum size of 10 MB");
  }
  if (job.batches.size() == Bulk1Job::kBatchesMax || job.weight() > Bulk1Job::kWeightMax)
    return fail("ExceededQuota", "The job has too many batches");
  if (!usage_.add_within(Meter::bulk_batches, 1, org->settings().daily_bulk_batch_limit, wall_clock_ms())) {
    return fail("ExceededQuota", "ApiBatchItems Limit exceeded.");
  }
  auto batch = std::make_shared<Bulk1Batch>();
  batch->id = bulk_.ids.batch();
  batch->load = std::make_shared<BulkLoad>(job.pattern);
  BulkLoad& load = *batch->load;
  load.path = fmt::format("/job/{}/batch/{}", job.id, batch->id);
  load.data = std::make_shared<std::string>(call.request.body);
  load.created_ms = org->now();
  load.change_state(BulkJobState::upload_complete, load.created_ms);
  return batch;
}

HttpResponse Bulk1Api::add_batch(const Call& call, OrgHost::Access& org, const Job& job) {
  const Outcome<Batch> batch = make_batch(call, org, *job);
  if (!batch) return call.error(batch.error());
  job->batches.push_back(*batch);
  bulk_.classic.make_room(job->id);
  if (job->is_query) {
    start_query(org, *job, *batch);
  } else {
    bulk_.runner.add((*batch)->load);
  }
  return call.answer(201, "batchInfo", bulk1_batch_info(*job, **batch), call.json);
}

/// Runs the query at once, so that the result is the snapshot of the batch's creation, but lets it be seen later.
void Bulk1Api::start_query(const OrgHost::Access& org, Bulk1Job& job, const Batch& batch) {
  batch->queued_ms = wall_clock_ms();
  batch->result_id = bulk_.ids.result();
  Outcome<QueryCursor> cursor =
      org->query(*batch->load->data,
                 {.include_deleted = job.query_all, .allow_offset = false, .user_id = job.pattern.writer.user_id});
  if (cursor) {
    if (auto checked = check_bulk_query(*cursor); !checked) cursor = std::unexpected(checked.error());
  }
  if (!cursor) {
    batch->query_error = cursor.error();
    return;
  }
  batch->cursor = std::make_shared<QueryCursor>(*std::move(cursor));
  batch->end_row = batch->cursor->total_size();
  if (!job.pk_chunk_rows) return;
  // The first batch is not processed; others take its rows in slices.
  batch->load->change_state(BulkJobState::aborted, org->now());
  for (std::uint64_t row = 0; row < batch->end_row; row += *job.pk_chunk_rows) {
    if (job.batches.size() == Bulk1Job::kBatchesMax) break;
    auto slice = std::make_shared<Bulk1Batch>(*batch);
    slice->id = bulk_.ids.batch();
    slice->result_id = bulk_.ids.result();
    slice->load = std::make_shared<BulkLoad>(*batch->load);
    slice->load->change_state(BulkJobState::upload_complete, org->now());
    slice->first_row = row;
    slice->end_row = std::min(batch->end_row, row + *job.pk_chunk_rows);
    job.batches.push_back(std::move(slice));
  }
}

/// Brings query batches to where they would be by now; rows to write have the runner.
void Bulk1Api::progress(const OrgHost::Access& org, Bulk1Job& job) {
  if (!job.is_query) return;
  const Settings& settings = org->settings();
  for (const Batch& batch : job.batches) {
    BulkLoad& load = *batch->load;
    const std::int64_t waited = wall_clock_ms() - batch->queued_ms;
    if (is_over(load.state) || waited < settings.bulk_queue_ms) continue;
    if (waited < settings.bulk_queue_ms + settings.bulk_chunk_ms) {
      load.change_state(BulkJobState::in_progress, org->now());
      continue;
    }
    Error error = batch->query_error;
    if (!error.code.empty()) {
      error = {"InvalidBatch", fmt::format("Failed to process query: {}: {}", error.code, error.message), {}};
    } else if (const auto fault = bulk_.faults.decide_bulk(load.path, load.object)) {
      error = fault->error.code.empty() ? make_error("InternalServerError", "aborted") : fault->error;
    }
    if (!error.code.empty()) load.message = error.code + " : " + error.message;
    load.change_state(error.code.empty() ? BulkJobState::job_complete : BulkJobState::failed, org->now());
  }
}

HttpResponse Bulk1Api::serve_batch(const Call& call, const Bulk1Job& job) {
  const auto wanted = canonical_id(call.segment(3));
  const auto found = std::ranges::find_if(job.batches, [&](const Batch& one) { return wanted && one->id == *wanted; });
  if (found == job.batches.end()) {
    return call.error("InvalidBatch", fmt::format("Unable to find batch with id: {}", call.segment(3)));
  }
  const Batch& batch = *found;
  if (!call.is_read()) return call.wrong_method("GET");
  if (call.path.size() == 4) return call.answer(200, "batchInfo", bulk1_batch_info(job, *batch), call.json);
  if (call.path.size() == 5 && equals_ignoring_case(call.segment(4), "request")) {
    HttpResponse out;
    out.content_type = job.content_type == "CSV" ? "text/csv" : call.json ? "application/json" : "application/xml";
    out.body = *batch->load->data;
    return out;
  }
  if (!equals_ignoring_case(call.segment(4), "result"))
    return call.error("InvalidUrl", "There is no such resource", 404);
  if (batch->load->state != BulkJobState::job_complete) {
    return call.error("InvalidBatch", "Batch not completed");
  }
  if (!job.is_query) return bulk1_row_results(host_, job, batch);
  if (call.path.size() == 5) {
    return call.answer(200, "result-list", ordered_json::array({batch->result_id}), call.json, "result");
  }
  if (canonical_id(call.segment(5)) != batch->result_id) {
    return call.error("InvalidBatch", fmt::format("Unable to find result with id: {}", call.segment(5)));
  }
  return bulk1_query_rows(host_, job, batch);
}

}  // namespace orgsim
