#include "orgsim/core/time_text.h"

#include <gtest/gtest.h>

namespace orgsim {
namespace {

constexpr std::int64_t kTenOClock = 1'767'261'600'000;  // 2026-01-01T10:00:00Z

TEST(TimeText, ReadsEveryDateTimeForm) {
  for (const char* text : {"2026-01-01T10:00:00Z", "2026-01-01T10:00:00.000Z", "2026-01-01T10:00:00+0000",
                           "2026-01-01T10:00:00.000+00:00", "2026-01-01T02:00:00-08:00", "2026-01-01T15:30:00+0530"}) {
    EXPECT_EQ(parse_datetime(text), kTenOClock) << text;
  }
  EXPECT_EQ(parse_datetime("2026-01-01T10:00:00.25Z"), kTenOClock + 250);
}

TEST(TimeText, RejectsWhatIsNoDateTime) {
  for (const char* text :
       {"", "2026-01-01", "2026-01-01T10:00:00", "2026-13-01T10:00:00Z", "2026-02-29T10:00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01T10:00:00.Z", "2026-01-01T10:00:00Zx", "0001-01-01T00:00:00Z", "2026-01-01 10:00:00Z"}) {
    EXPECT_FALSE(parse_datetime(text)) << text;
  }
}

TEST(TimeText, WritesTheFormOfEachApi) {
  EXPECT_EQ(rest_datetime(kTenOClock), "2026-01-01T10:00:00.000+0000");
  EXPECT_EQ(bulk_datetime(kTenOClock), "2026-01-01T10:00:00.000Z");
  EXPECT_EQ(rest_datetime(-1000), "1969-12-31T23:59:59.000+0000");
}

TEST(TimeText, DatesRoundTripOverTheRange) {
  EXPECT_EQ(parse_date("1970-01-01"), 0);
  EXPECT_EQ(parse_date("2024-02-29"), 19782);
  EXPECT_FALSE(parse_date("2023-02-29"));
  EXPECT_FALSE(parse_date("2023-02-2"));
  for (std::int64_t days = *parse_date("1700-01-01"); days < *parse_date("4000-12-31"); days += 17) {
    ASSERT_EQ(parse_date(date_text(days)), days);
  }
}

TEST(TimeText, TimesOfDay) {
  EXPECT_EQ(parse_time("10:20:30.400Z"), 37'230'400);
  EXPECT_EQ(parse_time("10:20:30"), 37'230'000);
  EXPECT_EQ(time_text(37'230'400), "10:20:30.400Z");
  EXPECT_FALSE(parse_time("25:00:00Z"));
}

TEST(TimeText, HttpDates) {
  EXPECT_EQ(parse_http_date("Thu, 01 Jan 2026 10:00:00 GMT"), kTenOClock);
  EXPECT_EQ(http_date(kTenOClock), "Thu, 01 Jan 2026 10:00:00 GMT");
  EXPECT_FALSE(parse_http_date("2026-01-01T10:00:00Z"));
  EXPECT_FALSE(parse_http_date("Thu, 32 Jan 2026 10:00:00 GMT"));
}

}  // namespace
}  // namespace orgsim
