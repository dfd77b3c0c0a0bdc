// query, queryAll and their later pages (spec §2.6); getUpdated and getDeleted (spec §2.7).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "orgsim/core/time_text.h"
#include "orgsim/server/json_answer.h"
#include "orgsim/server/query_cursors.h"
#include "orgsim/server/record_json_writer.h"
#include "orgsim/server/rest_call.h"

namespace orgsim {
namespace {

using nlohmann::json;

constexpr std::size_t kBatchMin = 200;
constexpr std::size_t kBatchMax = 2000;
/// Rows made while the org is held, so that a page of a wide object does not hold up an event.
constexpr std::size_t kRowsPerTurn = 100;

std::size_t batch_size(const RestCall& call) {
  const std::string_view text = header_option(call.request.header("sforce-query-options"), "batchSize");
  std::size_t size = kBatchMax;
  std::from_chars(text.data(), text.data() + text.size(), size);
  return std::clamp(size, kBatchMin, kBatchMax);
}

HttpResponse bad_locator() { return error_answer(400, "INVALID_QUERY_LOCATOR", "invalid query locator"); }

/// Writes pages of a query, and the first ones of its sub-queries; what has more rows is kept among the open cursors.
class PageWriter {
 public:
  PageWriter(const RestCall& call, OrgHost::Access& org) : call_(call), org_(org) {}

  /// One page from `position` on, as {"totalSize","done","nextRecordsUrl","records"}.
  HttpResponse page(const std::shared_ptr<OpenQuery>& query, std::uint64_t position) {
    QueryCursor& cursor = query->cursor;
    const RecordJsonWriter writer(cursor, call_.version);
    const QueryCursor::ShowChildren show = [&](QueryCursor children) {
      return first_page(std::move(children), *query);
    };
    const std::uint64_t total = cursor.total_size();
    const std::uint64_t end = std::min<std::uint64_t>(total, position + query->batch_size);
    std::string records;
    std::uint64_t row = position;
    // A page with the records of sub-queries may be shorter than was asked for, as in the org.
    while (row < end && children_ < kChildrenPerPage) {
      if (row != position) org_.pause(std::chrono::milliseconds(0));
      cursor.seek(row);
      for (std::size_t n = 0; n < kRowsPerTurn && row < end && children_ < kChildrenPerPage && cursor.next();
           ++n, ++row) {
        if (!records.empty()) records += ',';
        writer.append(cursor, records, show);
      }
    }
    HttpResponse out;
    out.body = fmt::format(R"({{"totalSize":{},"done":{},)", total, row == total);
    if (row != total) out.body += fmt::format(R"("nextRecordsUrl":"{}",)", locator(query, row));
    out.body += R"("records":[)" + records + "]}";
    return out;
  }

 private:
  static constexpr std::size_t kChildrenPerPage = 10'000;

  std::string locator(const std::shared_ptr<OpenQuery>& query, std::uint64_t row) {
    if (query->id.empty()) call_.environment.cursors.add(query, wall_clock_ms());
    return fmt::format("{}/query/{}-{}", call_.base_path(), query->id, row);
  }

  nlohmann::ordered_json first_page(QueryCursor children, const OpenQuery& parent) {
    auto query = std::make_shared<OpenQuery>(OpenQuery{.id = {},
                                                       .user_id = parent.user_id,
                                                       .org = parent.org,
                                                       .cursor = std::move(children),
                                                       .batch_size = parent.batch_size,
                                                       .is_child = true,
                                                       .used_ms = 0});
    const QueryCursor::ShowChildren show = [&](QueryCursor inner) { return first_page(std::move(inner), *query); };
    QueryCursor& cursor = query->cursor;
    nlohmann::ordered_json records = nlohmann::ordered_json::array();
    while (records.size() < query->batch_size && cursor.next()) {
      records.push_back(cursor.record_json(call_.version, show));
      ++children_;
    }
    nlohmann::ordered_json out;
    out["totalSize"] = cursor.total_size();
    out["done"] = cursor.done();
    if (!cursor.done()) out["nextRecordsUrl"] = locator(query, cursor.position());
    out["records"] = std::move(records);
    return out;
  }

