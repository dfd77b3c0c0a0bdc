#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace duet {

/// What went wrong, in the closed set that decides what happens next (design §3, "Errors are values").
enum class ErrorKind {
  network,
  timeout,
  throttled,
  auth_expired,
  row_locked,
  duplicate,
  rejected,
  not_found,
  deleted,
  forbidden,
  schema_changed,
  outcome_unknown,
  store_down,
  store_constraint,
  bad_data,
  config,
  cancelled,
  bug,
};

/// What the engine does about an error. Nothing but policy_of() decides on retries.
enum class Reaction {
  retry_with_backoff,
  refresh_then_retry,
  reread_then_decide,
  park_with_hint,
  stop,
};

struct Error {
  ErrorKind kind = ErrorKind::bug;
  /// The other side's own code where there is one: `UNABLE_TO_LOCK_ROW`, SQLSTATE `23505`, `HTTP 503`.
  std::string code;
  /// One sentence for a person. Never holds field values or secrets.
  std::string message;
  /// What to do, or the context: a file and line, a field, a URL path.
  std::string detail;
  std::shared_ptr<const Error> cause;
  std::optional<long> retry_after_ms;
};

struct ErrorPolicy {
  Reaction reaction;
  /// What a person can do when the error stays.
  std::string_view hint;
};

/// The one table of reactions.
ErrorPolicy policy_of(ErrorKind kind);

std::string_view name_of(ErrorKind kind);

/// "message (code): detail", with causes; for logs and terminals.
std::string describe(const Error& error);

/// What to do about this error: its detail, its kind's hint, or both where the detail only says more of what happened.
std::string advice_of(const Error& error);

}  // namespace duet
