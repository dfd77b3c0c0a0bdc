#include "model/lane.h"

#include <functional>
#include <vector>

#include <gtest/gtest.h>

namespace duet {
namespace {

TEST(Lane, RestsOnlyWhenNothingIsOnItsWay) {
  Lane rest;
  rest.sfid = "001000000000001AAA";
  rest.revision = 9;
  rest.not_before = 5;
  EXPECT_TRUE(rest.empty());

  const std::vector<std::function<void(Lane&)>> reasons = {
      [](Lane& lane) { lane.pending_create = true; },   [](Lane& lane) { lane.pending["Phone"] = {}; },
      [](Lane& lane) { lane.log.push_back({1, {}}); },  [](Lane& lane) { lane.pending_delete = PendingDelete{}; },
      [](Lane& lane) { lane.attempts.emplace_back(); }, [](Lane& lane) { lane.held["Phone"].emplace_back(); },
      [](Lane& lane) { lane.dirty = Dirty{}; },         [](Lane& lane) { lane.tombstone = Tombstone{}; },
      [](Lane& lane) { lane.parked = "rejected"; },
  };
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    Lane lane = rest;
    reasons[i](lane);
    EXPECT_FALSE(lane.empty()) << i;
  }
}

TEST(Lane, OnlyTheLastAttemptCanBeInFlight) {
  Lane lane;
  EXPECT_FALSE(lane.in_flight());
  lane.attempts.resize(2);
  lane.attempts[0].state = AttemptState::unknown;
  ASSERT_TRUE(lane.in_flight());
  EXPECT_EQ(lane.in_flight(), &lane.attempts[1]);
  lane.attempts[1].state = AttemptState::accepted;
  EXPECT_FALSE(lane.in_flight());
}

}  // namespace
}  // namespace duet
