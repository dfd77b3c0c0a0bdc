#include "salesforce/address.h"

#include <algorithm>
#include <charconv>

#include "model/schema.h"

namespace duet::salesforce {
namespace {

bool is_host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

std::unexpected<Error> bad(std::string_view url, std::string message) {
  return fail(ErrorKind::config, std::move(message), "URL", std::string(url.substr(0, 200)));
}

bool is_salesforce(std::string_view host) { return host.ends_with(".salesforce.com") || host.ends_with(".force.com"); }

}  // namespace

std::string Origin::text() const {
  std::string result = scheme + "://" + (host.find(':') == std::string::npos ? host : "[" + host + "]");
  if (port != (scheme == "https" ? 443 : 80)) result += ":" + std::to_string(port);
  return result;
}

Result<Origin> parse_origin(std::string_view url) {
  Origin origin;
  auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return bad(url, "An address must begin with https://");
  origin.scheme = to_lower(url.substr(0, scheme_end));
  if (origin.scheme != "https" && origin.scheme != "http") return bad(url, "An address must begin with https://");
  origin.port = origin.scheme == "https" ? 443 : 80;
  std::string_view authority = url.substr(scheme_end + 3);
  authority = authority.substr(0, authority.find_first_of("/?#"));
  if (authority.find('@') != std::string_view::npos) return bad(url, "An address must not hold a user name");

  std::string_view host = authority;
  std::string_view port;
  bool bracketed = authority.starts_with('[');
  if (bracketed) {
    auto end = authority.find(']');
    if (end == std::string_view::npos) return bad(url, "An address has an odd host");
    host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
  } else if (auto colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon);
  }
  origin.host = to_lower(host);
  bool odd = !std::ranges::all_of(origin.host, [&](char c) { return is_host_char(c) || (bracketed && c == ':'); });
  if (origin.host.empty() || odd) return bad(url, "An address has an odd host");
  if (!port.empty()) {
    auto [end, error] = std::from_chars(port.data() + 1, port.data() + port.size(), origin.port);
    if (port[0] != ':' || error != std::errc() || end != port.data() + port.size() || origin.port < 1 ||
        origin.port > 65'535) {
      return bad(url, "An address has an odd port");
    }
  }
  return origin;
}

bool is_loopback(std::string_view host) { return host == "localhost" || host == "127.0.0.1" || host == "::1"; }

Result<Origin> trusted_instance(std::string_view instance_url, const Origin& login) {
  Origin instance = DUET_TRY(parse_origin(instance_url));
  bool trusted = instance.scheme == "https" && is_salesforce(instance.host);
  if (instance.host == login.host)
    trusted = instance.scheme == "https" || (login.scheme == "http" && is_loopback(login.host));
  if (is_loopback(instance.host) && is_loopback(login.host)) trusted = true;
  if (!trusted) return bad(instance_url, "The login answer names a host that is not Salesforce's");
  return instance;
}

}  // namespace duet::salesforce
