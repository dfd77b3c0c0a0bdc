#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "orgsim/core/describe.h"
#include "orgsim/core/time_text.h"
#include "orgsim/server/json_answer.h"
#include "orgsim/server/rest_call.h"

namespace orgsim {
namespace {

using nlohmann::json;

/// 304 when the metadata has not changed since If-Modified-Since; nullopt to answer in full.
std::optional<HttpResponse> not_modified(const RestCall& call, const OrgHost::Access& org) {
  const std::string_view header = call.request.header("if-modified-since");
  if (header.empty()) return std::nullopt;
  const std::optional<std::int64_t> since = parse_http_date(header);
  // The header has whole seconds.
  const std::int64_t changed = call.environment.host.schema_changed_ms(org) / 1000 * 1000;
  if (!since || changed > *since) return std::nullopt;
  return empty_answer(304);
}

HttpResponse describe_answer(const RestCall& call, const OrgHost::Access& org, const json& body) {
  HttpResponse out = json_answer(200, body);
  out.set_header("Last-Modified", http_date(call.environment.host.schema_changed_ms(org)));
  return out;
}

constexpr std::size_t kRecentItems = 200;

struct Limit {
  const char* name;
  std::int64_t max;
};

/// Limits that the simulator neither uses up nor enforces: clients read them (spec §2.1).
constexpr Limit kUnusedLimits[] = {
    {"ActiveScratchOrgs", 40},
    {"ConcurrentAsyncGetReportInstances", 200},
    {"ConcurrentSyncReportRuns", 20},
    {"DailyAsyncApexExecutions", 250'000},
    {"DailyAsyncApexTests", 500},
    {"DailyBulkApiBatches", 15'000},
    {"DailyBulkV2QueryFileStorageMB", 976'562},
    {"DailyBulkV2QueryJobs", 10'000},
    {"DailyDeliveredPlatformEvents", 50'000},
    {"DailyDurableGenericStreamingApiEvents", 10'000},
    {"DailyDurableStreamingApiEvents", 10'000},
    {"DailyGenericStreamingApiEvents", 10'000},
    {"DailyScratchOrgs", 80},
    {"DailyStandardVolumePlatformEvents", 10'000},
    {"DailyStreamingApiEvents", 10'000},
    {"DailyWorkflowEmails", 100'000},
    {"DataStorageMB", 1'024},
    {"DurableStreamingApiConcurrentClients", 20},
    {"FileStorageMB", 1'024},
    {"HourlyAsyncReportRuns", 1'200},
    {"HourlyDashboardRefreshes", 200},
    {"HourlyDashboardResults", 5'000},
    {"HourlyDashboardStatuses", 999'999'999},
    {"HourlyLongTermIdMapping", 100'000},
    {"HourlyODataCallout", 20'000},
    {"HourlyPublishedPlatformEvents", 250'000},
    {"HourlyPublishedStandardVolumePlatformEvents", 1'000},
    {"HourlyShortTermIdMapping", 100'000},
    {"HourlySyncReportRuns", 500},
    {"HourlyTimeBasedWorkflow", 1'000},
    {"MassEmail", 5'000},
    {"MonthlyPlatformEventsUsageEntitlement", 1'500'000},
    {"Package2VersionCreates", 6},
    {"SingleEmail", 5'000},
    {"StreamingApiConcurrentClients", 20},
};

}  // namespace

HttpResponse serve_resources(const RestCall& call) {
  json body = json::object();
  for (const char* name : {"sobjects", "query", "queryAll", "limits", "composite", "jobs", "tooling", "search",
                           "parameterizedSearch", "recent", "tabs", "theme", "quickActions", "process"}) {
    body[name] = call.base_path() + "/" + name;
  }
  const OrgHost::Access org = call.environment.host.access();
  body["identity"] = fmt::format("{}/id/{}/{}", call.request.origin(), org->organization_id(), call.writer.user_id);
  return json_answer(200, body);
}

HttpResponse serve_limits(const RestCall& call) {
  json body = json::object();
  for (const Limit& limit : kUnusedLimits) body[limit.name] = {{"Max", limit.max}, {"Remaining", limit.max}};
  const OrgHost::Access org = call.environment.host.access();
  const std::int64_t max = org->settings().daily_api_limit;
  const std::int64_t used = call.environment.usage.used_in_24_hours(wall_clock_ms());
  // One allocation, shared by change events and platform events and counted per subscriber (spec §4.8).
  if (const std::int64_t events = org->settings().daily_event_limit; events > 0) {
    const std::int64_t delivered = call.environment.usage.events_in_24_hours(wall_clock_ms());
    body["DailyDeliveredPlatformEvents"] = {{"Max", events},
                                            {"Remaining", std::max<std::int64_t>(0, events - delivered)}};
  }
  body["DailyApiRequests"] = {{"Max", max}, {"Remaining", std::max<std::int64_t>(0, max - used)}};
  return json_answer(200, body);
}

HttpResponse serve_describe_global(const RestCall& call) {
  const OrgHost::Access org = call.environment.host.access();
  if (auto unchanged = not_modified(call, org)) return *std::move(unchanged);
  return describe_answer(call, org, describe_global(*call.schema(org), call.version));
}

HttpResponse serve_describe(const RestCall& call, std::string_view object) {
  const OrgHost::Access org = call.environment.host.access();
  if (auto unchanged = not_modified(call, org)) return *std::move(unchanged);
  return describe_answer(call, org, describe_object(*call.schema(org)->object(object), call.version));
}

HttpResponse serve_object(const RestCall& call, std::string_view object) {
  const OrgHost::Access org = call.environment.host.access();
  return json_answer(200, {{"objectDescribe", describe_basic(*call.schema(org)->object(object), call.version)},
                           {"recentItems", recent_items(call, org, object, kRecentItems)}});
}

}  // namespace orgsim
