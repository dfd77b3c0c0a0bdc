#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "orgsim/server/rest_call.h"

namespace orgsim {

/// One page of jobs, oldest first, as GET /jobs/ingest and /jobs/query answer it (spec §3.1): those that the parameters
/// jobType, concurrencyMode and isPkChunkingEnabled leave, from queryLocator on. `path` is "ingest" or "query".
[[nodiscard]] HttpResponse bulk_job_list(const RestCall& call, std::string_view path, std::vector<nlohmann::json> jobs);

}  // namespace orgsim
