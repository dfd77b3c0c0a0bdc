#include "orgsim/core/soql_date.h"

#include <gtest/gtest.h>

#include <string>

#include "orgsim/core/time_text.h"

namespace orgsim {
namespace {

/// "first..last" as seen from Wednesday, 2026-03-11.
std::string range(std::string_view text, std::string_view today = "2026-03-11") {
  const auto parsed = parse_soql_date(text);
  if (!parsed) return "none";
  const DayRange days = resolve(*parsed, *parse_date(today));
  return date_text(days.first) + ".." + date_text(days.last);
}

TEST(SoqlDate, Periods) {
  EXPECT_EQ(range("TODAY"), "2026-03-11..2026-03-11");
  EXPECT_EQ(range("yesterday"), "2026-03-10..2026-03-10");
  EXPECT_EQ(range("THIS_WEEK"), "2026-03-08..2026-03-14") << "from Sunday on";
  EXPECT_EQ(range("LAST_WEEK"), "2026-03-01..2026-03-07");
  EXPECT_EQ(range("LAST_MONTH"), "2026-02-01..2026-02-28");
  EXPECT_EQ(range("NEXT_MONTH", "2026-12-31"), "2027-01-01..2027-01-31");
  EXPECT_EQ(range("LAST_MONTH", "2026-01-15"), "2025-12-01..2025-12-31");
  EXPECT_EQ(range("THIS_QUARTER"), "2026-01-01..2026-03-31");
  EXPECT_EQ(range("NEXT_FISCAL_QUARTER"), "2026-04-01..2026-06-30");
  EXPECT_EQ(range("LAST_YEAR"), "2025-01-01..2025-12-31");
  EXPECT_EQ(range("LAST_90_DAYS"), "2025-12-11..2026-03-11");
}

TEST(SoqlDate, Counts) {
  EXPECT_EQ(range("LAST_N_DAYS:2"), "2026-03-09..2026-03-11") << "days count today in";
  EXPECT_EQ(range("NEXT_N_DAYS:2"), "2026-03-12..2026-03-13");
  EXPECT_EQ(range("N_DAYS_AGO:3"), "2026-03-08..2026-03-08");
  EXPECT_EQ(range("LAST_N_WEEKS:2"), "2026-02-22..2026-03-07") << "greater units do not";
  EXPECT_EQ(range("LAST_N_MONTHS:2"), "2026-01-01..2026-02-28");
  EXPECT_EQ(range("NEXT_N_QUARTERS:1"), "2026-04-01..2026-06-30");
  EXPECT_EQ(range("N_YEARS_AGO:1"), "2025-01-01..2025-12-31");
  EXPECT_EQ(range("LAST_N_FISCAL_YEARS:2"), "2024-01-01..2025-12-31");
}

TEST(SoqlDate, WhatIsNone) {
  for (const char* text : {"", "NOW", "THIS_DAY", "LAST_N_DAYS", "LAST_N_DAYS:", "LAST_N_DAYS:x", "TODAY:3", "N_AGO:3",
                           "LAST_N_DAYS:99999999999999999999", "n_ago"}) {
    EXPECT_EQ(range(text), "none") << text;
  }
}

}  // namespace
}  // namespace orgsim
