#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/mapping.h"
#include "postgres/mapped_table.h"
#include "postgres/session.h"

namespace duet::postgres {

struct StoreOptions {
  std::string url;                    ///< libpq URL or key-value text; no pooler in between
  std::string schema = "salesforce";  ///< the synced schema
  int connection_id = 0;              ///< of duet.connection
  TimeMs lock_timeout_ms = 200;       ///< then the engine yields; below the server's deadlock_timeout (design §6)
  /// For other transactions of the engine, waited for while nothing is held yet: they end soon, and no app waits.
  TimeMs engine_wait_ms = 5'000;
};

/// An engine session with what the store remembers about its tables. One thread at a time.
class StoreSession {
 public:
  static Result<std::shared_ptr<StoreSession>> connect(const StoreOptions& options);

  Session& session() { return *session_; }
  const StoreOptions& options() const { return options_; }
  /// Schema of the hstore extension, quoted.
  const std::string& hstore() const { return hstore_; }
  std::string connection_id() const { return std::to_string(options_.connection_id); }
  /// For whoever learns it over this session.
  void set_connection_id(int id) { options_.connection_id = id; }

  const MappedTable& table(const Mapping& mapping);

 private:
  StoreSession(StoreOptions options, std::unique_ptr<Session> session, std::string hstore);

  StoreOptions options_;
  std::unique_ptr<Session> session_;
  std::string hstore_;
  std::map<std::int64_t, MappedTable> tables_;
};

/// A transaction that begins with its first statement, so that BEGIN costs no round trip.
class TransactionSession {
 public:
  explicit TransactionSession(std::shared_ptr<StoreSession> store) : store_(std::move(store)) {}
  /// Rolls back what is not committed.
  ~TransactionSession();
  TransactionSession(const TransactionSession&) = delete;
  TransactionSession& operator=(const TransactionSession&) = delete;

  StoreSession& store() { return *store_; }
  bool begun() const { return begun_; }

  Result<std::vector<Rows>> run(std::vector<Statement> statements);
  /// Goes out together with COMMIT.
  void defer(Statement statement) { deferred_.push_back(std::move(statement)); }

  /// Undoes everything since SAVEPOINT `name`, and the savepoint.
  Result<void> roll_back_to(const std::string& name);
  /// Undoes everything; the next statement begins anew.
  Result<void> roll_back();

  /// `outcome_unknown` when the answer was lost.
  Result<void> commit();

 private:
  std::shared_ptr<StoreSession> store_;
  bool begun_ = false;
  std::vector<Statement> deferred_;
};

}  // namespace duet::postgres
