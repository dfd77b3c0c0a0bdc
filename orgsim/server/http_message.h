#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orgsim {

/// What becomes of the connection instead of an answer (fault plan, design §7).
enum class ConnectionFate {
  keep,
  /// Closed in order, without one byte of answer: the client sees an empty reply.
  drop,
  /// Torn down with a TCP RST.
  reset,
};

/// One part of a multipart/form-data body.
struct HttpPart {
  std::string name;
  std::string content_type;
  std::string body;
};

/// One request as it stood on the wire, its target split but percent-decoded only per part, so that an encoded slash in
/// an external id value stays in its segment.
struct HttpRequest {
  std::string method;
  /// The target as sent, without the query string.
  std::string raw_path;
  /// Decoded path segments; `//` and a trailing `/` leave no empty segment (spec §0.16, §9).
  std::vector<std::string> segments;
  /// Decoded query parameters in order of appearance.
  std::vector<std::pair<std::string, std::string>> query;
  /// Names in lower case.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  /// Of a multipart/form-data body, which then is not in `body`; at most kPartsMax.
  std::vector<HttpPart> parts;
  /// True when the body was cut off at the server's bound; the body is then empty.
  bool body_too_large = false;
  /// When its first byte was there: what the org's request time limit counts from.
  std::chrono::steady_clock::time_point arrived = std::chrono::steady_clock::now();
  /// "http" or "https".
  std::string scheme;
  /// The Host header, or the listener's address.
  std::string host;

  /// The first header of that (lower-case) name; empty when absent.
  std::string_view header(std::string_view lower_case_name) const;
  /// The first query parameter of that name.
  std::optional<std::string_view> param(std::string_view name) const;
  /// The part of that name, or null.
  const HttpPart* part(std::string_view name) const;
  /// scheme://host, the origin on which the caller stays (spec §7: instance_url by Host header).
  std::string origin() const { return scheme + "://" + host; }
};

/// Appends the next piece of a streamed body; false ends the body. Called on the connection's thread.
using BodySource = std::function<bool(std::string& piece)>;

struct HttpResponse {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string content_type = "application/json;charset=UTF-8";
  std::string body;
  /// When set, the body is sent in chunks from here and `body` is ignored.
  BodySource stream;
  ConnectionFate fate = ConnectionFate::keep;

  void set_header(std::string name, std::string value) { headers.emplace_back(std::move(name), std::move(value)); }
};

using HttpHandler = std::function<HttpResponse(const HttpRequest&)>;

/// %XX decoding; '+' is a blank only in a query or a form. A malformed escape is kept as it stands.
std::string percent_decode(std::string_view text, bool plus_is_blank);
/// Keeps the unreserved characters of RFC 3986 and escapes everything else.
std::string percent_encode(std::string_view text);
/// Decoded `name=value` pairs of a query string or form body, at most kFormPairsMax of them.
std::vector<std::pair<std::string, std::string>> parse_form(std::string_view text);
/// Decoded segments of a path without the empty ones.
std::vector<std::string> split_path(std::string_view path);
std::string to_lower(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);

inline constexpr size_t kFormPairsMax = 1000;
inline constexpr size_t kPartsMax = 100;

}  // namespace orgsim
