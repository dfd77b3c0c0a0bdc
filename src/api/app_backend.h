#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

#include "api/app_feed.h"
#include "api/backend.h"
#include "api/feed.h"
#include "postgres/session.h"
#include "runtime/app.h"
#include "runtime/issue_actions.h"

namespace duet::api {

/// The API on a running app. What it shows is read over one database session per connection, one reader at a time; each
/// action has a session of its own. Thread safe.
class AppBackend final : public Backend {
 public:
  AppBackend(runtime::App& app, ports::Clock& clock)
      : app_(app), clock_(clock), app_feed_(app), feed_([this] { return app_feed_.look(); }) {}

  Result<std::string> status(const std::string& connection) override;
  Result<std::string> mappings(const std::string& connection) override;
  Result<std::string> issues(const std::string& connection, const IssueQuery& query) override;
  Result<std::string> issue(const std::string& connection, std::int64_t id) override;
  Result<std::string> journal(const std::string& connection, const JournalQuery& query) override;
  Result<std::string> record(const std::string& connection, const RecordQuery& query) override;
  Result<std::string> history(const std::string& connection, const HistoryQuery& query) override;
  Result<std::string> audit(const std::string& connection, const AuditQuery& query) override;
  Result<std::string> webhooks(const std::string& connection) override;
  Result<std::string> preview(const std::string& connection, const PreviewRequest& request) override;
  Result<std::string> act(const std::string& connection, const Caller& caller, std::int64_t id,
                          const ActionRequest& request) override;
  Result<std::string> act_on_all(const std::string& connection, const Caller& caller,
                                 const BulkRequest& request) override;
  Result<std::string> revert_entry(const std::string& connection, const Caller& caller, std::int64_t id,
                                   bool force) override;
  Result<void> set_paused(const std::string& connection, const Caller& caller, bool all, bool outbound) override;
  Result<std::shared_ptr<TextSource>> listen(const std::string& connection) override;
  std::string metrics() override;
  Result<void> ready() override;

 private:
  /// What a read gets: the connection's session, its configuration and its id.
  struct Reading {
    postgres::Session& session;
    const runtime::ConnectionConfig& config;
    int connection_id = 0;
  };
  using Read = std::function<Result<std::string>(const Reading& reading)>;

  /// Runs a read on the connection's session; opens it again once when it broke.
  Result<std::string> read(const std::string& connection, const Read& read);
  void count(const std::string& action, const std::string& outcome, std::uint64_t by = 1);

  runtime::App& app_;
  ports::Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<postgres::Session>> sessions_;  ///< by name of the connection
  std::mutex count_mutex_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> actions_;  ///< by action and outcome
  AppFeed app_feed_;
  Feed feed_;  ///< last: its thread uses everything above
};

}  // namespace duet::api
