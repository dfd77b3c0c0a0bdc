#include "orgsim/server/bulk_query.h"

#include "orgsim/core/ids.h"

namespace orgsim {

std::shared_ptr<BulkQueryJob> BulkQueryJobs::add(BulkQueryJob job) {
  const std::scoped_lock lock(mutex_);
  job.id = make_id("750", next_++);
  rows_ += job.cursor.total_size();
  while (!jobs_.empty() && (jobs_.size() >= kJobsMax || rows_ > kRowsMax)) {
    rows_ -= jobs_.begin()->second->cursor.total_size();
    jobs_.erase(jobs_.begin());
  }
  auto shared = std::make_shared<BulkQueryJob>(std::move(job));
  jobs_[shared->id] = shared;
  return shared;
}

std::shared_ptr<BulkQueryJob> BulkQueryJobs::find(std::string_view id) {
  const std::scoped_lock lock(mutex_);
  const auto found = jobs_.find(canonical_id(id).value_or(std::string(id)));
  return found == jobs_.end() ? nullptr : found->second;
}

bool BulkQueryJobs::remove(std::string_view id) {
  const std::scoped_lock lock(mutex_);
  const auto found = jobs_.find(canonical_id(id).value_or(std::string(id)));
  if (found == jobs_.end()) return false;
  rows_ -= found->second->cursor.total_size();
  jobs_.erase(found);
  return true;
}

std::vector<std::shared_ptr<BulkQueryJob>> BulkQueryJobs::list() {
  const std::scoped_lock lock(mutex_);
  std::vector<std::shared_ptr<BulkQueryJob>> out;
  for (const auto& [id, job] : jobs_) out.push_back(job);
  return out;
}

}  // namespace orgsim
