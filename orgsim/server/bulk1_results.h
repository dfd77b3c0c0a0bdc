#pragma once

#include "orgsim/server/bulk1_job.h"
#include "orgsim/server/http_message.h"
#include "orgsim/server/org_host.h"

namespace orgsim {

/// What became of each row of a completed batch, in input order, in the job's content type.
[[nodiscard]] HttpResponse bulk1_row_results(OrgHost& host, const Bulk1Job& job,
                                             const std::shared_ptr<Bulk1Batch>& batch);
/// The rows of a completed query batch, in the job's content type.
[[nodiscard]] HttpResponse bulk1_query_rows(OrgHost& host, const Bulk1Job& job,
                                            const std::shared_ptr<Bulk1Batch>& batch);

}  // namespace orgsim
