#include "orgsim/core/settings.h"

#include "orgsim/core/org_test_base.h"

namespace orgsim {
namespace {

using nlohmann::json;

TEST(Settings, RoundTrip) {
  Settings settings;
  ASSERT_TRUE(
      apply_settings(settings, json::parse(R"({"keep_alive_ms":50,"client_token_transports":["bulk"],"overflow_limit":9,
      "merge_equal_changes":true,"clock":{"offset_ms":-5}})")));
  EXPECT_EQ(settings.keep_alive_ms, 50);
  EXPECT_FALSE(settings.carries_token(Transport::rows));
  EXPECT_TRUE(settings.carries_token(Transport::bulk));
  Settings copy;
  ASSERT_TRUE(apply_settings(copy, to_json(settings)));
  EXPECT_EQ(to_json(copy), to_json(settings));
}

TEST(Settings, BadOnesChangeNothing) {
  Settings settings;
  const json before = to_json(settings);
  for (const char* bad : {R"({"keep_alive_ms":50,"nope":1})", R"({"keep_alive_ms":-1})", R"({"keep_alive_ms":"1"})",
                          "[]", R"({"clock":{"at":1}})", R"({"clock":5})", R"({"client_token_transports":["mail"]})",
                          R"({"overflow_limit":0})", R"({"merge_equal_changes":1})"}) {
    const auto outcome = apply_settings(settings, json::parse(bad));
    EXPECT_FALSE(outcome) << bad;
  }
  EXPECT_EQ(to_json(settings), before);
}

TEST(Settings, TheClockCanBeMoved) {
  Org org;
  org.set_time(1'800'000'000'000);
  EXPECT_EQ(org.now(), 1'800'000'000'000);
  ASSERT_TRUE(apply_settings(org.settings(), json::parse(R"({"clock":{"offset_ms":-90000}})")));
  EXPECT_EQ(org.now(), 1'799'999'910'000);
  ASSERT_TRUE(apply_settings(org.settings(), json::parse(R"({"clock":{"fixed_ms":5000}})")));
  org.advance(10);
  EXPECT_EQ(org.now(), 5000);
  ASSERT_TRUE(apply_settings(org.settings(), json::parse(R"({"clock":null})")));
  EXPECT_EQ(org.now(), 1'800'000'000'010);
}

}  // namespace
}  // namespace orgsim
