#include "orgsim/server/oauth_form.h"

#include <nlohmann/json.hpp>

#include "orgsim/server/json_answer.h"
#include "orgsim/server/jwt.h"

namespace orgsim {

HttpResponse oauth_error(std::string_view error, std::string_view description, int status) {
  return json_answer(status, {{"error", error}, {"error_description", description}});
}

OAuth::Form::Form(const HttpRequest& request) : pairs(parse_form(request.body)) {
  pairs.insert(pairs.end(), request.query.begin(), request.query.end());
  client_id = get("client_id");
  client_secret = get("client_secret");
  constexpr std::string_view kBasic = "basic ";
  const std::string_view header = request.header("authorization");
  if (client_id.empty() && equals_ignoring_case(header.substr(0, kBasic.size()), kBasic)) {
    const std::string text = base64_decode(header.substr(kBasic.size())).value_or("");
    const std::size_t colon = text.find(':');
    client_id = percent_decode(text.substr(0, colon), true);
    if (colon != std::string::npos) client_secret = percent_decode(text.substr(colon + 1), true);
  }
}

std::string OAuth::Form::get(std::string_view name) const {
  for (const auto& [key, value] : pairs) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace orgsim
