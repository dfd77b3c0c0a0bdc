#pragma once

#include <memory>
#include <string>

#include "engine/worker.h"
#include "postgres/issue_maintenance.h"
#include "postgres/session.h"

namespace duet::runtime {

/// Keeps the trigger log in order: requeues what apps asked for, moves processed rows to the archive and purges that
/// (spec/heroku-connect.md §2.3, §2.4). Settles issues that are past, and forgets what is older than its retention.
class MaintenanceWorker final : public engine::Worker {
 public:
  MaintenanceWorker(std::string url, std::string schema, postgres::IssueRetention issues)
      : url_(std::move(url)), schema_(std::move(schema)), issues_(issues) {}

  std::string_view name() const override { return "maintenance"; }
  Result<engine::Step> step() override;

 private:
  std::string url_;
  std::string schema_;
  postgres::IssueRetention issues_;
  std::unique_ptr<postgres::Session> session_;
};

}  // namespace duet::runtime
