#include "salesforce/pubsub_error.h"

#include <array>
#include <string>

namespace duet::salesforce {
namespace {

constexpr std::string_view kPrefix = "sfdc.platform.eventbus.grpc.";
constexpr std::size_t kMaxMessage = 500;

struct CodeKind {
  std::string_view code;  ///< a part of the error code
  ErrorKind kind;
  std::string_view message;
};

constexpr auto kCodes = std::to_array<CodeKind>({
    {"replayid.corrupted", ErrorKind::bad_data,
     "The position in the event stream is unknown to the org or out of its retention"},
    {"replayid.validation.failed", ErrorKind::bad_data,
     "The position in the event stream is unknown to the org or out of its retention"},
    {"service.auth", ErrorKind::auth_expired, "The event stream refused the access token"},
    {"subscription.limit.exceeded", ErrorKind::throttled, "The org's limit of delivered events is used up"},
    {"protection", ErrorKind::throttled, "The event stream protects itself against too many calls"},
    {"concurrent.client.limit", ErrorKind::throttled, "Too many clients are subscribed to the org's events"},
    {"topic.not.found", ErrorKind::not_found, "The org has no such event channel"},
    {"topic.meta.permission", ErrorKind::forbidden, "The integration user may not see the event channel"},
    {"schema.meta.permission", ErrorKind::forbidden, "The integration user may not see the events' schema"},
    {"topic.cannot.subscribe", ErrorKind::forbidden, "The integration user may not subscribe to the event channel"},
    {"tenant.license", ErrorKind::forbidden, "The org has no licence for the Pub/Sub API"},
    {"service.unavailable", ErrorKind::network, "The event stream does not work at the moment"},
});

struct StatusKind {
  int status;
  std::string_view name;
  ErrorKind kind;
};

constexpr auto kStatuses = std::to_array<StatusKind>({
    {1, "CANCELLED", ErrorKind::network},
    {2, "UNKNOWN", ErrorKind::network},
    {3, "INVALID_ARGUMENT", ErrorKind::config},
    {4, "DEADLINE_EXCEEDED", ErrorKind::timeout},
    {5, "NOT_FOUND", ErrorKind::not_found},
    {7, "PERMISSION_DENIED", ErrorKind::forbidden},
    {8, "RESOURCE_EXHAUSTED", ErrorKind::throttled},
    {12, "UNIMPLEMENTED", ErrorKind::config},
    {13, "INTERNAL", ErrorKind::network},
    {14, "UNAVAILABLE", ErrorKind::network},
    {16, "UNAUTHENTICATED", ErrorKind::auth_expired},
});

}  // namespace

Error pubsub_error(int grpc_status, std::string_view error_code, std::string_view message) {
  if (error_code.starts_with(kPrefix)) error_code.remove_prefix(kPrefix.size());
  Error error;
  error.kind = ErrorKind::network;
  error.code = error_code.empty() ? "GRPC " + std::to_string(grpc_status) : std::string(error_code.substr(0, 100));
  error.message = grpc_status == 0 ? "Salesforce ended the event stream" : "The event stream broke";
  error.detail = message.substr(0, kMaxMessage);
  for (const StatusKind& entry : kStatuses) {
    if (entry.status != grpc_status) continue;
    error.kind = entry.kind;
    if (error_code.empty()) error.code = entry.name;
  }
  // Some servers leave the trailer out and name the code in the message.
  std::string_view told = error_code.empty() ? message : error_code;
  for (const CodeKind& entry : kCodes) {
    if (told.find(entry.code) == std::string_view::npos) continue;
    error.kind = entry.kind;
    error.message = entry.message;
    if (entry.kind == ErrorKind::bad_data) error.code = "replayid.corrupted";
    break;
  }
  return error;
}

}  // namespace duet::salesforce
