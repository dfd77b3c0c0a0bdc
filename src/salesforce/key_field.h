#pragma once

#include <string>

#include "base/result.h"
#include "salesforce/rest_client.h"

namespace duet::salesforce {

/// The unique external id that Duet offers to create where an object has none.
inline constexpr std::string_view kKeyField = "Duet_Id__c";
inline constexpr int kKeyFieldLength = 36;

/// Creates a unique external id field, Text(36), by the Tooling API, and lets the user's profile see and edit it, which
/// a new field is for nobody (spec/salesforce-api.md §2). False when the field is there already. `forbidden` or
/// `rejected` where the user may not customise the org or the object takes no custom fields.
Result<bool> create_key_field(RestClient& client, const std::string& user_id, const std::string& object);

}  // namespace duet::salesforce
