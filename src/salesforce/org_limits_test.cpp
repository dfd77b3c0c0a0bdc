#include "salesforce/org_limits.h"

#include <gtest/gtest.h>

namespace duet::salesforce {
namespace {

TEST(OrgLimits, tells_what_duet_spends_from) {
  const auto limits = parse_limits(R"({
    "ActiveScratchOrgs": {"Max": 3, "Remaining": 3},
    "DailyApiRequests": {"Max": 15000, "Remaining": 14998, "Ant Migration Tool": {"Max": 0, "Remaining": 0}},
    "DailyDeliveredPlatformEvents": {"Max": 10000, "Remaining": 500},
    "DataStorageMB": {"Max": 5, "Remaining": -2}})");
  ASSERT_TRUE(limits);
  ASSERT_EQ(limits->size(), 3u);
  EXPECT_EQ(limits->at(0).name, "DailyApiRequests");
  EXPECT_EQ(limits->at(0).used, 2);
  EXPECT_EQ(limits->at(0).allowed, 15000);
  EXPECT_EQ(limits->at(0).percent(), 0);
  EXPECT_EQ(limits->at(1).percent(), 95);
  EXPECT_EQ(limits->at(2).percent(), 140) << "an org may be over its storage";
}

TEST(OrgLimits, leaves_out_what_it_cannot_read) {
  const auto limits = parse_limits(R"({"DailyApiRequests": {"Max": "many", "Remaining": 1}, "DailyBulkApiBatches": 7,
    "DataStorageMB": {"Max": 0, "Remaining": 0}})");
  ASSERT_TRUE(limits);
  ASSERT_EQ(limits->size(), 1u);
  EXPECT_EQ(limits->front().percent(), 0);
}

TEST(OrgLimits, an_answer_that_is_no_list_is_an_error) {
  for (const char* body : {"", "[]", "<html>", "null"}) {
    const auto limits = parse_limits(body);
    ASSERT_FALSE(limits) << body;
    EXPECT_EQ(limits.error().kind, ErrorKind::bad_data);
  }
}

}  // namespace
}  // namespace duet::salesforce
