#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "api/backend.h"
#include "postgres/session.h"
#include "runtime/app.h"

namespace duet::api {

/// The API on a running app. Issues and journal are read over one database session per connection, one reader at a
/// time. Thread safe.
class AppBackend final : public Backend {
 public:
  explicit AppBackend(runtime::App& app) : app_(app) {}

  Result<std::string> status(const std::string& connection) override;
  Result<std::string> mappings(const std::string& connection) override;
  Result<std::string> issues(const std::string& connection, const IssueQuery& query) override;
  Result<std::string> issue(const std::string& connection, std::int64_t id) override;
  Result<std::string> journal(const std::string& connection, const JournalQuery& query) override;
  std::string metrics() override;
  Result<void> ready() override;

 private:
  using Read = std::function<Result<std::string>(postgres::Session& session, int connection_id)>;

  /// Runs a read on the connection's session; opens it again once when it broke.
  Result<std::string> read(const std::string& connection, const Read& read);

  runtime::App& app_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<postgres::Session>> sessions_;  ///< by name of the connection
};

}  // namespace duet::api
