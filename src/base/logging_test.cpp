#include "base/logging.h"

#include <gtest/gtest.h>

namespace duet {
namespace {

TEST(Logging, TextQuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(format_log_line(LogFormat::text, LogLevel::info, "loaded",
                            {{"object", "Account"}, {"rows", 12}, {"why", "a b"}, {"empty", ""}}),
            R"(info  loaded object=Account rows=12 why="a b" empty="")");
}

TEST(Logging, ALineStaysOneLine) {
  EXPECT_EQ(format_log_line(LogFormat::text, LogLevel::warn, "odd", {{"name", "x\ny\"z"}}),
            R"(warn  odd name="x\u000ay\"z")");
  EXPECT_EQ(format_log_line(LogFormat::json, LogLevel::error, "odd", {{"name", "x\ny"}, {"n", -3}, {"yes", true}}),
            R"("level":"error","event":"odd","name":"x\u000ay","n":-3,"yes":true)");
}

TEST(Logging, LevelsByName) {
  EXPECT_EQ(log_level_from_name("warn"), LogLevel::warn);
  EXPECT_FALSE(log_level_from_name("loud"));
}

TEST(RepeatLimiter, LetsTheFirstAndThenOnePerInterval) {
  RepeatLimiter limiter(1'000);
  EXPECT_EQ(limiter.pass("down", 0), 0);
  EXPECT_FALSE(limiter.pass("down", 10));
  EXPECT_FALSE(limiter.pass("down", 999));
  EXPECT_EQ(limiter.pass("down", 1'000), 2);
  EXPECT_EQ(limiter.pass("other", 1'001), 0);
  limiter.reset();
  EXPECT_EQ(limiter.pass("other", 1'002), 0);
}

}  // namespace
}  // namespace duet
