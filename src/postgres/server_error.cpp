#include "postgres/server_error.h"

#include <array>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <libpq-fe.h>

namespace duet::postgres {
namespace {

struct Rule {
  std::string_view prefix;  ///< of the SQLSTATE; the first that fits decides
  ErrorKind kind;
  std::string_view message;  ///< empty: the server's own, which holds only names
};

constexpr auto kRules = std::to_array<Rule>({
    {"55P03", ErrorKind::row_locked, "another session holds the lock for longer than we wait"},
    {"40", ErrorKind::row_locked, "the transaction collided with another one"},
    {"23", ErrorKind::store_constraint, "a constraint of the table refuses the row"},
    {"44000", ErrorKind::store_constraint, "the view refuses the row"},
    {"27", ErrorKind::store_constraint, "a trigger of the table changes the row that is being written"},
    {"21", ErrorKind::store_constraint, "a statement of a trigger found more than one row"},
    {"P0", ErrorKind::store_constraint, "a trigger or function of the database raised an error"},
    {"DU", ErrorKind::store_constraint, "a trigger of the table leaves xmlbinary changed; it must set it back"},
    {"22", ErrorKind::bad_data, "a value does not fit its column"},
    {"28", ErrorKind::config, "the database refuses the user name or password"},
    {"3D", ErrorKind::config, ""},
    {"42501", ErrorKind::forbidden, ""},
    {"42", ErrorKind::schema_changed, ""},
    {"3F", ErrorKind::schema_changed, ""},
    {"0A", ErrorKind::schema_changed, ""},
    {"25006", ErrorKind::store_down, "the database is read-only: a standby, or set so"},
    {"25P03", ErrorKind::store_down, "the server ended a transaction that was idle for too long"},
    {"53", ErrorKind::store_down, "the server has no room for this: disk, memory or connections"},
    {"57014", ErrorKind::timeout, "the statement took longer than its limit"},
    {"57", ErrorKind::store_down, "the server is shutting down or starting"},
    {"58", ErrorKind::store_down, "the server has trouble with its files"},
    {"08", ErrorKind::store_down, "the connection to the server is broken"},
    {"XX", ErrorKind::store_down, "the server reports an internal error"},
});

std::string_view diagnostic(const PGresult* result, int field) {
  const char* text = PQresultErrorField(result, field);
  return text ? text : "";
}

void append(std::string& out, std::string_view label, std::string_view name) {
  if (name.empty()) return;
  if (!out.empty()) out += ", ";
  fmt::format_to(std::back_inserter(out), "{} {}", label, name);
}

/// Where it happened, by names only. The context of a trigger's error is its first line: function and line number.
std::string place_of(const PGresult* result, std::string_view state) {
  std::string place;
  append(place, "table", diagnostic(result, PG_DIAG_TABLE_NAME));
  append(place, "column", diagnostic(result, PG_DIAG_COLUMN_NAME));
  append(place, "constraint", diagnostic(result, PG_DIAG_CONSTRAINT_NAME));
  if (state.starts_with("P0")) {
    const std::string_view context = diagnostic(result, PG_DIAG_CONTEXT);
    append(place, "in", context.substr(0, context.find_first_of("\n(")));
  }
  return place;
}

}  // namespace

Error server_error(const pg_result* result) {
  const std::string_view state = diagnostic(result, PG_DIAG_SQLSTATE);
  Error error{ErrorKind::bug, std::string(state), {}, place_of(result, state), nullptr, std::nullopt};
  for (const Rule& rule : kRules) {
    if (!state.starts_with(rule.prefix)) continue;
    error.kind = rule.kind;
    error.message = rule.message.empty() ? diagnostic(result, PG_DIAG_MESSAGE_PRIMARY) : rule.message;
    return error;
  }
  error.message = "the database reports an error that is not expected here";
  return error;
}

bool is_record_error(const Error& error) {
  return error.kind == ErrorKind::store_constraint || error.kind == ErrorKind::bad_data ||
         error.kind == ErrorKind::row_locked;
}

}  // namespace duet::postgres
