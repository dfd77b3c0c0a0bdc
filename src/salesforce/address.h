#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace duet::salesforce {

/// The parts of an absolute http(s) address without path.
struct Origin {
  std::string scheme;
  std::string host;  ///< lower case; without brackets for IPv6
  int port = 0;      ///< as given, or the scheme's

  /// `https://host:port`, the port only where it is not the scheme's.
  std::string text() const;
  bool operator==(const Origin&) const = default;
};

/// `config` for anything but `http(s)://host[:port][/…]`: other schemes, user names, odd characters.
Result<Origin> parse_origin(std::string_view url);

bool is_loopback(std::string_view host);

/// The address that the login answer names, if it may be trusted with the access token (spec/reliability.md §4, SSRF):
/// the login host itself, or https on *.salesforce.com or *.force.com. Plain http only where the login host is
/// loopback.
Result<Origin> trusted_instance(std::string_view instance_url, const Origin& login);

}  // namespace duet::salesforce
