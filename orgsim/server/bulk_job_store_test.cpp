#include "orgsim/server/bulk_job_store.h"

#include <gtest/gtest.h>

namespace orgsim {
namespace {

struct Job {
  static constexpr std::uint64_t kWeightMax = 100;
  std::string id;
  std::uint64_t held = 0;

  [[nodiscard]] std::uint64_t weight() const { return held; }
};

TEST(BulkJobStore, TheOldestGoWhenAllTogetherAreTooHeavy) {
  BulkIds ids;
  BulkJobStore<Job> store;
  std::vector<std::shared_ptr<Job>> jobs;
  for (int i = 0; i < 4; ++i) {
    jobs.push_back(std::make_shared<Job>(ids.job(), 0));
    store.add(jobs.back());
  }
  // Their content comes later.
  for (const auto& job : jobs) {
    job->held = 40;
    store.make_room(job->id);
  }
  EXPECT_EQ(store.find(jobs[0]->id), nullptr);
  EXPECT_EQ(store.find(jobs[1]->id), nullptr);
  EXPECT_EQ(store.find(jobs[2]->id), jobs[2]);
  // One that is too heavy alone stays: its own content is bounded elsewhere.
  jobs[2]->held = 1'000;
  store.make_room(jobs[2]->id);
  ASSERT_EQ(store.list().size(), 1U);
  EXPECT_EQ(store.list()[0], jobs[2]);
}

TEST(BulkJobStore, TheNumberOfJobsIsBounded) {
  BulkIds ids;
  BulkJobStore<Job> store;
  const std::string first = ids.job();
  store.add(std::make_shared<Job>(first, 0));
  for (std::size_t i = 0; i < BulkJobStore<Job>::kJobsMax; ++i) store.add(std::make_shared<Job>(ids.job(), 0));
  EXPECT_EQ(store.list().size(), BulkJobStore<Job>::kJobsMax);
  EXPECT_EQ(store.find(first), nullptr);
}

}  // namespace
}  // namespace orgsim
