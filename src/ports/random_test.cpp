#include "ports/random.h"

#include <regex>
#include <set>

#include <gtest/gtest.h>

namespace duet::ports {
namespace {

class Counting final : public Random {
 public:
  std::uint64_t next() override { return state_ += 0x9E3779B97F4A7C15ULL; }

 private:
  std::uint64_t state_ = 0;
};

TEST(Random, UuidsHaveTheFormOfVersionFourAndDiffer) {
  Counting random;
  const std::regex form("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string uuid = random.uuid();
    EXPECT_TRUE(std::regex_match(uuid, form)) << uuid;
    EXPECT_TRUE(seen.insert(uuid).second) << uuid;
  }
}

TEST(Random, BelowStaysBelow) {
  Counting random;
  for (int i = 0; i < 1000; ++i) EXPECT_LT(random.below(7), 7U);
  EXPECT_EQ(random.below(0), 0U);
}

}  // namespace
}  // namespace duet::ports
