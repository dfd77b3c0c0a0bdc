// Bulk API 2.0 query: jobs, their states and their results as streamed CSV (spec §3.2).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "orgsim/core/time_text.h"
#include "orgsim/server/bulk_job_list.h"
#include "orgsim/server/bulk_service.h"
#include "orgsim/server/csv_writer.h"
#include "orgsim/server/json_answer.h"
#include "orgsim/server/jwt.h"
#include "orgsim/server/rest_call.h"

namespace orgsim {
namespace {

using nlohmann::json;

/// Rows on a page when the client does not say.
constexpr std::uint64_t kDefaultPageRows = 50'000;
/// A piece of the body, made in one turn with the org held: about a millisecond.
constexpr std::size_t kPieceBytes = 256 * 1024;

/// Pages that one call of resultPages names.
constexpr int kPagesNamed = 5;

json job_json(const BulkQueryJob& job, bool with_progress) {
  json out = {{"id", job.id},
              {"operation", job.query_all ? "queryAll" : "query"},
              {"object", job.object},
              {"createdById", job.user_id},
              {"createdDate", job_datetime(job.created_ms)},
              {"systemModstamp", job_datetime(job.changed_ms)},
              {"state", state_name(job.state)},
              {"concurrencyMode", "Parallel"},
              {"contentType", "CSV"},
              {"apiVersion", version_number(job.version)},
              {"lineEnding", job.dialect.line_ending_name()},
              {"columnDelimiter", job.dialect.delimiter_name}};
  if (with_progress) {
    const bool done = job.state == BulkJobState::job_complete;
    out["jobType"] = "V2Query";
    out["numberRecordsProcessed"] = done ? job.cursor.total_size() : 0;
    out["retries"] = 0;
    out["totalProcessingTime"] = job.changed_ms - job.created_ms;
    out["isPkChunkingSupported"] = true;
    if (!job.message.empty()) out["errorMessage"] = job.message;
  }
  return out;
}

HttpResponse bulk_error(std::string_view code, std::string_view message) { return error_answer(400, code, message); }

HttpResponse create(const RestCall& call, const json& body) {
  const std::string operation = body.value("operation", "");
  if (operation != "query" && operation != "queryAll") {
    return bulk_error("INVALIDOPERATION", "The operation must be query or queryAll");
  }
  const std::string soql = body.value("query", "");
  if (soql.empty()) return bulk_error("INVALIDJOB", "A query has to be given");
  OrgHost::Access org = call.environment.host.access();
  Outcome<QueryCursor> cursor = org->query(
      soql, {.include_deleted = operation == "queryAll", .allow_offset = false, .user_id = call.writer.user_id});
  if (!cursor) return error_answer(cursor.error());
  if (auto checked = check_bulk_query(*cursor); !checked) return error_answer(checked.error());
  std::vector<std::string> header;
  for (const QueryColumn& column : cursor->columns()) header.push_back(column.path);
  auto dialect = read_bulk_dialect(body);
  if (!dialect) return error_answer(dialect.error());
  const std::int64_t now = org->now();
  std::string object = cursor->object().name;
  BulkService& bulk = call.environment.bulk;
  if (!call.environment.usage.add_within(Meter::bulk_query_jobs, 1, org->settings().daily_bulk_query_job_limit,
                                         wall_clock_ms())) {
    return bulk_error("LIMIT_EXCEEDED", "Maximum number of query jobs exceeded in the last 24 hours");
  }
  auto job = std::make_shared<BulkQueryJob>(BulkQueryJob{.id = bulk.ids.job(),
                                                         .object = std::move(object),
                                                         .user_id = call.writer.user_id,
                                                         .version = call.version,
                                                         .query_all = operation == "queryAll",
                                                         .dialect = *std::move(dialect),
                                                         .created_ms = now,
                                                         .changed_ms = now,
                                                         .queued_ms = wall_clock_ms(),
                                                         .message = {},
                                                         .org = org.share(),
                                                         .cursor = *std::move(cursor),
                                                         .header = std::move(header)});
  bulk.queries.add(job);
  return json_answer(200, job_json(*job, false));
}

HttpResponse create_from_body(const RestCall& call) {
  const Outcome<json> body = read_text_members(call.request.body);
  return body ? create(call, *body) : error_answer(body.error());
}

/// Brings the job to where it would be by now: UploadComplete for bulk_queue_ms, InProgress for bulk_chunk_ms, then
/// complete, unless the fault plan has something else for it.
void progress(BulkService& bulk, const OrgHost::Access& org, BulkQueryJob& job) {
  if (is_over(job.state)) return;
  const auto go = [&](BulkJobState next) {
    if (job.state != next) job.changed_ms = org->now();
    job.state = next;
  };
  const Settings& settings = org->settings();
  const std::int64_t waited = wall_clock_ms() - job.queued_ms;
  if (waited < settings.bulk_queue_ms) return;
  if (waited < settings.bulk_queue_ms + settings.bulk_chunk_ms) return go(BulkJobState::in_progress);
  const auto fault = bulk.faults.decide_bulk("/jobs/query/" + job.id, job.object);
  if (!fault) return go(BulkJobState::job_complete);
  if (fault->kind == BulkFault::Kind::abort) return go(BulkJobState::aborted);
  job.message = fault->error.code + " : " + fault->error.message;
  go(BulkJobState::failed);
}

/// Makes the page's CSV piece by piece; the org is held for one piece at a time.
class ResultStream {
 public:
  ResultStream(OrgHost& host, std::shared_ptr<BulkQueryJob> job, std::uint64_t first, std::uint64_t end)
      : host_(host),
        job_(std::move(job)),
        writer_(job_->dialect.delimiter, job_->dialect.crlf),
        row_(first),
        end_(end) {
    writer_.header(job_->header);
    for (const QueryColumn& column : job_->cursor.columns()) types_.push_back(column.field->type);
  }

