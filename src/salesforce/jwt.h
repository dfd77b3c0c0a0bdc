#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace duet::salesforce {

/// A signed JWT (RS256) for the JWT bearer flow (spec/salesforce-api.md §1.1), valid for 3 minutes from `now`.
/// `config` when the key cannot be read.
Result<std::string> make_login_assertion(std::string_view private_key_pem, const std::string& client_id,
                                         const std::string& username, const std::string& audience, TimeMs now);

}  // namespace duet::salesforce
