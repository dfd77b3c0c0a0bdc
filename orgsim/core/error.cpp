#include "orgsim/core/error.h"

#include "orgsim/core/value.h"

namespace orgsim {

Error make_error(std::string_view code, std::string message, std::vector<std::string> fields) {
  if (!is_utf8(message)) {
    for (char& c : message) {
      if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    }
  }
  return {std::string(code), std::move(message), std::move(fields)};
}

int http_status(std::string_view code) {
  if (code == codes::kNotFound || code == codes::kEntityIsDeleted) return 404;
  if (code == codes::kPreconditionFailed) return 412;
  if (code == "INVALID_SESSION_ID" || code == "INVALID_AUTH_HEADER") return 401;
  if (code == "REQUEST_LIMIT_EXCEEDED" || code == "API_DISABLED_FOR_ORG" || code == "OPERATION_TOO_LARGE") return 403;
  if (code == "METHOD_NOT_ALLOWED") return 405;
  if (code == "UNKNOWN_EXCEPTION") return 500;
  if (code == "SERVER_UNAVAILABLE") return 503;
  return 400;
}

}  // namespace orgsim
