// Bulk API 2.0 query: jobs, their states and their results as streamed CSV (spec §3.2).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "orgsim/core/time_text.h"
#include "orgsim/server/bulk_query.h"
#include "orgsim/server/csv_writer.h"
#include "orgsim/server/json_answer.h"
#include "orgsim/server/rest_call.h"

namespace orgsim {
namespace {

using nlohmann::json;

/// Rows on a page when the client does not say.
constexpr std::uint64_t kDefaultPageRows = 50'000;
/// A piece of the body, made in one turn with the org held: about a millisecond.
constexpr std::size_t kPieceBytes = 256 * 1024;

struct Delimiter {
  std::string_view name;
  char character;
};
constexpr Delimiter kDelimiters[] = {{"COMMA", ','}, {"BACKQUOTE", '`'}, {"CARET", '^'},
                                     {"PIPE", '|'},  {"SEMICOLON", ';'}, {"TAB", '\t'}};

std::string_view state_name(BulkJobState state) {
  switch (state) {
    case BulkJobState::upload_complete:
      return "UploadComplete";
    case BulkJobState::in_progress:
      return "InProgress";
    case BulkJobState::job_complete:
      return "JobComplete";
    case BulkJobState::aborted:
      return "Aborted";
    case BulkJobState::failed:
      return "Failed";
  }
  return "Failed";
}

json job_json(const BulkQueryJob& job, bool with_progress) {
  json out = {{"id", job.id},
              {"operation", job.query_all ? "queryAll" : "query"},
              {"object", job.object},
              {"createdById", job.user_id},
              {"createdDate", rest_datetime(job.created_ms)},
              {"systemModstamp", rest_datetime(job.changed_ms)},
              {"state", state_name(job.state)},
              {"concurrencyMode", "Parallel"},
              {"contentType", "CSV"},
              {"apiVersion", std::strtod(job.version.c_str(), nullptr)},
              {"lineEnding", job.crlf ? "CRLF" : "LF"},
              {"columnDelimiter", job.delimiter_name}};
  if (with_progress) {
    const bool done = job.state == BulkJobState::job_complete;
    out["jobType"] = "V2Query";
    out["numberRecordsProcessed"] = done ? job.cursor.total_size() : 0;
    out["retries"] = 0;
    out["totalProcessingTime"] = job.changed_ms - job.created_ms;
    out["isPkChunkingSupported"] = true;
  }
  return out;
}

HttpResponse bulk_error(std::string_view code, std::string_view message) { return error_answer(400, code, message); }

/// The job's dialect from the request, or what is wrong with it.
std::optional<HttpResponse> read_dialect(const json& body, BulkQueryJob& job) {
  const std::string name = body.value("columnDelimiter", "COMMA");
  const auto* found = std::find_if(std::begin(kDelimiters), std::end(kDelimiters),
                                   [&](const Delimiter& one) { return one.name == name; });
  if (found == std::end(kDelimiters)) return bulk_error("INVALIDJOB", "Unknown columnDelimiter: " + name);
  job.delimiter = found->character;
  job.delimiter_name = name;
  const std::string ending = body.value("lineEnding", "LF");
  if (ending != "LF" && ending != "CRLF") return bulk_error("INVALIDJOB", "Unknown lineEnding: " + ending);
  job.crlf = ending == "CRLF";
  if (body.value("contentType", "CSV") != "CSV")
    return bulk_error("INVALIDJOB", "Only the content type CSV is supported");
  return std::nullopt;
}

HttpResponse create(const RestCall& call, const json& body) {
  const std::string operation = body.value("operation", "");
  if (operation != "query" && operation != "queryAll") {
    return bulk_error("INVALIDOPERATION", "The operation must be query or queryAll");
  }
  const std::string soql = body.value("query", "");
  if (soql.empty()) return bulk_error("INVALIDJOB", "A query has to be given");
  OrgHost::Access org = call.environment.host.access();
  Outcome<QueryCursor> cursor = org->query(soql, {.include_deleted = operation == "queryAll"});
  if (!cursor) return error_answer(cursor.error());
  if (cursor->is_count()) return bulk_error("API_ERROR", "Implementation restriction: aggregates are not supported");
  std::vector<std::string> header;
  for (const QueryColumn& column : cursor->columns()) {
    if (column.field != nullptr && is_compound(column.field->type)) {
      return bulk_error("API_ERROR", "Selecting compound data not supported in Bulk Query");
    }
    header.push_back(column.path);
  }
  const std::int64_t now = org->now();
  std::string object = cursor->object().name;
  BulkQueryJob job{.id = {},
                   .object = std::move(object),
                   .user_id = call.writer.user_id,
                   .version = call.version,
                   .query_all = operation == "queryAll",
                   .created_ms = now,
                   .changed_ms = now,
                   .org = org.share(),
                   .cursor = *std::move(cursor),
                   .header = std::move(header)};
  if (auto refused = read_dialect(body, job)) return *std::move(refused);
  return json_answer(200, job_json(*call.environment.bulk_jobs.add(std::move(job)), false));
}

HttpResponse create_from_body(const RestCall& call) {
  const Outcome<json> body = parse_json(call.request.body);
  if (!body) return error_answer(body.error());
  if (!body->is_object()) return error_answer(400, codes::kJsonParser, "The body must be an object");
  for (const auto& [name, value] : body->items()) {
    if (!value.is_string() && !value.is_null()) {
      return error_answer(400, codes::kJsonParser, fmt::format("\"{}\" must be a text", name));
    }
  }
  json texts = json::object();
  for (const auto& [name, value] : body->items()) {
    if (value.is_string()) texts[name] = value;
  }
  return create(call, texts);
}

/// The work of the job is done when somebody looks: the simulator has no queue.
void progress(BulkQueryJob& job, std::int64_t now_ms) {
  if (job.state != BulkJobState::upload_complete) return;
  job.state = BulkJobState::job_complete;
  job.changed_ms = now_ms;
}

/// Makes the page's CSV piece by piece; the org is held for one piece at a time.
class ResultStream {
 public:
  ResultStream(OrgHost& host, std::shared_ptr<BulkQueryJob> job, std::uint64_t first, std::uint64_t end)
      : host_(host), job_(std::move(job)), writer_(job_->delimiter, job_->crlf), row_(first), end_(end) {
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

HttpResponse results(const RestCall& call, std::shared_ptr<BulkQueryJob> job) {
  if (job->state != BulkJobState::job_complete) {
    return bulk_error("INVALIDJOBSTATE", fmt::format("The job is {}: it has no results", state_name(job->state)));
  }
  const auto number = [&](std::string_view name, std::uint64_t otherwise) -> std::optional<std::uint64_t> {
    const std::string_view text = call.request.param(name).value_or("");
    if (text.empty() || text == "null") return otherwise;
    std::uint64_t value = 0;
    const char* end = text.data() + text.size();
    if (const auto parsed = std::from_chars(text.data(), end, value); parsed.ptr != end || parsed.ec != std::errc{}) {
      return std::nullopt;
    }
    return value;
  };
  const std::uint64_t total = job->cursor.total_size();
  const auto rows = number("maxRecords", kDefaultPageRows);
  const auto first = number("locator", 0);
  if (!rows || *rows == 0) return bulk_error("INVALIDQUERY", "maxRecords must be a positive number");
  if (!first || *first > total) return bulk_error("INVALID_QUERY_LOCATOR", "invalid query locator");
  const std::uint64_t end = std::min(total, *first + std::min(*rows, total));

  HttpResponse out;
  out.content_type = "text/csv; charset=UTF-8";
  out.set_header("Sforce-NumberOfRecords", std::to_string(end - *first));
  out.set_header("Sforce-Locator", end == total ? "null" : std::to_string(end));
  auto stream = std::make_shared<ResultStream>(call.environment.host, std::move(job), *first, end);
  out.stream = [stream](std::string& piece) { return stream->next(piece); };
  return out;
}

HttpResponse change_state(const RestCall& call, BulkQueryJob& job, std::int64_t now_ms) {
  const Outcome<json> body = parse_json(call.request.body);
  if (!body) return error_answer(body.error());
  if (!body->is_object() || body->value("state", json()) != "Aborted") {
    return bulk_error("INVALIDJOBSTATE", "A query job can only be set to Aborted");
  }
  if (job.state != BulkJobState::upload_complete && job.state != BulkJobState::in_progress) {
    return bulk_error("INVALIDJOBSTATE", fmt::format("The job is {} and cannot be aborted", state_name(job.state)));
  }
  job.state = BulkJobState::aborted;
  job.changed_ms = now_ms;
  return json_answer(200, job_json(job, false));
}

HttpResponse list(const RestCall& call) {
  json records = json::array();
  for (const auto& job : call.environment.bulk_jobs.list()) records.push_back(job_json(*job, false));
  return json_answer(200, {{"done", true}, {"records", std::move(records)}, {"nextRecordsUrl", nullptr}});
}

}  // namespace

HttpResponse serve_bulk_query(const RestCall& call) {
  if (call.path.size() == 2) {
    if (call.is("POST")) return create_from_body(call);
    const OrgHost::Access org = call.environment.host.access();
    return call.is_read() ? list(call) : method_not_allowed(call.request, "GET,HEAD,POST");
  }
  const OrgHost::Access org = call.environment.host.access();
  const std::shared_ptr<BulkQueryJob> job = call.environment.bulk_jobs.find(call.segment(2));
  if (job == nullptr || job->org != org.share()) return not_found();
  if (call.path.size() == 4 && equals_ignoring_case(call.segment(3), "results")) {
    if (!call.is_read()) return method_not_allowed(call.request, "GET,HEAD");
    progress(*job, org->now());
    return results(call, job);
  }
  if (call.path.size() != 3) return not_found();
  if (call.is("PATCH")) return change_state(call, *job, org->now());
  if (call.is("DELETE")) {
    call.environment.bulk_jobs.remove(job->id);
    return empty_answer(204);
  }
  if (!call.is_read()) return method_not_allowed(call.request, "DELETE,GET,HEAD,PATCH");
  progress(*job, org->now());
  return json_answer(200, job_json(*job, true));
}

}  // namespace orgsim
