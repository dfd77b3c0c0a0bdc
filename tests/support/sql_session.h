#pragma once

#include <optional>
#include <string>
#include <vector>

struct pg_conn;

namespace duet::test {

/// A session of an application, with PostgreSQL's default settings. Errors are exceptions: std::runtime_error with
/// SQLSTATE and message.
class SqlSession {
 public:
  using Row = std::vector<std::optional<std::string>>;

  explicit SqlSession(const std::string& url);
  ~SqlSession();
  SqlSession(const SqlSession&) = delete;
  SqlSession& operator=(const SqlSession&) = delete;

  void execute(const std::string& sql);
  std::vector<Row> rows(const std::string& sql);
  /// The only column of the only row; "<null>" for NULL, "<none>" when there is no row.
  std::string value(const std::string& sql);

  /// Sends a statement and does not wait for its end.
  void start(const std::string& sql);
  /// Whether the started statement waits for a lock; false when it has ended.
  bool waits_for_lock(SqlSession& observer);
  /// Waits for the end of the started statement. Its rows.
  std::vector<Row> finish();

  int process_id() const;
  std::string quote(const std::string& text) const;

 private:
  std::vector<Row> collect();

  pg_conn* connection_;
};

}  // namespace duet::test
