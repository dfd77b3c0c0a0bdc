#include "support/sql_session.h"

#include <chrono>
#include <stdexcept>
#include <thread>

#include <libpq-fe.h>

namespace duet::test {
namespace {

std::vector<SqlSession::Row> rows_of(const PGresult* result) {
  std::vector<SqlSession::Row> rows(static_cast<std::size_t>(PQntuples(result)));
  for (int r = 0; r < PQntuples(result); ++r) {
    for (int c = 0; c < PQnfields(result); ++c) {
      SqlSession::Row& row = rows[static_cast<std::size_t>(r)];
      if (PQgetisnull(result, r, c)) {
        row.push_back(std::nullopt);
      } else {
        row.emplace_back(std::string(PQgetvalue(result, r, c), static_cast<std::size_t>(PQgetlength(result, r, c))));
      }
    }
  }
  return rows;
}

}  // namespace

SqlSession::SqlSession(const std::string& url) : connection_(PQconnectdb(url.c_str())) {
  if (PQstatus(connection_) != CONNECTION_OK) {
    const std::string message = PQerrorMessage(connection_);
    PQfinish(connection_);
    throw std::runtime_error(message);
  }
  PQsetNoticeProcessor(connection_, [](void*, const char*) {}, nullptr);
}

SqlSession::~SqlSession() { PQfinish(connection_); }

std::vector<SqlSession::Row> SqlSession::collect() {
  std::vector<Row> rows;
  std::string error;
  while (PGresult* result = PQgetResult(connection_)) {
    if (PQresultStatus(result) == PGRES_FATAL_ERROR) {
      const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
      error = std::string(state ? state : "08006") + ": " + PQresultErrorMessage(result);
    }
    rows = rows_of(result);
    PQclear(result);
  }
  if (!error.empty()) throw std::runtime_error(error);
  return rows;
}

void SqlSession::execute(const std::string& sql) { rows(sql); }

std::vector<SqlSession::Row> SqlSession::rows(const std::string& sql) {
  start(sql);
  return collect();
}

std::string SqlSession::value(const std::string& sql) {
  const auto found = rows(sql);
  if (found.empty()) return "<none>";
  return found.front().front().value_or("<null>");
}

void SqlSession::start(const std::string& sql) {
  if (PQsendQuery(connection_, sql.c_str()) == 0) throw std::runtime_error(PQerrorMessage(connection_));
}

bool SqlSession::waits_for_lock(SqlSession& observer) {
  const std::string query =
      "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pid = " + std::to_string(process_id()) + ")";
  while (true) {
    if (observer.value(query) == "t") return true;
    if (PQconsumeInput(connection_) == 0 || PQisBusy(connection_) == 0) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

std::vector<SqlSession::Row> SqlSession::finish() { return collect(); }

int SqlSession::process_id() const { return PQbackendPID(connection_); }

std::string SqlSession::quote(const std::string& text) const {
  char* quoted = PQescapeLiteral(connection_, text.data(), text.size());
  std::string out = quoted;
  PQfreemem(quoted);
  return out;
}

}  // namespace duet::test
