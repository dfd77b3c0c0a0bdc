#include "postgres/store_session.h"

#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace duet::postgres {

Result<std::shared_ptr<StoreSession>> StoreSession::connect(const StoreOptions& options) {
  auto session = DUET_TRY(Session::connect(options.url, SessionRole::engine));
  const Rows rows =
      DUET_TRY(session->query("SELECT n.nspname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid "
                              "= e.extnamespace WHERE e.extname = 'hstore'"));
  if (rows.empty()) return fail(ErrorKind::config, "the extension hstore is missing", {}, "run `duet import` first");
  std::string hstore = session->identifier(rows.text(0, 0));
  return std::shared_ptr<StoreSession>(new StoreSession(options, std::move(session), std::move(hstore)));
}

StoreSession::StoreSession(StoreOptions options, std::unique_ptr<Session> session, std::string hstore)
    : options_(std::move(options)), session_(std::move(session)), hstore_(std::move(hstore)) {}

const MappedTable& StoreSession::table(const Mapping& mapping) {
  auto found = tables_.find(mapping.id);
  if (found == tables_.end())
    found = tables_.emplace(mapping.id, MappedTable(*session_, options_.schema, mapping)).first;
  return found->second;
}

TransactionSession::~TransactionSession() {
  if (begun_ && !store_->session().broken()) (void)roll_back();
}

Result<std::vector<Rows>> TransactionSession::run(std::vector<Statement> statements) {
  if (begun_) return store_->session().run(statements);
  statements.insert(statements.begin(), {"BEGIN", {}});
  begun_ = true;
  auto rows = DUET_TRY(store_->session().run(statements));
  rows.erase(rows.begin());
  return rows;
}

Result<void> TransactionSession::roll_back_to(const std::string& name) {
  const Statement statements[] = {{"ROLLBACK TO SAVEPOINT " + name, {}}, {"RELEASE SAVEPOINT " + name, {}}};
  DUET_TRY(store_->session().run(statements));
  return {};
}

Result<void> TransactionSession::roll_back() {
  begun_ = false;
  deferred_.clear();
  DUET_TRY(store_->session().query("ROLLBACK"));
  return {};
}

Result<void> TransactionSession::commit() {
  std::vector<Statement> statements = std::exchange(deferred_, {});
  if (!begun_ && statements.empty()) return {};
  statements.push_back({"COMMIT", {}});
  auto committed = run(std::move(statements));
  if (committed) {
    begun_ = false;
    return {};
  }
  Session& session = store_->session();
  if (!session.broken()) {
    (void)roll_back();
    return std::unexpected(std::move(committed).error());
  }
  begun_ = false;
  Error error{
      ErrorKind::outcome_unknown, {}, "the connection to PostgreSQL was lost during COMMIT", {}, nullptr, std::nullopt};
  error.cause = std::make_shared<const Error>(std::move(committed).error());
  return std::unexpected(std::move(error));
}

}  // namespace duet::postgres
