#include "orgsim/server/http_message.h"

#include <gtest/gtest.h>

namespace orgsim {
namespace {

TEST(HttpMessage, PathsCollapseSlashesAndKeepEncodedOnes) {
  EXPECT_EQ(split_path("//services/data//v62.0/"), (std::vector<std::string>{"services", "data", "v62.0"}));
  EXPECT_EQ(split_path("/a/b%2Fc/d+e"), (std::vector<std::string>{"a", "b/c", "d+e"}));
  EXPECT_TRUE(split_path("").empty());
  EXPECT_TRUE(split_path("///").empty());
}

TEST(HttpMessage, FormsDecodePlusAndKeepEmptyValues) {
  const auto pairs = parse_form("q=SELECT+Id%2CName&empty=&bare&&x=1=2");
  ASSERT_EQ(pairs.size(), 4u);
  EXPECT_EQ(pairs[0].second, "SELECT Id,Name");
  EXPECT_EQ(pairs[1], (std::pair<std::string, std::string>{"empty", ""}));
  EXPECT_EQ(pairs[2], (std::pair<std::string, std::string>{"bare", ""}));
  EXPECT_EQ(pairs[3].second, "1=2");
}

TEST(HttpMessage, MalformedEscapesStayAsTheyAre) {
  EXPECT_EQ(percent_decode("100%", false), "100%");
  EXPECT_EQ(percent_decode("%zz%4", false), "%zz%4");
  EXPECT_EQ(percent_decode("%41%2b+", true), "A+ ");
}

TEST(HttpMessage, EncodingRoundTripsEveryByte) {
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  EXPECT_EQ(percent_decode(percent_encode(all), false), all);
  EXPECT_EQ(percent_decode(percent_encode(all), true), all);
}

TEST(HttpMessage, ManyPairsAreBounded) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += "a=b&";
  EXPECT_EQ(parse_form(text).size(), kFormPairsMax);
}

}  // namespace
}  // namespace orgsim
