#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace duet::api {

/// Whether the Host header names this server: a loopback name or one of `hosts`, with any port. A page on another site
/// that had its own name resolve to this machine is refused by it.
bool host_allowed(std::string_view host_header, const std::vector<std::string>& hosts);

/// The token of an Authorization header; nothing when it is no `Bearer TOKEN`.
std::optional<std::string> bearer_token(std::string_view authorization_header);

/// Whether the Origin header names the same host and port as the Host header.
bool same_origin(std::string_view origin_header, std::string_view host_header);

/// A cookie of the Cookie header; empty when it is not there, or there twice.
std::string cookie_value(std::string_view cookie_header, std::string_view name);

/// Takes the same time whatever the difference; an empty text equals nothing.
bool equal_texts(std::string_view a, std::string_view b);

}  // namespace duet::api
