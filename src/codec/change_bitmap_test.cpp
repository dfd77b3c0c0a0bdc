#include "codec/change_bitmap.h"

#include <gtest/gtest.h>

namespace duet::codec {
namespace {

using Elements = std::vector<std::string_view>;
using Positions = std::vector<int>;

TEST(ChangeBitmap, reads_the_lowest_bit_as_position_0) {
  auto decoded = decode_change_bitmap(Elements{"0x800002"});
  ASSERT_TRUE(decoded);
  EXPECT_EQ((*decoded)[0].parent, -1);
  EXPECT_EQ((*decoded)[0].positions, (Positions{1, 23}));
}

TEST(ChangeBitmap, reads_both_cases_and_odd_numbers_of_digits) {
  auto decoded = decode_change_bitmap(Elements{"0xabC"});
  ASSERT_TRUE(decoded);
  EXPECT_EQ((*decoded)[0].positions, (Positions{2, 3, 4, 5, 7, 9, 11}));
}

TEST(ChangeBitmap, reads_nested_elements_also_as_the_first) {
  auto decoded = decode_change_bitmap(Elements{"5-0x02", "12-0x0401"});
  ASSERT_TRUE(decoded);
  EXPECT_EQ((*decoded)[0].parent, 5);
  EXPECT_EQ((*decoded)[0].positions, (Positions{1}));
  EXPECT_EQ((*decoded)[1].parent, 12);
  EXPECT_EQ((*decoded)[1].positions, (Positions{0, 10}));
}

TEST(ChangeBitmap, gives_nothing_for_no_elements_and_for_zero) {
  EXPECT_TRUE(decode_change_bitmap(Elements{})->empty());
  EXPECT_TRUE(decode_change_bitmap(Elements{"0x00"})->front().positions.empty());
}

TEST(ChangeBitmap, refuses_everything_else) {
  std::string huge = "0x" + std::string(10'000, 'F');
  for (const std::string& element : std::vector<std::string>{"", "0x", "FF", "0xG1", "-0x01", "x-0x01", "5-",
                                                             "5-1-0x01", "99999999999-0x01", "-5-0x01", huge}) {
    EXPECT_FALSE(decode_change_bitmap(Elements{element})) << element.substr(0, 20);
  }
  EXPECT_FALSE(decode_change_bitmap(Elements(2'000, "0x01")));
}

}  // namespace
}  // namespace duet::codec
