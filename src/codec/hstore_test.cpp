#include "codec/hstore.h"

#include <gtest/gtest.h>

namespace duet::codec {
namespace {

TEST(Hstore, PrintsAsTheServerDoes) {
  const Hstore pairs{
      {"lastname", "O\"Brien, \"x\" => y"}, {"id", "1"}, {"name", std::nullopt}, {"sfid", std::nullopt}, {"p", "a\\b"}};
  EXPECT_EQ(format_hstore(pairs),
            R"("p"=>"a\\b", "id"=>"1", "name"=>NULL, "sfid"=>NULL, "lastname"=>"O\"Brien, \"x\" => y")");
}

TEST(Hstore, ReadsWhatItPrints) {
  const Hstore pairs{{"", ""}, {"a", "NULL"}, {"b", "tab\tnewline\n"}, {"k=>", "=>,\""}, {"ü", "漢"}};
  EXPECT_EQ(parse_hstore(format_hstore(pairs)).value(), pairs);
}

TEST(Hstore, ReadsBareWords) {
  const Hstore expected{{"a", "1"}, {"b", std::nullopt}, {"c,d", "x=y"}};
  EXPECT_EQ(parse_hstore(" a=>1 , b => nUlL,c,d=>x=y,").value(), expected);
}

TEST(Hstore, OfEqualKeysTheFirstStands) { EXPECT_EQ(parse_hstore("a=>1, a=>2").value(), (Hstore{{"a", "1"}})); }

TEST(Hstore, EmptyTextIsEmpty) {
  EXPECT_TRUE(parse_hstore("").value().empty());
  EXPECT_EQ(format_hstore({}), "");
}

TEST(Hstore, RefusesWhatTheServerRefuses) {
  for (const char* text : {"a", "a=", "a=>", "=>1", "a=1", "\"a=>1", "a=>\"1", "a=>1 b=>2", "a=>1\\", "a => b c"}) {
    auto parsed = parse_hstore(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().kind, ErrorKind::bad_data);
  }
}

}  // namespace
}  // namespace duet::codec
