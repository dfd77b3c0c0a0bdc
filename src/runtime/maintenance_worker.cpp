#include "runtime/maintenance_worker.h"

#include "postgres/log_maintenance.h"

namespace duet::runtime {
namespace {

constexpr TimeMs kIntervalMs = 5'000;

}  // namespace

Result<engine::Step> MaintenanceWorker::step() {
  if (!session_ || session_->broken())
    session_ = DUET_TRY(postgres::Session::connect(url_, postgres::SessionRole::engine));
  const postgres::LogRetention retention;
  const postgres::LogMaintenance done = DUET_TRY(postgres::maintain_log(*session_, schema_, retention));
  DUET_TRY(postgres::maintain_issues(*session_, schema_, issues_));
  const auto batch = static_cast<std::int64_t>(retention.batch);
  const bool more = done.requeued >= batch || done.ignored >= batch || done.archived >= batch || done.purged >= batch;
  return engine::Step{more, kIntervalMs};
}

}  // namespace duet::runtime
