#include "salesforce/org_limits.h"

#include <array>

#include <nlohmann/json.hpp>

namespace duet::salesforce {
namespace {

using nlohmann::json;

/// What loads, jobs, change events and writes use up. DailyBulkApiRequests is the older name of the batches.
constexpr std::array<const char*, 8> kSpentFrom{"DailyApiRequests",     "DailyBulkApiBatches",
                                                "DailyBulkApiRequests", "DailyBulkV2QueryFileStorageMB",
                                                "DailyBulkV2QueryJobs", "DailyDeliveredPlatformEvents",
                                                "DataStorageMB",        "MonthlyPlatformEventsUsageEntitlement"};

/// Nothing waits for this answer.
constexpr long kTimeoutMs = 10'000;

}  // namespace

int OrgLimit::percent() const {
  return allowed <= 0 ? 0 : static_cast<int>(static_cast<double>(used) * 100 / static_cast<double>(allowed));
}

Result<std::vector<OrgLimit>> parse_limits(std::string_view body) {
  const json answer = json::parse(body, nullptr, false);
  if (!answer.is_object()) return fail(ErrorKind::bad_data, "The org's answer about its limits cannot be read");
  std::vector<OrgLimit> limits;
  for (const char* name : kSpentFrom) {
    const auto found = answer.find(name);
    if (found == answer.end() || !found->is_object()) continue;
    const json max = found->value("Max", json());
    const json remaining = found->value("Remaining", json());
    if (!max.is_number_integer() || !remaining.is_number_integer()) continue;
    const long allowed = max.get<long>();
    limits.push_back({name, allowed - remaining.get<long>(), allowed});
  }
  return limits;
}

Result<std::vector<OrgLimit>> read_limits(RestClient& client) {
  const HttpResponse response = DUET_TRY(client.expect({.path = client.data_path("limits"), .timeout_ms = kTimeoutMs}));
  return parse_limits(response.body);
}

}  // namespace duet::salesforce
