#include "orgsim/server/rest_api.h"

#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "orgsim/core/time_text.h"
#include "orgsim/server/json_answer.h"
#include "orgsim/server/oauth.h"

namespace orgsim {
namespace {

constexpr int kOldestVersion = 20;
constexpr int kNewestVersion = 67;

/// "v62.0" → "62.0", for the versions that the org lists.
std::optional<std::string> parse_version(std::string_view segment) {
  if (!segment.starts_with('v') && !segment.starts_with('V')) return std::nullopt;
  segment.remove_prefix(1);
  int major = 0;
  const auto [end, error] = std::from_chars(segment.data(), segment.data() + segment.size(), major);
  const std::string_view rest = segment.substr(static_cast<std::size_t>(end - segment.data()));
  if (error != std::errc{} || rest != ".0" || major < kOldestVersion || major > kNewestVersion) return std::nullopt;
  return std::string(segment);
}

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

/// The kind under which a call is counted, by its first segments.
std::string call_kind(const RestCall& call) {
  const std::string first = to_lower(call.segment(0));
  if (first == "sobjects") {
    const std::string third = to_lower(call.segment(2));
    if (call.path.size() == 1 || third == "describe") return "describe";
    if (third == "updated" || third == "deleted") return "replication";
    return "rows_" + to_lower(call.request.method);
  }
  if (first == "composite" && !equals_ignoring_case(call.segment(1), "sobjects")) return "composite";
  if (first == "composite") return call.is_read() ? "collections_read" : "collections_write";
  if (first == "query" || first == "queryall") return "query";
  if (first == "jobs") return equals_ignoring_case(call.segment(1), "query") ? "bulk_query" : "bulk_ingest";
  return first.empty() ? "resources" : first == "limits" ? "limits" : "other";
}

Writer make_writer(const HttpRequest& request, std::string user_id, std::string version) {
  Writer writer;
  writer.user_id = std::move(user_id);
  writer.version = std::move(version);
  writer.client = std::string(header_option(request.header("sforce-call-options"), "client"));
  writer.allow_duplicates =
      equals_ignoring_case(header_option(request.header("sforce-duplicate-rule-header"), "allowSave"), "true");
  return writer;
}

/// For people who read answers (X-PrettyPrint: 1).
void pretty_print(HttpResponse& out) {
  if (!out.content_type.starts_with("application/json")) return;
  const auto body = nlohmann::ordered_json::parse(out.body, nullptr, false);
  if (!body.is_discarded()) out.body = body.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

HttpResponse serve_versions() {
  std::string body = "[";
  for (int version = kOldestVersion; version <= kNewestVersion; ++version) {
    // Three releases a year: v60.0 is Spring '24.
    constexpr const char* kSeasons[] = {"Spring", "Summer", "Winter"};
    const int year = 24 + (version - 60 + 300) / 3 - 100 + ((version - 60 + 300) % 3 == 2 ? 1 : 0);
    body +=
        fmt::format(R"({}{{"label":"{} '{:02}","url":"/services/data/v{}.0","version":"{}.0"}})",
                    version == kOldestVersion ? "" : ",", kSeasons[(version - 60 + 300) % 3], year, version, version);
  }
  HttpResponse out;
  out.body = body + "]";
  return out;
}

std::string_view header_option(std::string_view header, std::string_view option) {
  while (!header.empty()) {
    const std::size_t comma = header.find(',');
    const std::string_view part = trim(header.substr(0, comma));
    const std::size_t equals = part.find('=');
    if (equals != std::string_view::npos && equals_ignoring_case(trim(part.substr(0, equals)), option)) {
      return trim(part.substr(equals + 1));
    }
    header = comma == std::string_view::npos ? std::string_view{} : header.substr(comma + 1);
  }
  return {};
}

RestApi::RestApi(OrgHost& host, Sessions& sessions, ApiUsage& usage, BulkService& bulk, StreamingEvents& streaming)
    : host_(host),
      sessions_(sessions),
      usage_(usage),
      environment_{
          host, usage, cursors_, bulk, streaming, recent_, [this](const RestCall& call) { return dispatch(call); }} {}

HttpResponse RestApi::serve(const HttpRequest& request, std::vector<std::string> segments) {
  if (segments.empty()) return serve_versions();
  const std::optional<std::string> version = parse_version(segments.front());
  if (!version) return not_found();
  const std::string_view token = bearer_token(request);
  if (token.empty()) return error_answer(401, "INVALID_AUTH_HEADER", "INVALID_HEADER_TYPE");
  const std::int64_t now_ms = wall_clock_ms();
  std::optional<std::string> user = sessions_.touch(token, now_ms);
  if (!user) return error_answer(401, "INVALID_SESSION_ID", "Session expired or invalid");
  if (request.body_too_large) {
    return error_answer(413, "REQUEST_TOO_LARGE", "The request body is larger than the org accepts");
  }

  const std::int64_t limit = host_.access()->settings().daily_api_limit;
  segments.erase(segments.begin());
  const RestCall call{.request = request,
                      .environment = environment_,
                      .version = *version,
                      .path = std::move(segments),
                      .writer = make_writer(request, *std::move(user), *version)};
  if (usage_.used_in_24_hours(now_ms) >= limit) {
    usage_.count_free("refused_by_limit");
    return error_answer(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
  }
  if (is_busy()) {
    usage_.count_free("refused_by_limit");
    return error_answer(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.");
  }
  const ApiUsage::Running running(usage_);
  usage_.count(call_kind(call), now_ms);
  HttpResponse out = dispatch(call);
  note_recent(call, out);
  if (request.header("x-prettyprint") == "1") pretty_print(out);
  out.set_header("Date", http_date(host_.access()->now()));
  out.set_header("Sforce-Limit-Info", fmt::format("api-usage={}/{}", usage_.used_in_24_hours(now_ms), limit));
  return out;
}

bool RestApi::is_busy() {
  const Settings settings = host_.access()->settings();
  const std::int64_t limit = settings.concurrent_long_request_limit;
  return limit > 0 && usage_.running_longer_than(std::chrono::milliseconds(settings.long_request_ms)) >= limit;
}

HttpResponse RestApi::dispatch(const RestCall& call) {
  const std::string first = to_lower(call.segment(0));
  if (first.empty()) return call.is_read() ? serve_resources(call) : method_not_allowed(call.request, "HEAD,GET");
  if (first == "limits") return call.is_read() ? serve_limits(call) : method_not_allowed(call.request, "HEAD,GET");
  if (first == "sobjects") return dispatch_objects(call);
  if (first == "query") return serve_query(call, false);
  if (first == "queryall") return serve_query(call, true);
  if (first == "tooling") return serve_tooling(call);
  if (first == "composite") return dispatch_composite(call);
  if (first == "recent" && call.path.size() == 1) return serve_recent(call);
  if (first == "search") return serve_search(call);
  if (first == "parameterizedsearch") return serve_parameterized_search(call);
  if (first == "tabs" && call.path.size() == 1 && call.is_read()) return serve_tabs(call);
  if (first == "theme" && call.path.size() == 1 && call.is_read()) return serve_theme(call);
  // No quick action, process rule or approval process has been made in this org.
  if (first == "quickactions" && call.path.size() == 1 && call.is_read()) return text_answer(200, "[]");
  if (first == "process" && call.path.size() == 2 && call.is_read()) {
    if (equals_ignoring_case(call.segment(1), "rules")) return text_answer(200, R"({"rules":{}})");
    if (equals_ignoring_case(call.segment(1), "approvals")) return text_answer(200, R"({"approvals":{}})");
  }
  if (first == "jobs" && equals_ignoring_case(call.segment(1), "query")) return serve_bulk_query(call);
  if (first == "jobs" && equals_ignoring_case(call.segment(1), "ingest")) return serve_bulk_ingest(call);
  return not_found();
}

HttpResponse RestApi::dispatch_composite(const RestCall& call) {
  const std::string second = to_lower(call.segment(1));
  if (call.path.size() == 1) {
    if (!call.is_read()) return serve_composite(call);
    const std::string base = call.base_path() + "/composite/";
    return text_answer(
        200,
        fmt::format(R"({{"tree":"{0}tree","batch":"{0}batch","sobjects":"{0}sobjects","graph":"{0}graph"}})", base));
  }
  if (second == "sobjects") return serve_collections(call);
  if (second == "batch" && call.path.size() == 2) return serve_composite_batch(call);
  if (second == "graph" && call.path.size() == 2) return serve_composite_graph(call);
  if (second == "tree" && call.path.size() == 3 && call.schema(host_.access())->object(call.segment(2)) != nullptr) {
    return serve_composite_tree(call, call.segment(2));
  }
  return not_found();
}

HttpResponse RestApi::dispatch_objects(const RestCall& call) {
  if (call.path.size() == 1) {
    return call.is_read() ? serve_describe_global(call) : method_not_allowed(call.request, "HEAD,GET");
  }
  const std::string_view object = call.segment(1);
  {
    const OrgHost::Access org = host_.access();
    if (call.schema(org)->object(object) == nullptr) return not_found();
  }
  const std::string third = to_lower(call.segment(2));
  if (call.path.size() == 2 && call.is_read()) return serve_object(call, object);
  if (call.path.size() == 3 && call.is_read()) {
    if (third == "describe") return serve_describe(call, object);
    if (third == "updated") return serve_updated(call, object);
    if (third == "deleted") return serve_deleted(call, object);
  }
  if (third == "describe" && call.path.size() > 3) return serve_layouts(call, object);
  if (third == "listviews") return serve_list_views(call, object);
  if (third == "quickactions" && call.path.size() == 3 && call.is_read()) return text_answer(200, "[]");
  if (call.path.size() == 4 && equals_ignoring_case(object, "StreamingChannel") &&
      equals_ignoring_case(call.segment(3), "push")) {
    return serve_channel_push(call);
  }
  return serve_rows(call);
}

}  // namespace orgsim
