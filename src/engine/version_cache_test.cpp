#include "engine/version_cache.h"

#include <string>

#include <gtest/gtest.h>

namespace duet::engine {
namespace {

TEST(VersionCache, NotesAreValidAtOnceAndForgottenByRollBack) {
  VersionCache cache;
  cache.note("a", 1000, "e1");
  EXPECT_TRUE(cache.follows("a", 1000));
  EXPECT_TRUE(cache.is_duplicate("e1", "a"));
  EXPECT_FALSE(cache.is_duplicate("e1", "b")) << "a merged event speaks of several records";
  cache.roll_back();
  EXPECT_FALSE(cache.follows("a", 1000));
  EXPECT_FALSE(cache.is_duplicate("e1", "a"));
}

TEST(VersionCache, AnEventThatMadeNoVersionIsOnlyKnownAsSeen) {
  VersionCache cache;
  cache.note("a", 0, "e1");
  cache.commit();
  EXPECT_FALSE(cache.follows("a", 0));
  EXPECT_TRUE(cache.is_duplicate("e1", "a"));
}

TEST(VersionCache, TheNewestVersionCounts) {
  VersionCache cache;
  cache.note("a", 1000, "e1");
  cache.commit();
  cache.note("a", 2000, "e2");
  EXPECT_FALSE(cache.follows("a", 1000));
  EXPECT_TRUE(cache.follows("a", 2000));
}

TEST(VersionCache, ForgetsTheOldestGenerationWhenTwoAreFull) {
  VersionCache cache(10);
  for (int i = 0; i < 30; ++i) {
    cache.note("r" + std::to_string(i), 1000, "e" + std::to_string(i));
    cache.commit();
  }
  EXPECT_FALSE(cache.follows("r0", 1000));
  EXPECT_TRUE(cache.follows("r29", 1000));
}

}  // namespace
}  // namespace duet::engine
