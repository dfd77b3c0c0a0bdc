#pragma once

#include <memory>
#include <string>

#include "engine/worker.h"
#include "postgres/session.h"

namespace duet::runtime {

/// Keeps the trigger log in order: requeues what apps asked for, moves processed rows to the archive and purges that
/// (spec/heroku-connect.md §2.3, §2.4).
class MaintenanceWorker final : public engine::Worker {
 public:
  MaintenanceWorker(std::string url, std::string schema) : url_(std::move(url)), schema_(std::move(schema)) {}

  std::string_view name() const override { return "maintenance"; }
  Result<engine::Step> step() override;

 private:
  std::string url_;
  std::string schema_;
  std::unique_ptr<postgres::Session> session_;
};

}  // namespace duet::runtime
