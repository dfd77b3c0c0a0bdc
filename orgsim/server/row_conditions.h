#pragma once

#include <optional>
#include <string>

#include "orgsim/core/org.h"
#include "orgsim/server/rest_call.h"

namespace orgsim {

/// The ETag of a record as it is; empty for objects whose rows have none: only Account rows do (spec §2.3).
std::string row_etag(const Record& record);

/// What If-Modified-Since, If-Unmodified-Since, If-Match and If-None-Match say to a read: 304, 412, or nothing.
std::optional<HttpResponse> refuse_read(const RestCall& call, const Record& record);

/// True when the call carries If-Match or If-None-Match.
bool has_etag_condition(const RestCall& call);
/// PRECONDITION_FAILED when If-Match or If-None-Match forbid this update.
std::optional<Error> refuse_update(const RestCall& call, const Record& record);

}  // namespace orgsim
