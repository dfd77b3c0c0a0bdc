#include "runtime/worker_runner.h"

#include <deque>
#include <latch>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/system_ports.h"

namespace duet::runtime {
namespace {

/// Gives scripted results, then rests; tells the test how many steps there were.
class ScriptedWorker final : public engine::Worker {
 public:
  struct Script {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Result<engine::Step>> results;
    int steps = 0;

    bool wait_for_steps(int count) {
      std::unique_lock lock(mutex);
      return changed.wait_for(lock, std::chrono::seconds(20), [&] { return steps >= count; });
    }
  };

  explicit ScriptedWorker(Script& script) : script_(script) {}
  std::string_view name() const override { return "scripted"; }
  Result<engine::Step> step() override {
    std::lock_guard lock(script_.mutex);
    ++script_.steps;
    script_.changed.notify_all();
    if (script_.results.empty()) return engine::Step{false, 60'000};
    auto result = std::move(script_.results.front());
    script_.results.pop_front();
    return result;
  }

 private:
  Script& script_;
};

class WorkerRunnerTest : public ::testing::Test {
 protected:
  WorkerFactory factory(ScriptedWorker::Script& script) {
    return [&script]() -> Result<WorkerParts> {
      return WorkerParts{std::make_unique<ScriptedWorker>(script), nullptr, {}};
    };
  }
  RunnerOptions options() { return {"scripted", 1, 5, {}}; }
  static bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 20'000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return condition();
  }

  SystemClock clock_;
  SystemRandom random_;
};

TEST_F(WorkerRunnerTest, StepsAgainAtOnceWhileThereIsWorkThenRestsUntilWoken) {
  ScriptedWorker::Script script;
  script.results = {engine::Step{true, 0}, engine::Step{true, 0}};
  WorkerRunner runner(options(), factory(script), clock_, random_);
  ASSERT_TRUE(script.wait_for_steps(3));
  EXPECT_TRUE(eventually([&] { return runner.status().state == WorkerState::waiting; }));
  runner.wake();
  EXPECT_TRUE(script.wait_for_steps(4));
}

TEST_F(WorkerRunnerTest, ErrorsAreShownAndTriedAgain) {
  ScriptedWorker::Script script;
  script.results = {fail(ErrorKind::network, "down"), fail(ErrorKind::store_down, "down too")};
  WorkerRunner runner(options(), factory(script), clock_, random_);
  ASSERT_TRUE(script.wait_for_steps(3));
  EXPECT_TRUE(eventually([&] { return runner.status().state == WorkerState::waiting; }));
  EXPECT_FALSE(runner.status().last_error);
  EXPECT_EQ(runner.status().errors_in_a_row, 0);
}

TEST_F(WorkerRunnerTest, AFactoryThatFailsIsTriedAgain) {
  ScriptedWorker::Script script;
  std::atomic<int> tries = 0;
  WorkerRunner runner(
      options(),
      [&]() -> Result<WorkerParts> {
        if (++tries < 3) return fail(ErrorKind::store_down, "not yet");
        return WorkerParts{std::make_unique<ScriptedWorker>(script), nullptr, {}};
      },
      clock_, random_);
  EXPECT_TRUE(script.wait_for_steps(1));
  EXPECT_EQ(tries, 3);
}

TEST_F(WorkerRunnerTest, StopsWhereThePolicySaysStopAndKeepsTheReason) {
  ScriptedWorker::Script script;
  script.results = {fail(ErrorKind::config, "wrong password")};
  WorkerRunner runner(options(), factory(script), clock_, random_);
  ASSERT_TRUE(eventually([&] { return runner.finished(); }));
  const WorkerStatus status = runner.status();
  EXPECT_EQ(status.state, WorkerState::stopped);
  ASSERT_TRUE(status.last_error);
  EXPECT_EQ(status.last_error->message, "wrong password");
  EXPECT_EQ(script.steps, 1);
}

TEST_F(WorkerRunnerTest, PausedWorkersDoNotStep) {
  ScriptedWorker::Script script;
  std::atomic<bool> paused = true;
  RunnerOptions with_pause = options();
  with_pause.paused = [&] { return paused.load(); };
  WorkerRunner runner(with_pause, factory(script), clock_, random_);
  ASSERT_TRUE(eventually([&] { return runner.status().state == WorkerState::paused; }));
  EXPECT_EQ(script.steps, 0);
  paused = false;
  runner.wake();
  EXPECT_TRUE(script.wait_for_steps(1));
}

TEST_F(WorkerRunnerTest, EndsAtOnceWhenAsked) {
  ScriptedWorker::Script script;
  const TimeMs from = clock_.monotonic();
  {
    WorkerRunner runner(options(), factory(script), clock_, random_);
    ASSERT_TRUE(script.wait_for_steps(1));
  }
  EXPECT_LT(clock_.monotonic() - from, 30'000);
}

class CountingBell final : public Bell {
 public:
  explicit CountingBell(std::atomic<int>& waits) : waits_(waits) {}
  Result<void> wait(TimeMs wait_ms) override {
    EXPECT_LE(wait_ms, kBellSliceMs);
    if (++waits_ == 2) return fail(ErrorKind::store_down, "the bell's connection broke");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return {};
  }

 private:
  std::atomic<int>& waits_;
};

TEST_F(WorkerRunnerTest, StepsAfterEachWaitForTheBellAndOutlivesItsErrors) {
  ScriptedWorker::Script script;
  std::atomic<int> waits = 0;
  WorkerRunner runner(
      options(),
      [&]() -> Result<WorkerParts> {
        return WorkerParts{std::make_unique<ScriptedWorker>(script), std::make_unique<CountingBell>(waits), {}};
      },
      clock_, random_);
  EXPECT_TRUE(script.wait_for_steps(5));
  EXPECT_GE(waits, 4);
}

}  // namespace
}  // namespace duet::runtime
