#include "runtime/budget_meter.h"

#include <gtest/gtest.h>

namespace duet::runtime {
namespace {

constexpr TimeMs kMinute = 60'000;

TEST(BudgetMeter, SaysNothingTooSoon) {
  BudgetMeter meter;
  EXPECT_FALSE(meter.forecast().per_hour);
  meter.note(0, {100, 1'000});
  meter.note(2 * kMinute, {200, 1'000});
  EXPECT_FALSE(meter.forecast().per_hour);
}

TEST(BudgetMeter, SaysWhenItIsUsedUp) {
  BudgetMeter meter;
  for (int minute = 0; minute <= 10; ++minute) meter.note(minute * kMinute, {100 + minute * 10, 1'400});
  EXPECT_DOUBLE_EQ(meter.forecast().per_hour.value(), 600);
  EXPECT_EQ(meter.forecast().exhausted_in_ms, 2 * 60 * kMinute);
}

TEST(BudgetMeter, LooksAtTheLastHourAndFallsToNothing) {
  BudgetMeter meter;
  for (int minute = 0; minute <= 180; ++minute)
    meter.note(minute * kMinute, {minute < 60 ? minute * 100 : 6'000, 100'000});
  EXPECT_DOUBLE_EQ(meter.forecast().per_hour.value(), 0);
  EXPECT_FALSE(meter.forecast().exhausted_in_ms);
  meter.note(181 * kMinute, {10, 100'000});
  EXPECT_DOUBLE_EQ(meter.forecast().per_hour.value(), 0);
}

TEST(BudgetMeter, ASlowRateDoesNotUseUpTheDay) {
  BudgetMeter meter;
  meter.note(0, {0, 100'000});
  meter.note(30 * kMinute, {10, 100'000});
  EXPECT_DOUBLE_EQ(meter.forecast().per_hour.value(), 20);
  EXPECT_FALSE(meter.forecast().exhausted_in_ms);
}

}  // namespace
}  // namespace duet::runtime
