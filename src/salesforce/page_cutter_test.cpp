#include "salesforce/page_cutter.h"

#include <gtest/gtest.h>

namespace duet::salesforce {
namespace {

TEST(PageCutter, keeps_the_header_of_the_first_page_only) {
  PageCutter cutter;
  std::string result;
  cutter.begin_page();
  result += cutter.cut("\"Id\"\n\"1\"\n");
  cutter.begin_page();
  for (std::string_view part : {"\"I", "d\"", "\n\"2", "\"\n"}) result += cutter.cut(part);
  cutter.begin_page();
  result += cutter.cut("\"Id\"\n");
  EXPECT_EQ(result, "\"Id\"\n\"1\"\n\"2\"\n");
}

std::string page_of(int rows) {
  std::string page = "\"Id\",\"Name\"\n";
  for (int i = 0; i < rows; ++i) page += "\"" + std::to_string(i * 7919) + "\",\"row\nwith a break\"\n";
  return page;
}

TEST(PageCutter, goes_on_where_a_broken_page_stopped_wherever_that_was) {
  std::string first = page_of(3), second = page_of(20);
  std::string expected = first + second.substr(second.find('\n') + 1);
  for (std::size_t cut = 0; cut <= second.size(); ++cut) {
    for (std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{100}, second.size()}) {
      PageCutter cutter;
      std::string result;
      cutter.begin_page();
      result += cutter.cut(first);
      cutter.begin_page();
      auto feed = [&](std::string_view bytes) {
        for (; !bytes.empty(); bytes.remove_prefix(std::min(step, bytes.size())))
          result += cutter.cut(bytes.substr(0, step));
      };
      feed(std::string_view(second).substr(0, cut));
      cutter.repeat_page();
      feed(second);
      ASSERT_FALSE(cutter.mismatch());
      ASSERT_EQ(result, expected) << cut << " " << step;
    }
  }
}

TEST(PageCutter, notices_a_page_that_is_another_one) {
  PageCutter cutter;
  cutter.begin_page();
  cutter.cut("\"Id\"\n\"1\"\n\"2\"\n");
  cutter.repeat_page();
  EXPECT_EQ(cutter.cut("\"Id\"\n\"1\"\n\"9\"\n\"3\"\n"), "");
  EXPECT_TRUE(cutter.mismatch());
}

}  // namespace
}  // namespace duet::salesforce
