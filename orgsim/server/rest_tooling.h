#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "orgsim/server/rest_call.h"

namespace orgsim {

/// The rows of PlatformEventChannel and PlatformEventChannelMember, as the Tooling API shows them.
nlohmann::json channel_rows(const RestCall& call, const Org& org);
nlohmann::json channel_member_rows(const RestCall& call, const Org& org);

/// 201 for something made.
HttpResponse tooling_created(const std::string& id);

}  // namespace orgsim
