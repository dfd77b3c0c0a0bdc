#include "salesforce/rest_error.h"

#include <array>

#include <nlohmann/json.hpp>

namespace duet::salesforce {
namespace {

constexpr std::size_t kMaxMessage = 1'000;
/// The first time; whoever is refused again waits longer.
constexpr long kDailyLimitWaitMs = 5'000;
constexpr long kConcurrentLimitWaitMs = 2'000;

struct CodeKind {
  std::string_view code;
  ErrorKind kind;
};

constexpr auto kCodes = std::to_array<CodeKind>({
    {"UNABLE_TO_LOCK_ROW", ErrorKind::row_locked},
    {"DUPLICATE_VALUE", ErrorKind::duplicate},
    {"DUPLICATE_EXTERNAL_ID", ErrorKind::duplicate},
    {"ENTITY_IS_DELETED", ErrorKind::deleted},
    {"NOT_FOUND", ErrorKind::not_found},
    {"INVALID_SESSION_ID", ErrorKind::auth_expired},
    {"INVALID_AUTH_HEADER", ErrorKind::auth_expired},
    {"REQUEST_LIMIT_EXCEEDED", ErrorKind::throttled},
    {"TXN_SECURITY_METERING_ERROR", ErrorKind::throttled},
    {"TXN_TIMED_OUT", ErrorKind::throttled},
    {"OPERATION_TOO_LARGE", ErrorKind::rejected},
    {"ALL_OR_NONE_OPERATION_ROLLED_BACK", ErrorKind::throttled},
    {"PROCESSING_HALTED", ErrorKind::throttled},
    {"INVALID_QUERY_LOCATOR", ErrorKind::network},
    {"SERVER_UNAVAILABLE", ErrorKind::network},
    {"UNKNOWN_EXCEPTION", ErrorKind::network},
    {"QUERY_TIMEOUT", ErrorKind::timeout},
    {"INVALID_FIELD", ErrorKind::schema_changed},
    {"INVALID_FIELD_FOR_INSERT_UPDATE", ErrorKind::schema_changed},
    {"INVALID_TYPE", ErrorKind::schema_changed},
    {"INVALIDENTITY", ErrorKind::schema_changed},
    {"INSUFFICIENT_ACCESS", ErrorKind::forbidden},
    {"INSUFFICIENT_ACCESS_OR_READONLY", ErrorKind::forbidden},
    {"INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", ErrorKind::forbidden},
    {"API_DISABLED_FOR_ORG", ErrorKind::forbidden},
    {"API_CURRENTLY_DISABLED", ErrorKind::forbidden},
    {"FEATURENOTENABLED", ErrorKind::forbidden},
});

ErrorKind kind_of_status(int status) {
  switch (status) {
    case 401:
      return ErrorKind::auth_expired;
    case 403:
      return ErrorKind::forbidden;
    case 404:
      return ErrorKind::not_found;
    case 412:
      return ErrorKind::not_found;
    case 408:
      return ErrorKind::timeout;
    case 406:
    case 420:
    case 429:
      return ErrorKind::throttled;
    default:
      return status >= 500 ? ErrorKind::network : ErrorKind::rejected;
  }
}

bool tells_of_a_lock(std::string_view message) {
  return message.find("UNABLE_TO_LOCK_ROW") != std::string_view::npos ||
         message.find("unable to obtain exclusive access") != std::string_view::npos;
}

/// Apex limits count for all records of a transaction: with fewer of them the same record may pass.
bool tells_of_a_transaction_limit(std::string_view message) {
  return message.contains("CPU time limit exceeded") || message.contains("Too many SOQL queries") ||
         message.contains("Too many DML") || message.contains("Too many query rows") ||
         message.contains("LimitException");
}

ErrorKind kind_of(std::string_view code, std::string_view message, int status) {
  // A trigger or flow passes on what it met inside.
  if (code == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" || code == "CANNOT_EXECUTE_FLOW_TRIGGER") {
    if (tells_of_a_lock(message)) return ErrorKind::row_locked;
    if (tells_of_a_transaction_limit(message)) return ErrorKind::throttled;
  }
  // Of a record it is about the record (400); of a call, about the org.
  if (code == "LIMIT_EXCEEDED") return status == 0 || status == 400 ? ErrorKind::rejected : ErrorKind::throttled;
  if (code == "INVALID_FIELD" && message.find("Foreign key external ID") != std::string_view::npos)
    return ErrorKind::rejected;
  if (code == "INVALID_CROSS_REFERENCE_KEY") return status == 404 ? ErrorKind::not_found : ErrorKind::rejected;
  for (const CodeKind& entry : kCodes) {
    if (entry.code == code) return entry.kind;
  }
  return status == 0 ? ErrorKind::rejected : kind_of_status(status);
}

std::string text_of(const nlohmann::json& json, const char* key) {
  auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Error error_of_code(std::string_view code, std::string_view message, int status) {
  Error error;
  error.kind = kind_of(code, message, status);
  error.code = code.substr(0, 100);
  error.message = message.substr(0, kMaxMessage);
  if (code == "REQUEST_LIMIT_EXCEEDED") {
    bool concurrent = message.find("Concurrent") != std::string_view::npos;
    error.retry_after_ms = concurrent ? kConcurrentLimitWaitMs : kDailyLimitWaitMs;
  }
  return error;
}

Error error_of_answer(int status, std::string_view body) {
  nlohmann::json answer = nlohmann::json::parse(body, nullptr, false);
  if (answer.is_array() && !answer.empty()) answer = nlohmann::json(answer[0]);
  if (answer.is_object()) {
    std::string code = text_of(answer, "errorCode");
    if (code.empty()) code = text_of(answer, "statusCode");
    if (code.empty()) code = text_of(answer, "error");
    std::string message = text_of(answer, "message");
    if (message.empty()) message = text_of(answer, "error_description");
    if (!code.empty() && status != 412) return error_of_code(code, message, status);
  }
  Error error;
  error.kind = body.starts_with("Bad_OAuth_Token") ? ErrorKind::auth_expired : kind_of_status(status);
  error.code = status == 412 ? "PRECONDITION_FAILED" : "HTTP " + std::to_string(status);
  error.message = status == 412   ? "The record was modified in the org meanwhile"
                  : status >= 500 ? "Salesforce does not work at the moment"
                                  : "Salesforce refused the call";
  return error;
}

}  // namespace duet::salesforce
