#include <gtest/gtest.h>

#include <map>
#include <set>

#include "orgsim/core/hash_index.h"
#include "orgsim/core/random.h"
#include "orgsim/core/stamp_index.h"

namespace orgsim {
namespace {

TEST(HashIndex, AgreesWithAMultimap) {
  HashIndex index;
  std::multimap<std::uint32_t, std::uint32_t> truth;
  Random random(7);
  for (int step = 0; step < 20'000; ++step) {
    const auto hash = static_cast<std::uint32_t>(random.below(200));
    const auto slot = static_cast<std::uint32_t>(step);
    if (random.chance(0.6)) {
      index.insert(hash, slot);
      truth.emplace(hash, slot);
    } else if (const auto found = truth.find(hash); found != truth.end()) {
      index.erase(hash, found->second);
      truth.erase(found);
    }
  }
  for (std::uint32_t hash = 0; hash < 200; ++hash) {
    std::set<std::uint32_t> expected;
    for (auto [at, end] = truth.equal_range(hash); at != end; ++at) expected.insert(at->second);
    std::set<std::uint32_t> actual;
    index.find(hash, [&actual](std::uint32_t slot) { return actual.insert(slot).second; });
    EXPECT_EQ(actual, expected) << hash;
  }
}

TEST(HashIndex, EmptyAndEarlyStop) {
  HashIndex index;
  index.erase(1, 1);
  index.find(1, [](std::uint32_t) -> bool { throw std::logic_error("nothing is there"); });
  index.insert(1, 10);
  index.insert(1, 11);
  int calls = 0;
  index.find(1, [&calls](std::uint32_t) { return ++calls < 1; });
  EXPECT_EQ(calls, 1);
}

TEST(StampIndex, AgreesWithASet) {
  StampIndex index;
  std::set<std::pair<std::uint32_t, std::uint32_t>> truth;
  Random random(3);
  for (int step = 0; step < 30'000; ++step) {
    const auto stamp = static_cast<std::uint32_t>(random.below(500));
    const auto slot = static_cast<std::uint32_t>(random.below(3000));
    if (truth.contains({stamp, slot})) {
      index.erase(stamp, slot);
      truth.erase({stamp, slot});
    } else {
      index.insert(stamp, slot);
      truth.emplace(stamp, slot);
    }
  }
  for (const auto& [low, high] : {std::pair{0U, 600U}, {100U, 120U}, {499U, 499U}, {700U, 800U}}) {
    std::vector<std::uint32_t> expected;
    for (const auto& [stamp, slot] : truth) {
      if (stamp >= low && stamp <= high) expected.push_back(slot);
    }
    std::vector<std::uint32_t> actual;
    index.range(low, high, [&actual](std::uint32_t slot) {
      actual.push_back(slot);
      return true;
    });
    EXPECT_EQ(actual, expected);
  }
}

}  // namespace
}  // namespace orgsim
