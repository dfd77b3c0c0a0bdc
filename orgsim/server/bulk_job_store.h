#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "orgsim/core/ids.h"

namespace orgsim {

/// Gives out the ids of Bulk jobs ("750…"), batches ("751…") and results ("752…"). Safe from several threads.
class BulkIds {
 public:
  std::string job() { return make_id("750", next_job_++); }
  std::string batch() { return make_id("751", next_batch_++); }
  std::string result() { return make_id("752", next_result_++); }

 private:
  std::atomic<std::uint64_t> next_job_ = 1;
  std::atomic<std::uint64_t> next_batch_ = 1;
  std::atomic<std::uint64_t> next_result_ = 1;
};

/// Jobs of one kind by id, oldest first: at most kJobsMax of them and at most Job::kWeightMax of weight() together; the
/// oldest go, as after the org's seven days. Safe from several threads; take it with the org's access held.
template <typename Job>
class BulkJobStore {
 public:
  static constexpr std::size_t kJobsMax = 1'000;

  void add(std::shared_ptr<Job> job) {
    const std::string id = job->id;
    {
      const std::scoped_lock lock(mutex_);
      jobs_.emplace(id, std::move(job));
    }
    make_room(id);
  }

  /// To be called when the job has become heavier: the oldest of the others go while all together are too many.
  void make_room(std::string_view for_job) {
    const std::scoped_lock lock(mutex_);
    std::uint64_t weight = 0;
    for (const auto& [id, job] : jobs_) weight += job->weight();
    for (auto at = jobs_.begin(); at != jobs_.end() && (jobs_.size() > kJobsMax || weight > Job::kWeightMax);) {
      if (at->first == for_job) {
        ++at;
        continue;
      }
      weight -= at->second->weight();
      at = jobs_.erase(at);
    }
  }

  std::shared_ptr<Job> find(std::string_view id) {
    const std::scoped_lock lock(mutex_);
    const auto found = jobs_.find(canonical_id(id).value_or(std::string(id)));
    return found == jobs_.end() ? nullptr : found->second;
  }

  void remove(std::string_view id) {
    const std::scoped_lock lock(mutex_);
    if (const auto found = jobs_.find(id); found != jobs_.end()) jobs_.erase(found);
  }

  std::vector<std::shared_ptr<Job>> list() {
    const std::scoped_lock lock(mutex_);
    std::vector<std::shared_ptr<Job>> out;
    for (const auto& [id, job] : jobs_) out.push_back(job);
    return out;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Job>, std::less<>> jobs_;
};

}  // namespace orgsim
