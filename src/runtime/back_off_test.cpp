#include "runtime/back_off.h"

#include <gtest/gtest.h>

namespace duet::runtime {
namespace {

class FixedRandom final : public ports::Random {
 public:
  explicit FixedRandom(std::uint64_t value) : value_(value) {}
  std::uint64_t next() override { return value_; }

 private:
  std::uint64_t value_;
};

Error error_of(ErrorKind kind) {
  Error error;
  error.kind = kind;
  return error;
}

TEST(BackOff, DoublesToTheLimitAndStartsAgainAfterSuccess) {
  FixedRandom random(0);
  BackOff back_off(1'000, 8'000, random);
  const Error error = error_of(ErrorKind::network);
  for (TimeMs expected : {1'000, 2'000, 4'000, 8'000, 8'000}) EXPECT_EQ(back_off.after(error), expected);
  EXPECT_EQ(back_off.errors_in_a_row(), 5);
  back_off.reset();
  EXPECT_EQ(back_off.after(error), 1'000);
}

TEST(BackOff, NeverOverflows) {
  FixedRandom random(0);
  BackOff back_off(60'000, 3'600'000, random);
  for (int i = 0; i < 100; ++i) EXPECT_LE(back_off.after(error_of(ErrorKind::network)), 3'600'000);
}

TEST(BackOff, JitterTakesAtMostHalf) {
  FixedRandom random(500);
  BackOff back_off(1'000, 8'000, random);
  EXPECT_EQ(back_off.after(error_of(ErrorKind::timeout)), 500);
}

TEST(BackOff, WaitsAsLongAsTheOtherSideAsksWithinReason) {
  FixedRandom random(0);
  BackOff back_off(1'000, 8'000, random);
  Error error = error_of(ErrorKind::throttled);
  error.retry_after_ms = 30'000;
  EXPECT_EQ(back_off.after(error), 30'000);
  error.retry_after_ms = 1'000'000'000;
  EXPECT_EQ(back_off.after(error), kLongestRetryAfterMs);
  error.retry_after_ms = -5;
  EXPECT_EQ(back_off.after(error), 4'000);
}

TEST(BackOff, WhatNeedsAPersonIsTriedSlowly) {
  FixedRandom random(0);
  BackOff back_off(1'000, 8'000, random);
  EXPECT_EQ(back_off.after(error_of(ErrorKind::forbidden)), 8'000);
}

}  // namespace
}  // namespace duet::runtime
