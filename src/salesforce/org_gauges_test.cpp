#include "salesforce/org_gauges.h"

#include <gtest/gtest.h>

namespace duet::salesforce {
namespace {

HttpResponse answer(TimeMs sent, TimeMs received, TimeMs org_time) {
  HttpResponse response;
  response.sent_at = sent;
  response.received_at = received;
  response.headers = {{"date", format_http_date(org_time)}};
  return response;
}

TEST(HttpDate, reads_and_writes) {
  EXPECT_EQ(format_http_date(1'439'164'800'000), "Mon, 10 Aug 2015 00:00:00 GMT");
  EXPECT_EQ(format_http_date(999), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(parse_http_date("Mon, 10 Aug 2015 00:00:01 GMT"), 1'439'164'801'000);
  for (const char* text : {"", "Mon, 10 Aug 2015 00:00:00 CET", "Mon, 10 Xyz 2015 00:00:00 GMT",
                           "Mon, 10 Aug 2015 25:00:00 GMT", "Monday, 10-Aug-15 00:00:00 GMT"}) {
    EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
  }
}

TEST(OrgGauges, bounds_the_clock_offset_by_second_and_round_trip) {
  OrgGauges gauges;
  EXPECT_GE(gauges.clock_offset().uncertainty_ms, 3'600'000);
  constexpr TimeMs kNow = 1'767'225'600'000;
  // The org is 5 s ahead.
  gauges.observe(answer(kNow, kNow + 40, kNow + 5'020));
  ports::ClockOffset first = gauges.clock_offset();
  EXPECT_LE(std::abs(first.offset_ms - 5'000), first.uncertainty_ms);
  EXPECT_LE(first.uncertainty_ms, 521);
  // A look just before the org's next second narrows it.
  gauges.observe(answer(kNow + 990, kNow + 1'000, kNow + 990 + 5'005));
  ports::ClockOffset second = gauges.clock_offset();
  EXPECT_LE(std::abs(second.offset_ms - 5'000), second.uncertainty_ms);
  EXPECT_LT(second.uncertainty_ms, 100);
}

TEST(OrgGauges, starts_again_when_a_clock_jumps) {
  OrgGauges gauges;
  constexpr TimeMs kNow = 1'767'225'600'000;
  gauges.observe(answer(kNow, kNow + 10, kNow));
  gauges.observe(answer(kNow + 1'000, kNow + 1'010, kNow + 3'601'000));
  EXPECT_NEAR(static_cast<double>(gauges.clock_offset().offset_ms), 3'600'000, 1'000);
}

TEST(OrgGauges, reads_the_api_usage) {
  OrgGauges gauges;
  HttpResponse response;
  EXPECT_FALSE(gauges.api_usage());
  response.headers = {{"sforce-limit-info", "api-usage=18/5000; per-app-api-usage=17/250(appName=sample)"}};
  gauges.observe(response);
  ASSERT_TRUE(gauges.api_usage());
  EXPECT_EQ(gauges.api_usage()->used, 18);
  EXPECT_EQ(gauges.api_usage()->allowed, 5'000);
  response.headers = {{"sforce-limit-info", "nonsense"}};
  gauges.observe(response);
  EXPECT_EQ(gauges.api_usage()->used, 18);
}

}  // namespace
}  // namespace duet::salesforce
