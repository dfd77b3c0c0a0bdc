#pragma once

#include <optional>
#include <string_view>

#include "api/router.h"

namespace duet::api {

/// What a browser asked for.
struct DashboardRequest {
  std::string_view method;
  std::string_view path;
  std::string_view accept_encoding;  ///< Accept-Encoding header
  std::string_view if_none_match;    ///< If-None-Match header
};

/// The dashboard's answer: its files, and its page for every other path that a person can have in the address bar (the
/// page routes by itself). Nothing for what the API or operations answer: `/api/…`, `/metrics`, `/healthz`, `/readyz`,
/// and for methods other than GET and HEAD. Files whose name carries their hash may be kept for ever; the page is asked
/// for again each time. The caller must not compress a body that has a Content-Encoding header. Thread safe.
std::optional<Response> dashboard(const DashboardRequest& request);

}  // namespace duet::api
