#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace duet::api {

/// Whether the Host header names this server: a loopback name or one of `hosts`, with any port. A page on another site
/// that had its own name resolve to this machine is refused by it.
bool host_allowed(std::string_view host_header, const std::vector<std::string>& hosts);

/// Whether the Authorization header is `Bearer TOKEN`; takes the same time whatever the difference. An empty token lets
/// nobody in.
bool token_matches(std::string_view authorization_header, std::string_view token);

}  // namespace duet::api
