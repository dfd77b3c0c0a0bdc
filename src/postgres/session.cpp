#include "postgres/session.h"

#include <poll.h>

#include <chrono>
#include <cstring>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "postgres/server_error.h"
#include "postgres/sql_files.h"

namespace duet::postgres {
namespace {

constexpr TimeMs kConnectMs = 10'000;
constexpr TimeMs kEngineDeadlineMs = 70'000;  ///< above statement_timeout, so that the server speaks first
constexpr TimeMs kAdminDeadlineMs = 1'800'000;
constexpr std::size_t kMaxPrepared = 500;

TimeMs steady_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

struct Cancel {
  void operator()(pg_conn* connection) const { PQfinish(connection); }
};

/// libpq's own message names host and user, never a value or the password; its first line says what matters.
std::string first_line(const char* text) {
  std::string_view line = text ? text : "";
  line = line.substr(0, line.find('\n'));
  return std::string(line);
}

std::unexpected<Error> connect_error(pg_conn* connection) {
  std::string detail = first_line(PQerrorMessage(connection));
  for (std::string_view refused : {"password authentication failed", "no password supplied", "does not exist",
                                   "no pg_hba.conf entry", "Peer authentication failed"}) {
    if (detail.find(refused) != std::string::npos) {
      return fail(ErrorKind::config, "PostgreSQL refuses the connection; check postgres.url", {}, std::move(detail));
    }
  }
  return fail(ErrorKind::store_down, "cannot connect to PostgreSQL", {}, std::move(detail));
}

}  // namespace

Session::Session(pg_conn* connection, SessionRole role) : connection_(connection), role_(role) {}

Session::~Session() { PQfinish(connection_); }

void Session::close() {
  PQfinish(connection_);
  connection_ = nullptr;
  broken_ = true;
}

Result<std::unique_ptr<Session>> Session::connect(const std::string& url, SessionRole role) {
  const std::string timeout = std::to_string(kConnectMs / kMsPerSecond);
  const char* names[] = {"dbname",
                         "connect_timeout",
                         "tcp_user_timeout",
                         "keepalives_idle",
                         "client_encoding",
                         "fallback_application_name",
                         nullptr};
  const char* values[] = {url.c_str(), timeout.c_str(), "30000", "15", "UTF8", "duet", nullptr};
  std::unique_ptr<pg_conn, Cancel> connection(PQconnectdbParams(names, values, 1));
  if (!connection || PQstatus(connection.get()) != CONNECTION_OK) return connect_error(connection.get());
  PQsetNoticeProcessor(connection.get(), [](void*, const char*) {}, nullptr);
  PQsetnonblocking(connection.get(), 1);
  std::unique_ptr<Session> session(new Session(connection.release(), role));
  DUET_TRY(session->apply_settings());
  return session;
}

Result<void> Session::apply_settings() {
  DUET_TRY(execute(std::string(sql_file("session/common.sql"))));
  if (role_ == SessionRole::engine) DUET_TRY(execute(std::string(sql_file("session/engine.sql"))));
  if (role_ == SessionRole::admin) DUET_TRY(execute(std::string(sql_file("session/admin.sql"))));
  return {};
}

TimeMs Session::deadline() const {
  return steady_now() + (role_ == SessionRole::admin ? kAdminDeadlineMs : kEngineDeadlineMs);
}

std::unexpected<Error> Session::lose(ErrorKind kind, std::string_view message) {
  broken_ = true;
  return fail(kind, std::string(message), {}, first_line(PQerrorMessage(connection_)));
}

Result<void> Session::wait(short events, TimeMs deadline) {
  pollfd poll_fd{PQsocket(connection_), events, 0};
  while (true) {
    const TimeMs left = deadline - steady_now();
    if (left <= 0) return lose(ErrorKind::timeout, "PostgreSQL does not answer");
    const int ready = poll(&poll_fd, 1, static_cast<int>(left));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) return lose(ErrorKind::store_down, "the connection to PostgreSQL is broken");
  }
}

