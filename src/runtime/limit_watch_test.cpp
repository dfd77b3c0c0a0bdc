#include "runtime/limit_watch.h"

#include <gtest/gtest.h>

namespace duet::runtime {
namespace {

constexpr TimeMs kHour = 3'600'000;

TEST(LimitWatch, asks_at_once_and_every_hour) {
  LimitWatch watch;
  EXPECT_TRUE(watch.due(5));
  watch.missed(5);
  EXPECT_FALSE(watch.due(kHour));
  EXPECT_TRUE(watch.due(kHour + 5));
  watch.note(kHour + 5, {});
  EXPECT_FALSE(watch.due(2 * kHour));
}

TEST(LimitWatch, tells_a_limit_once_for_each_step_that_it_rises) {
  LimitWatch watch;
  const auto told = [&](long used) { return !watch.note(0, {{"DailyDeliveredPlatformEvents", used, 10'000}}).empty(); };
  EXPECT_FALSE(told(7'999));
  EXPECT_TRUE(told(8'000));
  EXPECT_FALSE(told(9'000));
  EXPECT_TRUE(told(9'500));
  EXPECT_TRUE(told(10'000));
  EXPECT_FALSE(told(10'000));
  EXPECT_FALSE(told(100)) << "the next day";
  EXPECT_TRUE(told(8'100));
  ASSERT_EQ(watch.limits().size(), 1u);
  EXPECT_EQ(watch.limits().front().used, 8'100);
}

}  // namespace
}  // namespace duet::runtime
