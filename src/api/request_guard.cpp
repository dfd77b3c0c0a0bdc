#include "api/request_guard.h"

#include <algorithm>

#include <openssl/crypto.h>
#include <openssl/sha.h>

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

bool token_matches(std::string_view authorization_header, std::string_view token) {
  constexpr std::string_view kScheme = "Bearer ";
  if (token.empty() || authorization_header.size() < kScheme.size() ||
      !equals_ignoring_case(authorization_header.substr(0, kScheme.size()), kScheme)) {
    return false;
  }
  const std::string_view given = authorization_header.substr(kScheme.size());
  // Digests have one length, so that not even the token's length shows in the time.
  unsigned char expected_digest[SHA256_DIGEST_LENGTH];
  unsigned char given_digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), expected_digest);
  SHA256(reinterpret_cast<const unsigned char*>(given.data()), given.size(), given_digest);
  return CRYPTO_memcmp(expected_digest, given_digest, SHA256_DIGEST_LENGTH) == 0;
}

}  // namespace duet::api
