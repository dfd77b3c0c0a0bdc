#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orgsim/server/http_message.h"
#include "orgsim/server/oauth.h"

namespace orgsim {

/// {"error","error_description"}: OAuth's errors are an object (spec §2.0).
HttpResponse oauth_error(std::string_view error, std::string_view description, int status = 400);

/// Parameters of body and query, and the client as the body or HTTP Basic names it.
struct OAuth::Form {
  explicit Form(const HttpRequest& request);
  /// The first parameter of that name; empty when there is none.
  std::string get(std::string_view name) const;

  std::vector<std::pair<std::string, std::string>> pairs;
  std::string client_id;
  std::string client_secret;
};

}  // namespace orgsim
