#pragma once

#include <string_view>

#include "base/error.h"
#include "salesforce/config.h"

namespace duet::salesforce {

/// What a refused sign-in means and what to do about it, from the token endpoint's answer (spec/salesforce-api.md §1.1
/// "Errors"). `config` when a person must act, `throttled` and `network` when time helps.
Error login_error(int status, std::string_view body, const ConnectionSettings& settings);

}  // namespace duet::salesforce
