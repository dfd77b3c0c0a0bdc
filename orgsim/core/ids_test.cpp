#include "orgsim/core/ids.h"

#include <gtest/gtest.h>

#include <set>

namespace orgsim {
namespace {

TEST(Ids, ChecksumsOfLiveIds) {
  EXPECT_EQ(id_checksum("0014W000027f6V3"), "QAI");
  EXPECT_EQ(id_checksum("0054W00000BZkk0"), "QAD");
  EXPECT_EQ(id_checksum("750Tn000004ZoR3"), "IAK");
  EXPECT_EQ(canonical_id("000000000000000"), kEmptyId);
}

TEST(Ids, CanonicalFormOfBothLengths) {
  EXPECT_EQ(canonical_id("0014W000027f6V3"), "0014W000027f6V3QAI");
  EXPECT_EQ(canonical_id("0014W000027f6V3QAI"), "0014W000027f6V3QAI");
  EXPECT_EQ(canonical_id("0014w000027F6v3qai"), "0014W000027f6V3QAI") << "case is repaired from the checksum";
}

TEST(Ids, RejectsWhatIsNoId) {
  EXPECT_FALSE(canonical_id(""));
  EXPECT_FALSE(canonical_id("xyz"));
  EXPECT_FALSE(canonical_id("0014W000027f6V3Q"));
  EXPECT_FALSE(canonical_id("0014W000027f6-3"));
  EXPECT_FALSE(canonical_id("0014W000027f6V3555")) << "upper case on digits cannot be";
  EXPECT_FALSE(canonical_id("0014W000027f6V3QA!"));
}

TEST(Ids, CountersRoundTripAndOrder) {
  std::string before;
  for (std::uint64_t n : {0ULL, 1ULL, 61ULL, 62ULL, 3843ULL, 1'000'000ULL, 4'000'000'000ULL}) {
    const std::string id = make_id("a0Z", n);
    EXPECT_EQ(id.size(), 18U);
    EXPECT_EQ(canonical_id(id), id);
    EXPECT_EQ(id_counter(id), n);
    EXPECT_LT(before, id);
    before = id;
  }
  EXPECT_FALSE(id_counter("0014W000027f6V3QAI")) << "an id of another instance";
}

TEST(Ids, CustomPrefixesAreSequentialAndDistinct) {
  EXPECT_EQ(custom_key_prefix(0), "a00");
  EXPECT_EQ(custom_key_prefix(61), "a0z");
  EXPECT_EQ(custom_key_prefix(62), "a10");
  std::set<std::string> seen;
  for (std::uint32_t n = 0; n < 62 * 62; ++n) seen.insert(custom_key_prefix(n));
  EXPECT_EQ(seen.size(), 62U * 62U);
}

}  // namespace
}  // namespace orgsim
