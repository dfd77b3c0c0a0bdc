#include "orgsim/core/fault_plan.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace orgsim {
namespace {

using nlohmann::json;

FaultRequest post(std::string_view path, std::string_view object = {}) { return {"POST", path, object}; }

TEST(FaultPlan, MatchesByEverything) {
  FaultPlan plan;
  ASSERT_TRUE(plan.add(json::parse(R"({"method":"post","path_prefix":"/services","path_regex":"composite/sobjects$",
      "object":"account","action":"status","status":503,"body":{"a":1}})")));
  EXPECT_FALSE(plan.decide({"GET", "/services/data/v62.0/composite/sobjects", "Account"}));
  EXPECT_FALSE(plan.decide(post("/services/data/v62.0/composite/sobjects/x", "Account")));
  EXPECT_FALSE(plan.decide(post("/other/composite/sobjects", "Account")));
  EXPECT_FALSE(plan.decide(post("/services/data/v62.0/composite/sobjects", "Contact")));
  const auto fault = plan.decide(post("/services/data/v62.0/composite/sobjects", "Account"));
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->status, 503);
  EXPECT_EQ(fault->body, R"({"a":1})");
}

TEST(FaultPlan, OrdinalAndCount) {
  FaultPlan plan;
  ASSERT_TRUE(plan.add(json::parse(R"({"action":"drop_before","ordinal":3})")));
  std::string fired;
  for (int i = 1; i <= 5; ++i) fired += plan.decide(post("/")) ? 'x' : '.';
  EXPECT_EQ(fired, "..x..");
  plan.clear();
  ASSERT_TRUE(plan.add(json::parse(R"({"action":"commit_then_drop","count":2,"delay_ms":5})")));
  fired.clear();
  for (int i = 1; i <= 4; ++i) fired += plan.decide(post("/")) ? 'x' : '.';
  EXPECT_EQ(fired, "xx..");
  EXPECT_EQ(plan.faults()[0].seen, 4U);
  EXPECT_EQ(plan.to_json()[0]["fired"], 2);
}

TEST(FaultPlan, ProbabilityIsSeeded) {
  const auto pattern = [](std::uint64_t seed) {
    FaultPlan plan(seed);
    EXPECT_TRUE(plan.add(json::parse(R"({"action":"reset","probability":0.3})")));
    std::string fired;
    for (int i = 0; i < 200; ++i) fired += plan.decide(post("/")) ? 'x' : '.';
    return fired;
  };
  EXPECT_EQ(pattern(1), pattern(1));
  EXPECT_NE(pattern(1), pattern(2));
  const auto hits = std::ranges::count(pattern(3), 'x');
  EXPECT_GT(hits, 30);
  EXPECT_LT(hits, 90);
}

TEST(FaultPlan, TheFirstThatFiresWinsAndAllCount) {
  FaultPlan plan;
  const auto first = plan.add(json::parse(R"({"action":"delay","count":1})"));
  ASSERT_TRUE(plan.add(json::parse(R"({"action":"reset"})")));
  EXPECT_EQ(plan.decide(post("/"))->action, FaultAction::delay);
  EXPECT_EQ(plan.decide(post("/"))->action, FaultAction::reset);
  EXPECT_EQ(plan.faults()[1].seen, 2U);
  EXPECT_TRUE(plan.remove(*first));
  EXPECT_FALSE(plan.remove(*first));
}

TEST(FaultPlan, BadDefinitions) {
  FaultPlan plan;
  for (const char* bad : {"[]", R"({"action":"explode"})", R"({"nope":1})", R"({"status":600})", R"({"ordinal":0})",
                          R"({"probability":2})", R"({"path_regex":"("})", R"({"method":1})", R"({"delay_ms":-1})"}) {
    EXPECT_FALSE(plan.add(json::parse(bad))) << bad;
  }
  EXPECT_TRUE(plan.faults().empty());
  ASSERT_TRUE(plan.add(json::parse(R"({"path_regex":"(a*)*b"})")));
  EXPECT_FALSE(plan.decide(post("/" + std::string(20, 'x'))));
}

}  // namespace
}  // namespace orgsim
