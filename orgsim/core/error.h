#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orgsim {

/// An error as Salesforce words it: `code` is errorCode / statusCode, `message` the text, `fields` the field names
/// (spec/salesforce-api.md §5). Never thrown; every call that can fail returns Outcome.
struct Error {
  std::string code;
  std::string message;
  std::vector<std::string> fields = {};
  std::string details = {};  ///< DUPLICATES_DETECTED: the duplicateResult as JSON; else empty

  bool operator==(const Error&) const = default;
};

template <typename T>
using Outcome = std::expected<T, Error>;

/// Messages repeat what the caller sent, so bytes that are no UTF-8 become '?': an error can always be shown as JSON.
[[nodiscard]] Error make_error(std::string_view code, std::string message, std::vector<std::string> fields = {});

[[nodiscard]] inline std::unexpected<Error> fail(std::string_view code, std::string message,
                                                 std::vector<std::string> fields = {}) {
  return std::unexpected(make_error(code, std::move(message), std::move(fields)));
}

/// The HTTP status that a single-record REST request answers with for this code (§5, §2.0): 404 for NOT_FOUND and
/// ENTITY_IS_DELETED, 412 for a failed condition, 401 for a session, 403 for a limit, 500 for an unknown exception,
/// else 400.
[[nodiscard]] int http_status(std::string_view error_code);

namespace codes {
inline constexpr std::string_view kAllOrNone = "ALL_OR_NONE_OPERATION_ROLLED_BACK";
inline constexpr std::string_view kBadPicklist = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST";
inline constexpr std::string_view kDeleteFailed = "DELETE_FAILED";
inline constexpr std::string_view kDuplicateExternalId = "DUPLICATE_EXTERNAL_ID";
inline constexpr std::string_view kDuplicateValue = "DUPLICATE_VALUE";
inline constexpr std::string_view kEntityIsDeleted = "ENTITY_IS_DELETED";
inline constexpr std::string_view kExceededIdLimit = "EXCEEDED_ID_LIMIT";
inline constexpr std::string_view kFieldIntegrity = "FIELD_INTEGRITY_EXCEPTION";
inline constexpr std::string_view kInvalidCrossReference = "INVALID_CROSS_REFERENCE_KEY";
inline constexpr std::string_view kInvalidEmail = "INVALID_EMAIL_ADDRESS";
inline constexpr std::string_view kInvalidField = "INVALID_FIELD";
inline constexpr std::string_view kInvalidFieldForWrite = "INVALID_FIELD_FOR_INSERT_UPDATE";
inline constexpr std::string_view kInvalidReplicationDate = "INVALID_REPLICATION_DATE";
inline constexpr std::string_view kInvalidType = "INVALID_TYPE";
inline constexpr std::string_view kInvalidTypeOnField = "INVALID_TYPE_ON_FIELD_IN_RECORD";
inline constexpr std::string_view kJsonParser = "JSON_PARSER_ERROR";
inline constexpr std::string_view kLimitExceeded = "LIMIT_EXCEEDED";
inline constexpr std::string_view kMalformedId = "MALFORMED_ID";
inline constexpr std::string_view kMalformedQuery = "MALFORMED_QUERY";
inline constexpr std::string_view kMissingArgument = "MISSING_ARGUMENT";
inline constexpr std::string_view kNotDeletable = "CANNOT_DELETE_MANAGED_OBJECT";
inline constexpr std::string_view kNotFound = "NOT_FOUND";
inline constexpr std::string_view kNumberOutsideRange = "NUMBER_OUTSIDE_VALID_RANGE";
inline constexpr std::string_view kPreconditionFailed = "PRECONDITION_FAILED";
inline constexpr std::string_view kReplayCorrupted = "fetch.replayid.corrupted";
inline constexpr std::string_view kReplayMissing = "fetch.replayid.validation.failed";
inline constexpr std::string_view kRequiredFieldMissing = "REQUIRED_FIELD_MISSING";
inline constexpr std::string_view kStringTooLong = "STRING_TOO_LONG";
inline constexpr std::string_view kTopicNotFound = "topic.not.found";
inline constexpr std::string_view kUnableToLockRow = "UNABLE_TO_LOCK_ROW";
inline constexpr std::string_view kUndeleteFailed = "UNDELETE_FAILED";
}  // namespace codes

}  // namespace orgsim
