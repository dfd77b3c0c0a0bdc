#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "salesforce/http_client.h"

namespace duet::salesforce {

/// What a composite answer says of the subrequests "c0", "c1" …, as the answers of single calls. A subrequest that it
/// does not speak of may have been carried out: status 200 without a body, which tells nothing.
std::vector<HttpResponse> composite_parts(std::string_view body, std::size_t count);

}  // namespace duet::salesforce
