#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "postgres/rows.h"

struct pg_conn;

namespace duet::postgres {

using Param = std::optional<std::string>;  ///< text format; nothing is NULL

struct Statement {
  std::string sql;
  std::vector<Param> params;
};

/// Code of the error for a parameter that cannot be sent.
inline constexpr const char* kNulByte = "NUL_BYTE";

/// What a session is for; it decides its settings and its patience.
enum class SessionRole {
  engine,    ///< reads and writes rows: xmlbinary=hex, yields locks after 200 ms (design §6)
  admin,     ///< DDL and answers for people: waits longer, plans as the server likes
  listener,  ///< only waits for notifications
};

/// One connection to PostgreSQL, without a pooler in between. Every call has a deadline. One thread at a time.
class Session {
 public:
  /// Connects within ten seconds. `store_down` when the server cannot be reached, `config` when it refuses us.
  static Result<std::unique_ptr<Session>> connect(const std::string& url, SessionRole role);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Ends the session; the server rolls back what is open.
  void close();

  /// The connection can no longer be used: open another one.
  bool broken() const { return broken_; }

  /// One statement, prepared once per session. Outside of a transaction block it commits by itself.
  Result<Rows> query(std::string_view sql, std::vector<Param> params = {});

  /// All statements in one round trip, in order. The first error ends the rest. Outside of a transaction block all of
  /// them are one transaction. Parameters with NUL bytes are `bad_data` with code kNulByte,
  /// and nothing is sent.
  Result<std::vector<Rows>> run(std::span<const Statement> statements);

  /// Several statements separated by semicolons, without parameters, as one transaction unless they say otherwise.
  Result<void> execute(const std::string& script);

  /// COPY … FROM STDIN: start, data, and the number of rows at the end.
  Result<void> start_copy(const std::string& sql);
  Result<void> put_copy(std::string_view bytes);
  Result<long> end_copy();

  /// Waits for a notification, at most `wait_ms`. All that came are taken.
  Result<bool> wait_notification(TimeMs wait_ms);

  /// Quoted for use in SQL (PQescapeIdentifier, PQescapeLiteral).
  std::string identifier(std::string_view name) const;
  std::string literal(std::string_view text) const;

 private:
  Session(pg_conn* connection, SessionRole role);

  struct Sent {
    std::string sql;
    bool prepares = false;  ///< a PREPARE went out before it
  };

  Result<void> apply_settings();
  Result<void> make_room_for_statements();
  Result<Sent> send(const Statement& statement);
  Result<std::vector<Rows>> collect(std::span<const Sent> sent, TimeMs deadline);
  /// Sends what is queued and takes what comes meanwhile, so that neither side blocks the other.
  Result<void> flush(TimeMs deadline);
  Result<void> wait(short events, TimeMs deadline);
  /// The next result, or null at the end of a command's results.
  Result<pg_result*> next_result(TimeMs deadline);
  /// The results of a command outside of pipeline mode: the last, or the first error.
  Result<Rows> drain(TimeMs deadline);
  TimeMs deadline() const;
  std::unexpected<Error> lose(ErrorKind kind, std::string_view message);

  pg_conn* connection_;
  SessionRole role_;
  bool broken_ = false;
  std::unordered_map<std::string, std::string> prepared_;  ///< name by text
  unsigned long next_name_ = 0;
};

}  // namespace duet::postgres
