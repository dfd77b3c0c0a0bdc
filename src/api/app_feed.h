#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "postgres/session.h"
#include "runtime/app.h"

namespace duet::api {

/// Looks at a running app for what happened since the last look: status, issues, journal. One thread.
class AppFeed {
 public:
  explicit AppFeed(runtime::App& app) : app_(app) {}

  static std::string status_event(const runtime::AppStatus& status);

  /// Server-sent events.
  std::vector<std::string> look();

 private:
  struct Seen {
    std::unique_ptr<postgres::Session> session;
    int connection_id = 0;
    std::map<std::string, std::string> known;  ///< what was told, by table and id, with its version
    bool began = false;
  };

  Result<void> look_at(const runtime::ConnectionConfig& connection, Seen& seen, std::vector<std::string>& events);

  runtime::App& app_;
  std::map<std::string, Seen> seen_;
  std::string status_;
  int turns_ = 0;
};

}  // namespace duet::api