Result<void> Session::flush(TimeMs deadline) {
  while (true) {
    const int left = PQflush(connection_);
    if (left == 0) return {};
    if (left < 0) return lose(ErrorKind::store_down, "the connection to PostgreSQL is broken");
    DUET_TRY(wait(POLLIN | POLLOUT, deadline));
    if (PQconsumeInput(connection_) == 0) return lose(ErrorKind::store_down, "the connection to PostgreSQL is broken");
  }
}

Result<pg_result*> Session::next_result(TimeMs deadline) {
  while (PQisBusy(connection_) != 0) {
    DUET_TRY(wait(POLLIN, deadline));
    if (PQconsumeInput(connection_) == 0) return lose(ErrorKind::store_down, "the connection to PostgreSQL is broken");
  }
  pg_result* result = PQgetResult(connection_);
  if (PQstatus(connection_) == CONNECTION_BAD) {
    PQclear(result);
    return lose(ErrorKind::store_down, "the connection to PostgreSQL is broken");
  }
  return result;
}

Result<Rows> Session::drain(TimeMs deadline) {
  DUET_TRY(flush(deadline));
  Rows last;
  std::optional<Error> error;
  while (pg_result* result = DUET_TRY(next_result(deadline))) {
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_FATAL_ERROR && !error) error = server_error(result);
    last = Rows(result);
    if (status == PGRES_COPY_IN) break;
  }
  if (error) return std::unexpected(std::move(*error));
  return last;
}

Result<Rows> Session::query(std::string_view sql, std::vector<Param> params) {
  const Statement statement{std::string(sql), std::move(params)};
  auto results = DUET_TRY(run({&statement, 1}));
  return std::move(results.front());
}

Result<void> Session::execute(const std::string& script) {
  if (broken_) return fail(ErrorKind::store_down, "the connection to PostgreSQL is broken");
  if (PQsendQuery(connection_, script.c_str()) == 0)
    return lose(ErrorKind::store_down, "the connection to PostgreSQL is broken");
  DUET_TRY(drain(deadline()));
  return {};
}

Result<void> Session::make_room_for_statements() {
  if (prepared_.size() < kMaxPrepared || PQtransactionStatus(connection_) == PQTRANS_INERROR) return {};
  DUET_TRY(execute("DEALLOCATE ALL"));
  prepared_.clear();
  return {};
}

Result<Session::Sent> Session::send(const Statement& statement) {
  Sent sent{statement.sql, false};
  auto [entry, fresh] = prepared_.try_emplace(statement.sql);
  if (fresh) {
    entry->second = fmt::format("s{}", next_name_++);
    sent.prepares = true;
    if (PQsendPrepare(connection_, entry->second.c_str(), statement.sql.c_str(), 0, nullptr) == 0) {
      return lose(ErrorKind::store_down, "the connection to PostgreSQL is broken");
    }
  }
  std::vector<const char*> values;
  values.reserve(statement.params.size());
  for (const Param& param : statement.params) values.push_back(param ? param->c_str() : nullptr);
  if (PQsendQueryPrepared(connection_, entry->second.c_str(), static_cast<int>(values.size()), values.data(), nullptr,
                          nullptr, 0) == 0) {
    return lose(ErrorKind::store_down, "the connection to PostgreSQL is broken");
  }
  return sent;
}

