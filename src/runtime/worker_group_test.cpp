#include "runtime/worker_group.h"

#include <set>

#include <gtest/gtest.h>

#include "runtime/load_queue.h"

namespace duet::runtime {
namespace {

class ManualClock final : public ports::Clock {
 public:
  TimeMs now() override { return time; }
  TimeMs monotonic() override { return time; }
  TimeMs time = 1'000'000;
};

class NoJitter final : public ports::Random {
 public:
  std::uint64_t next() override { return 0; }
};

class FunctionWorker final : public engine::Worker {
 public:
  explicit FunctionWorker(std::function<Result<engine::Step>()> step) : step_(std::move(step)) {}
  std::string_view name() const override { return "function"; }
  Result<engine::Step> step() override { return step_(); }

 private:
  std::function<Result<engine::Step>()> step_;
};

template <class Function>
std::unique_ptr<engine::Worker> worker(Function step) {
  return std::make_unique<FunctionWorker>(std::move(step));
}

TEST(WorkerGroup, AnErrorOfOneMakesOnlyThatOneWait) {
  ManualClock clock;
  NoJitter random;
  WorkerGroup group("group", {1'000, 8'000}, clock, random);
  int bad = 0;
  int good = 0;
  group.add("bad", worker([&]() -> Result<engine::Step> {
              ++bad;
              return fail(ErrorKind::forbidden, "no");
            }));
  group.add("good", worker([&]() -> Result<engine::Step> {
              ++good;
              return engine::Step{true, 0};
            }));
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(group.step());
  EXPECT_EQ(bad, 1);
  EXPECT_EQ(good, 5);
  EXPECT_EQ(group.current_error()->message, "no");
  clock.time += 8'000;
  ASSERT_TRUE(group.step());
  EXPECT_EQ(bad, 2);
}

TEST(WorkerGroup, RestingMembersAreNotAskedBeforeTheirTime) {
  ManualClock clock;
  NoJitter random;
  WorkerGroup group("group", {1'000, 8'000}, clock, random);
  int slow = 0;
  group.add("slow", worker([&]() -> Result<engine::Step> {
              ++slow;
              return engine::Step{false, 500};
            }));
  group.add("slower", worker([]() -> Result<engine::Step> { return engine::Step{false, 5'000}; }));
  EXPECT_EQ(group.step()->wait_ms, 500);
  clock.time += 400;
  EXPECT_EQ(group.step()->wait_ms, 100);
  EXPECT_EQ(slow, 1);
  clock.time += 100;
  EXPECT_FALSE(group.step()->worked);
  EXPECT_EQ(slow, 2);
}

TEST(LoadQueue, GivesEachMappingToOneAndRespectsItsTime) {
  Mapping account;
  Mapping contact;
  LoadQueue queue;
  queue.add(account);
  queue.add(contact);
  auto first = queue.take(0);
  ASSERT_EQ(first->mapping, &account);
  ASSERT_EQ(queue.take(0)->mapping, &contact);
  EXPECT_FALSE(queue.take(0));
  first->not_before = 10;
  queue.give_back(*first);
  EXPECT_FALSE(queue.take(9));
  EXPECT_EQ(queue.take(10)->mapping, &account);
}

TEST(LoadRunner, AMappingThatFailsHoldsUpNoOther) {
  ManualClock clock;
  NoJitter random;
  Mapping account;
  Mapping contact;
  LoadQueue queue;
  queue.add(account);
  queue.add(contact);
  std::set<const Mapping*> loaded;
  bool account_fails = true;
  LoadRunner runner(
      queue,
      [&](const Mapping& mapping) {
        return worker([&, &mapping = mapping]() -> Result<engine::Step> {
          if (&mapping == &account && account_fails) return fail(ErrorKind::forbidden, "no access");
          if (loaded.contains(&mapping)) return engine::Step{false, 1'000};
          loaded.insert(&mapping);
          return engine::Step{true, 0};
        });
      },
      [&](const Mapping& mapping) -> Result<bool> { return loaded.contains(&mapping); }, {1'000, 8'000}, clock, random);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(runner.step());
  EXPECT_TRUE(loaded.contains(&contact));
  EXPECT_FALSE(loaded.contains(&account));
  account_fails = false;
  clock.time += 8'000;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(runner.step());
  EXPECT_TRUE(loaded.contains(&account));
  EXPECT_FALSE(runner.current_error());
}

}  // namespace
}  // namespace duet::runtime
