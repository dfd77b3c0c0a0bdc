#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "orgsim/core/describe.h"
#include "orgsim/core/time_text.h"
#include "orgsim/server/json_answer.h"
#include "orgsim/server/rest_call.h"
#include "orgsim/server/streaming_events.h"

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

/// What stands for no limit.
constexpr std::int64_t kNoLimit = 1'000'000'000;
constexpr std::int64_t kStorageMb = 1'048'576;

/// Limits that the simulator neither uses up nor enforces, and what is shown while one is off: clients read them (spec
/// §2.1).
constexpr Limit kUnusedLimits[] = {
    {"ActiveScratchOrgs", 40},
    {"ConcurrentAsyncGetReportInstances", 200},
    {"ConcurrentSyncReportRuns", 20},
    {"DailyAsyncApexExecutions", 250'000},
    {"DailyAsyncApexTests", 500},
    {"DailyBulkV2QueryFileStorageMB", 976'562},
    {"DailyDeliveredPlatformEvents", 50'000},
    {"DailyDurableGenericStreamingApiEvents", 10'000},
    {"DailyDurableStreamingApiEvents", 10'000},
    {"DailyGenericStreamingApiEvents", 10'000},
    {"DailyScratchOrgs", 80},
    {"DailyStandardVolumePlatformEvents", 10'000},
    {"DailyStreamingApiEvents", 10'000},
    {"DailyWorkflowEmails", 100'000},
    {"DurableStreamingApiConcurrentClients", 20},
    {"FileStorageMB", 1'024},
    {"HourlyAsyncReportRuns", 1'200},
    {"HourlyDashboardRefreshes", 200},
    {"HourlyDashboardResults", 5'000},
    {"HourlyDashboardStatuses", 999'999'999},
    {"HourlyLongTermIdMapping", 100'000},
    {"HourlyODataCallout", 20'000},
    {"HourlyPublishedStandardVolumePlatformEvents", 1'000},
    {"HourlyShortTermIdMapping", 100'000},
    {"HourlySyncReportRuns", 500},
    {"HourlyTimeBasedWorkflow", 1'000},
    {"MassEmail", 5'000},
    {"MonthlyPlatformEventsUsageEntitlement", 1'500'000},
    {"Package2VersionCreates", 6},
    {"SingleEmail", 5'000},
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
  const Settings& settings = org->settings();
  ApiUsage& usage = call.environment.usage;
  const std::int64_t now_ms = wall_clock_ms();
  // A limit that is switched off keeps the number above, or what stands for it.
  const auto show = [&body](const char* name, std::int64_t max, std::int64_t used, std::int64_t without = 0) {
    if (max <= 0 && without == 0) return;
    const std::int64_t shown = max > 0 ? max : without;
    body[name] = {{"Max", shown}, {"Remaining", std::clamp<std::int64_t>(shown - used, 0, shown)}};
  };
  const auto daily = [&](Meter meter) { return usage.used_in_24_hours(meter, now_ms); };
  // Of calls 0 is a limit too.
  body["DailyApiRequests"] = {{"Max", settings.daily_api_limit},
                              {"Remaining", std::max<std::int64_t>(0, settings.daily_api_limit - daily(Meter::calls))}};
  // One allocation, shared by change events and platform events and counted per subscriber (spec §4.8).
  show("DailyDeliveredPlatformEvents", settings.daily_event_limit, daily(Meter::events));
  show("DailyBulkApiBatches", settings.daily_bulk_batch_limit, daily(Meter::bulk_batches), kNoLimit);
  show("DailyBulkV2QueryJobs", settings.daily_bulk_query_job_limit, daily(Meter::bulk_query_jobs), kNoLimit);
  show("DailyStreamingApiEvents", settings.daily_streaming_event_limit, daily(Meter::streaming_events));
  show("HourlyPublishedPlatformEvents", settings.hourly_publish_limit, org->published_this_hour(), kNoLimit);
  show("StreamingApiConcurrentClients", settings.streaming_client_limit, call.environment.streaming.clients(),
       kNoLimit);
  show("DataStorageMB", settings.data_storage_mb, org->data_storage_mb(), kStorageMb);
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