Result<std::vector<Rows>> Session::run(std::span<const Statement> statements) {
  if (broken_) return fail(ErrorKind::store_down, "the connection to PostgreSQL is broken");
  for (const Statement& statement : statements) {
    for (const Param& param : statement.params) {
      if (param && param->find('\0') != std::string::npos) {
        return fail(ErrorKind::bad_data, "a text has a NUL byte, which PostgreSQL cannot store", kNulByte);
      }
    }
  }
  DUET_TRY(make_room_for_statements());
  const TimeMs until = deadline();
  if (PQenterPipelineMode(connection_) == 0) return lose(ErrorKind::store_down, "the connection to PostgreSQL is busy");
  std::vector<Sent> sent;
  sent.reserve(statements.size());
  for (const Statement& statement : statements) sent.push_back(DUET_TRY(send(statement)));
  if (PQpipelineSync(connection_) == 0) return lose(ErrorKind::store_down, "the connection to PostgreSQL is broken");
  DUET_TRY(flush(until));
  auto results = collect(sent, until);
  // A plan that no longer fits the table cannot be used again: the next session plans anew.
  if (!results && results.error().code == "0A000") broken_ = true;
  if (!broken_ && PQexitPipelineMode(connection_) == 0)
    return lose(ErrorKind::bug, "results of a pipeline are left over");
  return results;
}

Result<std::vector<Rows>> Session::collect(std::span<const Sent> sent, TimeMs deadline) {
  std::vector<Rows> results;
  results.reserve(sent.size());
  std::optional<Error> error;
  // Every command answers with one result and a null.
  auto take = [&]() -> Result<pg_result*> {
    pg_result* result = DUET_TRY(next_result(deadline));
    if (result && PQresultStatus(result) == PGRES_FATAL_ERROR && !error) error = server_error(result);
    (void)DUET_TRY(next_result(deadline));
    return result;
  };
  for (const Sent& each : sent) {
    if (each.prepares) {
      const Rows prepared(DUET_TRY(take()));
      if (!prepared.ok()) prepared_.erase(each.sql);
    }
    results.emplace_back(DUET_TRY(take()));
  }
  PQclear(DUET_TRY(next_result(deadline)));  // PGRES_PIPELINE_SYNC
  if (error) return std::unexpected(std::move(*error));
  return results;
}

Result<void> Session::start_copy(const std::string& sql) { return execute(sql); }

Result<void> Session::put_copy(std::string_view bytes) {
  if (broken_) return fail(ErrorKind::store_down, "the connection to PostgreSQL is broken");
  const TimeMs until = deadline();
  while (true) {
    const int queued = PQputCopyData(connection_, bytes.data(), static_cast<int>(bytes.size()));
    if (queued < 0) return lose(ErrorKind::store_down, "the connection to PostgreSQL is broken");
    // Nothing stays in libpq's buffer, which would grow without bound otherwise.
    DUET_TRY(flush(until));
    if (queued == 1) return {};
  }
}

Result<long> Session::end_copy() {
  if (broken_) return fail(ErrorKind::store_down, "the connection to PostgreSQL is broken");
  if (PQputCopyEnd(connection_, nullptr) < 0)
    return lose(ErrorKind::store_down, "the connection to PostgreSQL is broken");
  const Rows rows = DUET_TRY(drain(steady_now() + kAdminDeadlineMs));
  return rows.affected();
}

Result<bool> Session::wait_notification(TimeMs wait_ms) {
  if (broken_) return fail(ErrorKind::store_down, "the connection to PostgreSQL is broken");
  auto take_all = [&] {
    bool any = false;
    while (PGnotify* notification = PQnotifies(connection_)) {
      PQfreemem(notification);
      any = true;
    }
    return any;
  };
  if (take_all()) return true;
  pollfd poll_fd{PQsocket(connection_), POLLIN, 0};
  const int ready = poll(&poll_fd, 1, static_cast<int>(wait_ms));
  if (ready > 0 && PQconsumeInput(connection_) == 0)
    return lose(ErrorKind::store_down, "the connection to PostgreSQL is broken");
  return take_all();
}

std::string Session::identifier(std::string_view name) const {
  char* quoted = PQescapeIdentifier(connection_, name.data(), name.size());
  std::string text = quoted ? quoted : "\"\"";
  PQfreemem(quoted);
  return text;
}

std::string Session::literal(std::string_view text) const {
  char* quoted = PQescapeLiteral(connection_, text.data(), text.size());
  std::string out = quoted ? quoted : "NULL";
  PQfreemem(quoted);
  return out;
}

}  // namespace duet::postgres
