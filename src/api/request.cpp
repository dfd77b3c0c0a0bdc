#include "api/request.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "model/schema.h"

namespace duet::api {
namespace {

int status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::not_found:
      return 404;
    case ErrorKind::config:
    case ErrorKind::bad_data:
      return 400;
    case ErrorKind::forbidden:
      return 403;
    case ErrorKind::duplicate:
    case ErrorKind::rejected:
      return 409;
    case ErrorKind::throttled:
      return 429;
    case ErrorKind::store_down:
    case ErrorKind::network:
    case ErrorKind::timeout:
    case ErrorKind::row_locked:
      return 503;
    default:
      return 500;
  }
}

}  // namespace

Response error_response(int status, const std::string& code, const std::string& message, const std::string& hint) {
  nlohmann::ordered_json body;
  body["error"] = {{"code", code}, {"message", message}, {"hint", hint}};
  return json_response(body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n", status);
}

Response error_response(const Error& error) {
  const std::string code = error.kind == ErrorKind::rejected && !error.code.empty() ? to_lower(error.code)
                                                                                    : std::string(name_of(error.kind));
  Response response = error_response(status_of(error.kind), code, error.message, advice_of(error));
  if (error.retry_after_ms)
    response.headers.emplace_back("Retry-After", fmt::format("{}", (*error.retry_after_ms + 999) / 1'000));
  return response;
}

Response json_response(std::string body, int status) {
  Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

Response no_content() {
  Response response;
  response.status = 204;
  return response;
}

}  // namespace duet::api