  const RestCall& call_;
  OrgHost::Access& org_;
  std::size_t children_ = 0;
};

HttpResponse next_page(const RestCall& call) {
  const std::string_view locator = call.segment(1);
  const std::size_t dash = locator.rfind('-');
  if (dash == std::string_view::npos) return bad_locator();
  std::uint64_t position = 0;
  const char* end = locator.data() + locator.size();
  if (std::from_chars(locator.data() + dash + 1, end, position).ptr != end) return bad_locator();
  OrgHost::Access org = call.environment.host.access();
  const auto query = call.environment.cursors.find(locator.substr(0, dash), call.writer.user_id, wall_clock_ms());
  if (query == nullptr || query->org != org.share() || position > query->cursor.total_size()) return bad_locator();
  return PageWriter(call, org).page(query, position);
}

Outcome<std::pair<std::int64_t, std::int64_t>> time_window(const RestCall& call) {
  const auto start = parse_datetime(call.request.param("start").value_or(""));
  const auto end = parse_datetime(call.request.param("end").value_or(""));
  if (!start || !end) return fail(codes::kMissingArgument, "start and end must be date-times");
  return std::pair{*start, *end};
}

}  // namespace

HttpResponse serve_query(const RestCall& call, bool include_deleted) {
  if (!call.is_read()) return method_not_allowed(call.request, "HEAD,GET");
  if (call.path.size() == 2) return next_page(call);
  if (const auto explained = call.request.param("explain")) return serve_explain(call, *explained);
  const auto soql = call.request.param("q");
  if (call.path.size() != 1 || !soql)
    return error_answer(400, codes::kMalformedQuery, "A query string has to be given");
  OrgHost::Access org = call.environment.host.access();
  Outcome<QueryCursor> cursor =
      org->query(*soql, {.include_deleted = include_deleted, .allow_all_rows = false, .user_id = call.writer.user_id});
  if (!cursor) return error_answer(cursor.error());
  if (call.request.param("columns").value_or("") == "true") return serve_columns(*cursor, *call.schema(org));
  if (cursor->is_count()) {
    return json_answer(200, {{"totalSize", cursor->total_size()}, {"done", true}, {"records", json::array()}});
  }
  const std::size_t size = batch_size(call);
  if (cursor->is_aggregate() && cursor->total_size() > kBatchMax) {
    return error_answer(400, codes::kExceededIdLimit,
                        "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single "
                        "batch");
  }
  const auto query = std::make_shared<OpenQuery>(OpenQuery{.id = {},
                                                           .user_id = call.writer.user_id,
                                                           .org = org.share(),
                                                           .cursor = *std::move(cursor),
                                                           .batch_size = size,
                                                           .is_child = false,
                                                           .used_ms = 0});
  if (query->cursor.is_aggregate()) query->batch_size = kBatchMax;
  return PageWriter(call, org).page(query, 0);
}

HttpResponse serve_updated(const RestCall& call, std::string_view object) {
  const auto window = time_window(call);
  if (!window) return error_answer(window.error());
  const OrgHost::Access org = call.environment.host.access();
  const auto updated = org->updated(object, window->first, window->second);
  if (!updated) return error_answer(updated.error());
  return json_answer(200,
                     {{"ids", updated->ids}, {"latestDateCovered", rest_datetime(updated->latest_date_covered_ms)}});
}

HttpResponse serve_deleted(const RestCall& call, std::string_view object) {
  const auto window = time_window(call);
  if (!window) return error_answer(window.error());
  const OrgHost::Access org = call.environment.host.access();
  const auto deleted = org->deleted(object, window->first, window->second);
  if (!deleted) return error_answer(deleted.error());
  json records = json::array();
  for (const DeletedIds::Entry& entry : deleted->records) {
    records.push_back({{"id", entry.id}, {"deletedDate", rest_datetime(entry.deleted_ms)}});
  }
  return json_answer(200, {{"deletedRecords", std::move(records)},
                           {"earliestDateAvailable", rest_datetime(deleted->earliest_date_available_ms)},
                           {"latestDateCovered", rest_datetime(deleted->latest_date_covered_ms)}});
}

}  // namespace orgsim
