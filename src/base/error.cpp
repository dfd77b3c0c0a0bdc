#include "base/error.h"

#include <array>

#include <fmt/format.h>

namespace duet {
namespace {

struct Entry {
  ErrorKind kind;
  std::string_view name;
  ErrorPolicy policy;
};

constexpr auto kTable = std::to_array<Entry>({
    {ErrorKind::network, "network", {Reaction::retry_with_backoff, "check that the host can be reached"}},
    {ErrorKind::timeout, "timeout", {Reaction::retry_with_backoff, "check the load of the other side"}},
    {ErrorKind::throttled, "throttled", {Reaction::retry_with_backoff, "check the org's API limits"}},
    {ErrorKind::auth_expired,
     "auth_expired",
     {Reaction::refresh_then_retry, "check the credentials of the connection"}},
    {ErrorKind::row_locked, "row_locked", {Reaction::retry_with_backoff, "find who holds the record locked"}},
    {ErrorKind::duplicate, "duplicate", {Reaction::reread_then_decide, "compare the records that share the key"}},
    {ErrorKind::rejected, "rejected", {Reaction::park_with_hint, "change the value or the rule, then retry the issue"}},
    {ErrorKind::not_found,
     "not_found",
     {Reaction::reread_then_decide, "check that the integration user sees the record"}},
    {ErrorKind::deleted, "deleted", {Reaction::reread_then_decide, "the record is in the org's recycle bin"}},
    {ErrorKind::forbidden, "forbidden", {Reaction::park_with_hint, "grant the integration user the permission"}},
    {ErrorKind::schema_changed, "schema_changed", {Reaction::park_with_hint, "import the mapping again"}},
    {ErrorKind::outcome_unknown, "outcome_unknown", {Reaction::reread_then_decide, "wait: it is resolved by evidence"}},
    {ErrorKind::store_down,
     "store_down",
     {Reaction::retry_with_backoff, "check that PostgreSQL runs and accepts connections"}},
    {ErrorKind::store_constraint,
     "store_constraint",
     {Reaction::park_with_hint, "a constraint or trigger of the table refuses the row"}},
    {ErrorKind::bad_data, "bad_data", {Reaction::park_with_hint, "the value does not fit its type"}},
    {ErrorKind::config, "config", {Reaction::stop, "correct the configuration and start again"}},
    {ErrorKind::cancelled, "cancelled", {Reaction::stop, ""}},
    {ErrorKind::bug, "bug", {Reaction::stop, "report this with the log"}},
});

const Entry& entry_of(ErrorKind kind) {
  for (const Entry& entry : kTable) {
    if (entry.kind == kind) return entry;
  }
  return kTable.back();
}

}  // namespace

ErrorPolicy policy_of(ErrorKind kind) { return entry_of(kind).policy; }

std::string_view name_of(ErrorKind kind) { return entry_of(kind).name; }

std::string describe(const Error& error) {
  std::string text = error.message.empty() ? std::string(name_of(error.kind)) : error.message;
  if (!error.code.empty()) text += fmt::format(" ({})", error.code);
  if (!error.detail.empty()) text += fmt::format(": {}", error.detail);
  if (error.cause) text += fmt::format("; because {}", describe(*error.cause));
  return text;
}

std::string advice_of(const Error& error) {
  const std::string hint(policy_of(error.kind).hint);
  const bool detail_is_a_fact = policy_of(error.kind).reaction == Reaction::retry_with_backoff;
  if (error.detail.empty()) return hint;
  return detail_is_a_fact && !hint.empty() ? fmt::format("{} ({})", hint, error.detail) : error.detail;
}

}  // namespace duet
