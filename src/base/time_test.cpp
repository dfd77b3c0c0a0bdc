#include "base/time.h"

#include <gtest/gtest.h>

namespace duet {
namespace {

TEST(Time, KnownDays) {
  EXPECT_EQ(days_from_civil(1970, 1, 1), 0);
  EXPECT_EQ(days_from_civil(2000, 2, 29), 11'016);
  EXPECT_EQ(days_from_civil(1969, 12, 31), -1);
  EXPECT_EQ(days_from_civil(1600, 3, 1), -135'080);
}

TEST(Time, EveryDayOfEightCenturiesGoesThereAndBack) {
  for (std::int32_t days = days_from_civil(1600, 1, 1); days < days_from_civil(2400, 1, 1); ++days) {
    const CivilDate date = civil_from_days(days);
    ASSERT_EQ(days_from_civil(date.year, date.month, date.day), days);
    ASSERT_EQ(parse_date(format_date(days)).value(), days);
  }
}

TEST(Time, ReadsTheZonesThatSalesforceAndPostgresWrite) {
  const TimeMs expected = 1'769'853'600'123;
  for (const char* text :
       {"2026-01-31T10:00:00.123Z", "2026-01-31T10:00:00.123+0000", "2026-01-31T11:30:00.123+01:30",
        "2026-01-31 10:00:00.123", "2026-01-31 10:00:00.123456+00", "2026-01-31T08:00:00.123-02:00"}) {
    EXPECT_EQ(parse_timestamp(text).value(), expected) << text;
  }
  EXPECT_EQ(format_timestamp(expected), "2026-01-31T10:00:00.123Z");
  EXPECT_EQ(parse_timestamp("2026-01-31T10:00:00.5Z").value() % 1000, 500);
}

TEST(Time, WritesTimesBefore1970) {
  EXPECT_EQ(format_timestamp(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(parse_timestamp("1969-12-31T23:59:59.999Z").value(), -1);
}

TEST(Time, RefusesWhatIsNoTime) {
  for (const char* text : {"", "2026", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z",
                           "2026-01-31T24:00:00Z", "2026-01-31T10:00:00.Z", "2026-01-31T10:00:00Zx",
                           "2026-01-31T10:00:00+", "2026-01-31", "2026-01-31T10:00:60Z", "20a6-01-31T10:00:00Z"}) {
    auto parsed = parse_timestamp(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().kind, ErrorKind::bad_data);
  }
  EXPECT_FALSE(parse_date("2026-01-31 "));
  EXPECT_FALSE(parse_date("1900-02-29"));
}

TEST(Time, TimesOfDay) {
  EXPECT_EQ(parse_time_of_day("10:05:07.25Z").value(), 36'307'250);
  EXPECT_EQ(parse_time_of_day("10:05").value(), 36'300'000);
  EXPECT_EQ(format_time_of_day(36'307'250), "10:05:07.250");
  EXPECT_FALSE(parse_time_of_day("10"));
  EXPECT_FALSE(parse_time_of_day("25:00:00"));
}

}  // namespace
}  // namespace duet
