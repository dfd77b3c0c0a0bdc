#include "rules/send_window.h"

#include <gtest/gtest.h>

namespace duet::rules {
namespace {

TEST(SendWindow, GrowsToItsLimitWhileAllGoesWell) {
  SendWindow window({.parallel = 20, .records = 1'000, .call_ms = 15'000});
  for (TimeMs at = 0; at < 40; ++at) window.answered({1'000, at, at + 10, 0, false});
  EXPECT_EQ(window.parallel(), 20U);
  EXPECT_EQ(window.records(), 1'000U);
}

TEST(SendWindow, HalvesOnceForTheCallsOfOneRound) {
  SendWindow window({.parallel = 20, .records = 1'000, .call_ms = 15'000});
  for (TimeMs at = 0; at < 40; ++at) window.answered({200, at, at + 1, 0, false});
  for (int i = 0; i < 5; ++i) window.answered({200, 50, 60, 3, false});
  EXPECT_EQ(window.parallel(), 10U) << "the calls of that round all began before the window was cut";
  window.answered({200, 70, 80, 1, false});
  EXPECT_EQ(window.parallel(), 5U);
}

TEST(SendWindow, TakesFewerRecordsWhereParallelismIsNotTheCause) {
  SendWindow window;
  for (TimeMs at = 0; at < 20; ++at) window.answered({200, at * 10, at * 10 + 5, 1, false});
  EXPECT_EQ(window.parallel(), 1U);
  EXPECT_LE(window.records(), 100U);
  EXPECT_GE(window.records(), 10U);
}

TEST(SendWindow, ASlowObjectGetsShorterCalls) {
  SendWindow window({.parallel = 20, .records = 1'000, .call_ms = 15'000});
  window.answered({200, 0, 3'000, 0, false});
  EXPECT_EQ(window.records(), 1'000U) << "5 × 3 s";
  window.answered({1'000, 3'000, 63'000, 0, false});
  EXPECT_LE(window.records(), 600U);
  EXPECT_EQ(window.records() % 200, 0U);
  EXPECT_GT(window.parallel(), 8U) << "slow is no reason for fewer at a time";
}

TEST(SendWindow, AutomationThatGoesBeyondItsLimitsGetsSmallerTransactions) {
  SendWindow window;
  window.answered({200, 0, 10, 0, false, false, true});
  EXPECT_EQ(window.records(), 100U);
  EXPECT_EQ(window.parallel(), 8U);
}

TEST(SendWindow, CallsWithoutAnAnswerGetShorter) {
  SendWindow window;
  window.answered({1, 0, 10, 0, false, true});
  EXPECT_EQ(window.records(), 1'000U) << "a single record was not too long";
  window.answered({1'000, 20, 3'020, 0, false, true});
  EXPECT_LE(window.records(), 500U);
  for (TimeMs at = 4'000; at < 4'100; at += 10) window.answered({window.records(), at, at + 5, 0, false, true});
  EXPECT_EQ(window.records(), 10U);
  for (TimeMs at = 5'000; at < 6'000; at += 10) window.answered({window.records(), at, at + 5, 0, false, false});
  EXPECT_GT(window.records(), 400U) << "and longer again when answers come";
}

TEST(SendWindow, AnOverrunOrgGetsFewerCallsAtATime) {
  SendWindow window;
  window.answered({200, 0, 10, 0, true});
  EXPECT_EQ(window.parallel(), 4U);
}

}  // namespace
}  // namespace duet::rules
