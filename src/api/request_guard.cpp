#include "api/request_guard.h"

#include <algorithm>

#include <openssl/crypto.h>

#include "model/schema.h"

namespace duet::api {
namespace {

/// Without the port; `[::1]:80` gives `::1`. Empty when it is no host.
std::string_view name_part(std::string_view header) {
  if (header.starts_with('[')) {
    const auto end = header.find(']');
    return end == std::string_view::npos ? std::string_view() : header.substr(1, end - 1);
  }
  const auto colon = header.find(':');
  return header.substr(0, colon);
}

}  // namespace

bool host_allowed(std::string_view host_header, const std::vector<std::string>& hosts) {
  const std::string_view name = name_part(host_header);
  if (name.empty()) return false;
  for (std::string_view loopback : {"localhost", "127.0.0.1", "::1"}) {
    if (equals_ignoring_case(name, loopback)) return true;
  }
  return std::ranges::any_of(hosts, [&](const std::string& host) { return equals_ignoring_case(name, host); });
}

std::optional<std::string> bearer_token(std::string_view authorization_header) {
  constexpr std::string_view kScheme = "Bearer ";
  if (authorization_header.size() <= kScheme.size() ||
      !equals_ignoring_case(authorization_header.substr(0, kScheme.size()), kScheme)) {
    return std::nullopt;
  }
  return std::string(authorization_header.substr(kScheme.size()));
}

bool same_origin(std::string_view origin_header, std::string_view host_header) {
  for (std::string_view scheme : {"https://", "http://"}) {
    if (origin_header.starts_with(scheme))
      return equals_ignoring_case(origin_header.substr(scheme.size()), host_header);
  }
  return false;
}

std::string cookie_value(std::string_view cookie_header, std::string_view name) {
  std::optional<std::string> value;
  while (!cookie_header.empty()) {
    const std::size_t end = std::min(cookie_header.find(';'), cookie_header.size());
    std::string_view pair = cookie_header.substr(0, end);
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
      if (value) return {};
      value = pair.substr(name.size() + 1);
    }
    cookie_header.remove_prefix(std::min(end + 1, cookie_header.size()));
  }
  return value.value_or(std::string());
}

bool equal_texts(std::string_view a, std::string_view b) {
  return !a.empty() && a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace duet::api
