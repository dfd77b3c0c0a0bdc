#include "rules/budget.h"

#include <gtest/gtest.h>

#include "rules/circuit.h"

namespace duet::rules {
namespace {

constexpr long kDaily = 100'000;

/// Edits at a steady rate: how many calls carry them, when each call takes all that has come.
long calls_for(Budget& budget, long edits, TimeMs every_ms, TimeMs& now, TimeMs* longest_wait = nullptr) {
  long calls = 0;
  TimeMs waiting_since = -1;
  const TimeMs begin = now;
  for (TimeMs end = begin + edits * every_ms; now < end; ++now) {
    if ((now - begin) % every_ms == 0 && waiting_since < 0) waiting_since = now;
    if (waiting_since < 0 || budget.wait(CallClass::edits, false, now) > 0) continue;
    if (longest_wait) *longest_wait = std::max(*longest_wait, now - waiting_since);
    budget.spent(CallClass::edits, 1, now);
    ++calls;
    waiting_since = -1;
  }
  return calls;
}

TEST(Budget, WithoutAWordOfTheOrgNothingIsLimited) {
  Budget budget;
  budget.spent(CallClass::edits, 1'000'000, 0);
  EXPECT_EQ(budget.wait(CallClass::edits, false, 0), 0);
  EXPECT_EQ(budget.wait(CallClass::verify, false, 0), 0);
  EXPECT_EQ(budget.report(0).state, BudgetReport::State::unknown);
}

TEST(Budget, AFewEditsGoOutAtOnce) {
  Budget budget;
  budget.observe(0, kDaily, 0);
  TimeMs now = 0;
  TimeMs longest = 0;
  EXPECT_EQ(calls_for(budget, 400, 10, now, &longest), 400);
  EXPECT_EQ(longest, 0);
  EXPECT_EQ(budget.report(now).state, BudgetReport::State::full_speed);
}

TEST(Budget, ATrickleThatGoesOnBecomesFewCalls) {
  Budget budget;
  budget.observe(0, kDaily, 0);
  TimeMs now = 0;
  calls_for(budget, 1'000, 10, now);
  EXPECT_EQ(budget.report(now).state, BudgetReport::State::paced);
  TimeMs longest = 0;
  EXPECT_LE(calls_for(budget, 10'000, 10, now, &longest), 60) << "100 edits a second";
  EXPECT_LE(longest, 5'000) << "and none of them waits for long";
}

TEST(Budget, TokensComeBackInQuietTimes) {
  Budget budget;
  budget.observe(0, kDaily, 0);
  TimeMs now = 0;
  calls_for(budget, 20'000, 10, now);
  now += 3'600'000;
  EXPECT_EQ(budget.wait(CallClass::edits, false, now), 0);
  EXPECT_EQ(calls_for(budget, 100, 10, now), 100);
}

TEST(Budget, ALargeOrgIsNotPacedAtAHundredEditsASecondForAWhile) {
  Budget budget;
  budget.observe(0, 10'000'000, 0);
  TimeMs now = 0;
  EXPECT_EQ(calls_for(budget, 2'000, 10, now), 2'000);
}

TEST(Budget, FullCallsDoNotWaitButCount) {
  Budget budget;
  budget.observe(0, kDaily, 0);
  for (int i = 0; i < 3'000; ++i) {
    EXPECT_EQ(budget.wait(CallClass::outbound, true, i), 0);
    budget.spent(CallClass::outbound, 1, i);
  }
  EXPECT_GT(budget.wait(CallClass::edits, false, 3'000), 0);
  EXPECT_TRUE(budget.is_short(3'000));
}

TEST(Budget, OthersUseMostOfIt) {
  Budget budget;
  budget.observe(95'000, kDaily, 0);
  EXPECT_EQ(budget.wait(CallClass::edits, false, 0), 0) << "people's edits go on";
  EXPECT_EQ(budget.wait(CallClass::outbound, true, 0), 0) << "so do mass changes";
  budget.spent(CallClass::catch_up, 1, 0);
  EXPECT_EQ(budget.wait(CallClass::catch_up, false, 0), 60'000) << "one a minute";
  EXPECT_GT(budget.wait(CallClass::backfill, false, 0), 0);
  EXPECT_GT(budget.wait(CallClass::verify, false, 0), 0);
  EXPECT_TRUE(budget.is_short(0));
  TimeMs now = 0;
  EXPECT_LE(calls_for(budget, 10'000, 10, now), 60) << "slower, by the pace of what is left";
}

TEST(Budget, BelowItsReserveAClassGoesOnOneCallAMinute) {
  Budget budget;
  budget.observe(98'000, kDaily, 0);
  budget.spent(CallClass::outbound, 1, 0);
  EXPECT_EQ(budget.wait(CallClass::outbound, true, 0), 60'000);
  EXPECT_EQ(budget.wait(CallClass::outbound, true, 60'000), 0) << "it never stops";
  budget.observe(kDaily, kDaily, 60'000);
  budget.spent(CallClass::edits, 1, 60'000);
  EXPECT_EQ(budget.report(60'000).state, BudgetReport::State::exhausted);
  EXPECT_EQ(budget.wait(CallClass::edits, false, 60'000), 30'000);
  EXPECT_EQ(budget.wait(CallClass::edits, false, 90'000), 0) << "a probe: only an answer tells that there is more";
}

TEST(Budget, ForecastsWhenTheLimitIsReached) {
  Budget budget;
  budget.observe(10'000, kDaily, 0);
  EXPECT_FALSE(budget.report(0).exhausted_in_ms);
  budget.observe(40'000, kDaily, 1'800'000);
  ASSERT_TRUE(budget.report(1'800'000).exhausted_in_ms);
  EXPECT_NEAR(static_cast<double>(*budget.report(1'800'000).exhausted_in_ms), 3'600'000, 1);
}

TEST(Circuit, OpensAfterSeveralFailuresAndProbes) {
  Circuit circuit;
  for (int i = 0; i < 4; ++i) circuit.failed(0);
  EXPECT_FALSE(circuit.open());
  circuit.failed(0);
  EXPECT_TRUE(circuit.open());
  for (int i = 0; i < 20; ++i) circuit.failed(1);
  EXPECT_EQ(circuit.wait(0), 1'000) << "calls that were under way tell nothing new";
  EXPECT_EQ(circuit.wait(1'000), 0);
  circuit.called(1'000);
  EXPECT_GT(circuit.wait(1'001), 0) << "one probe at a time";
  circuit.failed(1'100);
  EXPECT_EQ(circuit.wait(1'100), 2'000);
  TimeMs now = 1'100;
  for (int i = 0; i < 20; ++i) {
    now += circuit.wait(now);
    circuit.called(now);
    circuit.failed(now);
  }
  EXPECT_EQ(circuit.wait(now), 60'000);
  circuit.succeeded();
  EXPECT_FALSE(circuit.open());
  EXPECT_EQ(circuit.wait(2'000), 0);
}

TEST(Circuit, WaitsAsTheOrgAsksAndLongerEachTime) {
  Circuit circuit;
  circuit.failed(0, 2'000);
  EXPECT_TRUE(circuit.open());
  EXPECT_EQ(circuit.wait(500), 1'500);
  circuit.failed(2'000, 2'000);
  EXPECT_EQ(circuit.wait(2'000), 4'000);
  circuit.succeeded();
  EXPECT_FALSE(circuit.open());
  EXPECT_EQ(circuit.wait(500), 0);
}

}  // namespace
}  // namespace duet::rules
