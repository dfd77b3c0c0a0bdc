#include "codec/soql.h"

#include <gtest/gtest.h>

namespace duet::codec {
namespace {

TEST(Soql, escapes_the_backslash_before_the_quote) {
  EXPECT_EQ(soql_text("O'Hara"), R"('O\'Hara')");
  EXPECT_EQ(soql_text(R"(\' OR Name != ')"), R"('\\\' OR Name != \'')");
  EXPECT_EQ(soql_text("a\nb\tc"), R"('a\nb\tc')");
}

TEST(Soql, writes_number_keys_unquoted_and_refuses_what_is_none) {
  EXPECT_EQ(*soql_key("12", FieldType::double_number), "12");
  EXPECT_EQ(*soql_key("1e3", FieldType::double_number), "1000");
  EXPECT_EQ(*soql_key("12", FieldType::string), "'12'");
  EXPECT_FALSE(soql_key("1 OR 1=1", FieldType::double_number));
  EXPECT_FALSE(soql_key("", FieldType::double_number));
  EXPECT_FALSE(soql_key("inf", FieldType::double_number));
}

TEST(Soql, ValuesAsLiterals) {
  EXPECT_EQ(*soql_value(std::string("O'Neil"), FieldType::string), "'O\\'Neil'");
  EXPECT_EQ(*soql_value(std::int64_t{12}, FieldType::integer), "12");
  EXPECT_EQ(*soql_value(Date{20484}, FieldType::date), "2026-01-31");
  EXPECT_EQ(soql_value(Null{}, FieldType::string).error().kind, ErrorKind::bad_data);
  EXPECT_FALSE(soql_value(true, FieldType::boolean));
}

TEST(Soql, takes_only_api_names_into_a_query) {
  std::vector<std::string> fields = {"Id", "Ext__c"};
  EXPECT_EQ(*soql_select(fields, "Account", "WHERE Id != null"), "SELECT Id,Ext__c FROM Account WHERE Id != null");
  EXPECT_FALSE(soql_select(fields, "Account WHERE", ""));
  fields.push_back("Name FROM User");
  EXPECT_FALSE(soql_select(fields, "Account", ""));
  EXPECT_TRUE(soql_select(std::vector<std::string>{"Parent__r.Ext__c"}, "Account", ""));
  EXPECT_FALSE(soql_select(std::vector<std::string>{"Parent__r.Ext__c.Name"}, "Account", ""));
  EXPECT_FALSE(soql_select(std::vector<std::string>{"Parent__r."}, "Account", ""));
  EXPECT_FALSE(is_api_name("1st"));
  EXPECT_FALSE(is_api_name(""));
  EXPECT_FALSE(is_api_name("Näme"));
}

TEST(Soql, encodes_for_an_address) { EXPECT_EQ(url_encode("a b+c='é'&~"), "a%20b%2Bc%3D%27%C3%A9%27%26~"); }

TEST(Soql, writes_date_times_in_utc) { EXPECT_EQ(soql_datetime(1'767'225'600'123), "2026-01-01T00:00:00.123Z"); }

TEST(Soql, splits_literals_by_encoded_length) {
  std::vector<std::string> literals = {"aaaa", "bbbb", "cccc", std::string(100, 'd'), "e"};
  auto lists = split_by_length(literals, 14);
  ASSERT_EQ(lists.size(), 4u);
  EXPECT_EQ(lists[0], (std::vector<std::string>{"aaaa", "bbbb"}));
  EXPECT_EQ(lists[2].size(), 1u);
  EXPECT_TRUE(split_by_length({}, 10).empty());
}

}  // namespace
}  // namespace duet::codec
