#include "orgsim/server/bulk_job_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "orgsim/server/json_answer.h"
#include "orgsim/server/jwt.h"

namespace orgsim {
namespace {

using nlohmann::json;

constexpr std::size_t kPageJobs = 1'000;

/// A job that does not say it is as the parameter's default.
bool is_wanted(const RestCall& call, const json& job) {
  for (const auto& [param, member] :
       {std::pair{"jobType", "jobType"}, std::pair{"concurrencyMode", "concurrencyMode"}}) {
    const auto wanted = call.request.param(param);
    if (wanted && !wanted->empty() && !equals_ignoring_case(job.value(member, ""), *wanted)) return false;
  }
  const auto chunked = call.request.param("isPkChunkingEnabled");
  return !chunked || chunked->empty() ||
         equals_ignoring_case(*chunked, "true") == job.value("isPkChunkingEnabled", false);
}

}  // namespace

HttpResponse bulk_job_list(const RestCall& call, std::string_view path, std::vector<json> jobs) {
  std::erase_if(jobs, [&call](const json& job) { return !is_wanted(call, job); });
  std::ranges::sort(jobs, {}, [](const json& job) { return job.value("id", ""); });
  std::size_t first = 0;
  if (const auto locator = call.request.param("queryLocator"); locator && !locator->empty()) {
    const auto text = base64_decode(*locator).value_or("x");
    const char* end = text.data() + text.size();
    if (std::from_chars(text.data(), end, first).ptr != end || first > jobs.size()) {
      return error_answer(400, "INVALID_QUERY_LOCATOR", "invalid query locator");
    }
  }
  const std::size_t last = std::min(jobs.size(), first + kPageJobs);
  json out = {{"done", last == jobs.size()},
              {"records", std::vector<json>(jobs.begin() + static_cast<std::ptrdiff_t>(first),
                                            jobs.begin() + static_cast<std::ptrdiff_t>(last))},
              {"nextRecordsUrl", nullptr}};
  if (last < jobs.size()) {
    out["nextRecordsUrl"] =
        fmt::format("{}/jobs/{}?queryLocator={}", call.base_path(), path, base64url_encode(std::to_string(last)));
  }
  return json_answer(200, out);
}

}  // namespace orgsim