  bool next(std::string& piece) {
    {
      const OrgHost::Access org = host_.access();
      QueryCursor& cursor = job_->cursor;
      cursor.seek(row_);
      while (row_ < end_ && writer_.size() < kPieceBytes && cursor.next()) {
        const std::vector<CellView>& cells = cursor.cells();
        for (std::size_t i = 0; i < cells.size(); ++i) writer_.cell(types_[i], cells[i]);
        writer_.end_row();
        ++row_;
      }
    }
    piece = writer_.take();
    return row_ < end_;
  }

 private:
  OrgHost& host_;
  std::shared_ptr<BulkQueryJob> job_;
  CsvWriter writer_;
  std::vector<FieldType> types_;
  std::uint64_t row_;
  const std::uint64_t end_;
};

/// A page by its locator: the number of its first row in base 64, as an org's locators look.
std::string locator_of(std::uint64_t row) { return base64url_encode(std::to_string(row)); }

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  return parsed.ptr == end && parsed.ec == std::errc{} ? std::optional(value) : std::nullopt;
}

struct PageWish {
  std::uint64_t first = 0;
  std::uint64_t rows = kDefaultPageRows;
};

Outcome<PageWish> read_page(const RestCall& call, const BulkQueryJob& job) {
  PageWish wish;
  if (const auto text = call.request.param("maxRecords"); text && !text->empty()) {
    const auto rows = number(*text);
    if (!rows || *rows == 0) return fail("INVALIDQUERY", "maxRecords must be a positive number");
    wish.rows = *rows;
  }
  if (const auto text = call.request.param("locator"); text && !text->empty() && *text != "null") {
    const auto decoded = base64_decode(*text);
    const auto row = decoded ? number(*decoded) : std::nullopt;
    if (!row || *row > job.cursor.total_size()) return fail("INVALID_QUERY_LOCATOR", "invalid query locator");
    wish.first = *row;
  }
  wish.rows = std::min(wish.rows, job.cursor.total_size());
  return wish;
}

HttpResponse results(const RestCall& call, std::shared_ptr<BulkQueryJob> job, const PageWish& wish) {
  const std::uint64_t total = job->cursor.total_size();
  const std::uint64_t end = std::min(total, wish.first + wish.rows);
  HttpResponse out;
  out.content_type = "text/csv; charset=UTF-8";
  out.set_header("Sforce-NumberOfRecords", std::to_string(end - wish.first));
  out.set_header("Sforce-Locator", end == total ? "null" : locator_of(end));
  auto stream = std::make_shared<ResultStream>(call.environment.host, std::move(job), wish.first, end);
  out.stream = [stream](std::string& piece) { return stream->next(piece); };
  return out;
}

/// The next pages by URL, so that a client can fetch them side by side.
HttpResponse result_pages(const RestCall& call, const BulkQueryJob& job, const PageWish& wish) {
  const std::uint64_t total = job.cursor.total_size();
  const std::string base = call.base_path() + "/jobs/query/" + job.id;
  const auto query = [&](std::uint64_t row) {
    return fmt::format("?locator={}&maxRecords={}", locator_of(row), std::max<std::uint64_t>(wish.rows, 1));
  };
  json pages = json::array();
  std::uint64_t row = wish.first;
  for (int i = 0; i < kPagesNamed && (row < total || (row == 0 && i == 0)); ++i) {
    pages.push_back({{"resultUrl", base + "/results" + query(row)}});
    row = std::min(total, row + std::max<std::uint64_t>(wish.rows, 1));
  }
  json out = {{"resultPages", std::move(pages)}, {"done", row >= total}, {"nextRecordsUrl", nullptr}};
  if (row < total) out["nextRecordsUrl"] = base + "/resultPages" + query(row);
  return json_answer(200, out);
}

HttpResponse serve_results(const RestCall& call, std::shared_ptr<BulkQueryJob> job) {
  const std::string name = to_lower(call.segment(3));
  if (name != "results" && name != "resultpages") return not_found();
  if (!call.is_read()) return method_not_allowed(call.request, "GET,HEAD");
  if (job->state != BulkJobState::job_complete) {
    return bulk_error(kInvalidJobState, fmt::format("The job is {}: it has no results", state_name(job->state)));
  }
  const auto wish = read_page(call, *job);
  if (!wish) return error_answer(wish.error());
  return name == "results" ? results(call, std::move(job), *wish) : result_pages(call, *job, *wish);
}

HttpResponse change_state(const RestCall& call, const OrgHost::Access& org, BulkQueryJob& job) {
  const auto wanted = read_wanted_state(call.request.body);
  if (!wanted) return error_answer(wanted.error());
  if (*wanted != "Aborted") return bulk_error(kInvalidJobState, "A query job can only be set to Aborted");
  if (is_over(job.state)) {
    return bulk_error(kInvalidJobState,
                      fmt::format("Aborting already {} Job not allowed",
                                  job.state == BulkJobState::job_complete ? "Completed" : state_name(job.state)));
  }
  job.state = BulkJobState::aborted;
  job.changed_ms = org->now();
  return json_answer(200, job_json(job, false));
}

HttpResponse list(const RestCall& call, const OrgHost::Access& org) {
  std::vector<json> jobs;
  for (const auto& job : call.environment.bulk.queries.list()) {
    if (job->org != org.share()) continue;
    progress(call.environment.bulk, org, *job);
    jobs.push_back(job_json(*job, false));
    jobs.back()["jobType"] = "V2Query";
  }
  return bulk_job_list(call, "query", std::move(jobs));
}

}  // namespace

