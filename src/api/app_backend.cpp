#include "api/app_backend.h"

#include <fmt/format.h>

#include "postgres/issue_store.h"
#include "postgres/journal_store.h"
#include "runtime/record_json.h"

namespace duet::api {
namespace {

Result<int> connection_id(postgres::Session& session, const std::string& name) {
  const postgres::Rows rows = DUET_TRY(session.query("SELECT id FROM duet.connection WHERE name = $1", {name}));
  if (rows.empty())
    return fail(ErrorKind::not_found, "nothing has been imported for this connection", {}, "run: duet import FILE");
  return static_cast<int>(rows.integer(0, 0));
}

}  // namespace

Result<std::string> AppBackend::status(const std::string& connection) {
  return runtime::to_json(DUET_TRY(app_.status(connection)));
}

Result<std::string> AppBackend::mappings(const std::string& connection) {
  return runtime::mappings_to_json(DUET_TRY(app_.connection_status(connection)));
}

Result<std::string> AppBackend::read(const std::string& connection, const Read& read) {
  const runtime::ConnectionConfig* config = DUET_TRY(runtime::pick_connection(app_.config(), connection));
  std::lock_guard lock(mutex_);
  std::unique_ptr<postgres::Session>& session = sessions_[config->name];
  for (int tries = 0;; ++tries) {
    if (!session || session->broken())
      session = DUET_TRY(postgres::Session::connect(config->postgres.url, postgres::SessionRole::admin));
    const Result<int> id = connection_id(*session, config->name);
    auto result = id ? read(*session, *id) : Result<std::string>(std::unexpected(id.error()));
    if (result || !session->broken() || tries > 0) return result;
  }
}

Result<std::string> AppBackend::issues(const std::string& connection, const IssueQuery& query) {
  postgres::IssueFilter filter;
  filter.state = query.state;
  filter.object = query.object;
  filter.kind = query.kind;
  filter.before_id = query.page.before;
  filter.limit = static_cast<std::size_t>(query.page.limit);
  return read(connection, [&](postgres::Session& session, int id) -> Result<std::string> {
    return runtime::issues_to_json(DUET_TRY(postgres::IssueStore(session, id).list(filter)), filter.limit);
  });
}

Result<std::string> AppBackend::issue(const std::string& connection, std::int64_t id) {
  return read(connection, [&](postgres::Session& session, int connection_id) -> Result<std::string> {
    const auto found = DUET_TRY(postgres::IssueStore(session, connection_id).find(id));
    if (!found) return fail(ErrorKind::not_found, fmt::format("there is no issue {}", id), {}, "see /api/v1/issues");
    return runtime::issue_to_json(*found);
  });
}

Result<std::string> AppBackend::journal(const std::string& connection, const JournalQuery& query) {
  postgres::JournalFilter filter;
  filter.object = query.object;
  filter.sfid = query.sfid;
  filter.before_id = query.page.before;
  filter.limit = static_cast<std::size_t>(query.page.limit);
  return read(connection, [&](postgres::Session& session, int id) -> Result<std::string> {
    return runtime::journal_to_json(DUET_TRY(postgres::JournalStore(session, id).list(filter)), filter.limit);
  });
}

std::string AppBackend::metrics() {
  const auto status = app_.status({});
  return status ? runtime::to_metrics(*status) : std::string();
}

Result<void> AppBackend::ready() { return app_.ready(); }

}  // namespace duet::api