Outcome<void> check_bulk_query(const QueryCursor& cursor) {
  if (cursor.is_count() || cursor.is_aggregate()) {
    return fail("API_ERROR", "Implementation restriction: aggregates are not supported");
  }
  if (cursor.is_nested()) return fail("API_ERROR", "Implementation restriction: nested queries are not supported");
  for (const QueryColumn& column : cursor.columns()) {
    if (is_compound(column.field->type))
      return fail("API_ERROR", "Selecting compound data not supported in Bulk Query");
  }
  return {};
}

HttpResponse serve_bulk_query(const RestCall& call) {
  BulkService& bulk = call.environment.bulk;
  if (call.path.size() == 2) {
    if (call.is("POST")) return create_from_body(call);
    const OrgHost::Access org = call.environment.host.access();
    return call.is_read() ? list(call, org) : method_not_allowed(call.request, "GET,HEAD,POST");
  }
  const OrgHost::Access org = call.environment.host.access();
  const std::shared_ptr<BulkQueryJob> job = bulk.queries.find(call.segment(2));
  if (job == nullptr || job->org != org.share()) return not_found();
  // What aborts a job is not what ends it.
  if (!call.is("PATCH")) progress(bulk, org, *job);
  if (call.path.size() == 4) return serve_results(call, job);
  if (call.path.size() != 3) return not_found();
  if (call.is("PATCH")) return change_state(call, org, *job);
  if (call.is("DELETE")) {
    if (job->state == BulkJobState::in_progress) {
      return bulk_error(kInvalidJobState, "The job is InProgress: it cannot be deleted");
    }
    bulk.queries.remove(job->id);
    return empty_answer(204);
  }
  if (!call.is_read()) return method_not_allowed(call.request, "DELETE,GET,HEAD,PATCH");
  return json_answer(200, job_json(*job, true));
}

}  // namespace orgsim
