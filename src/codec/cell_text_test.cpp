#include "codec/cell_text.h"

#include <random>

#include <gtest/gtest.h>

namespace duet::codec {
namespace {

TEST(CellText, ParsesNumbers) {
  EXPECT_EQ(parse_integer("-2147483648"), -2147483648);
  EXPECT_EQ(parse_integer("7.0"), 7);
  EXPECT_EQ(parse_number("1.5E+3"), 1500.0);
  EXPECT_EQ(parse_number("-0.1"), -0.1);
  for (const std::string_view text : {"", "2147483648", "7.5", "7.", "7 ", "0x1", "+7", "1e2", "--1", "1,000"}) {
    EXPECT_FALSE(parse_integer(text)) << text;
  }
  for (const std::string_view text : {"", "nan", "inf", "-Infinity", "1e999", "1.0x", " 1", "+1", "0x1p3", "1,5"}) {
    EXPECT_FALSE(parse_number(text)) << text;
  }
}

TEST(CellText, ParsesBooleansAsTheBulkApiSpellsThem) {
  EXPECT_EQ(parse_boolean("true"), true);
  EXPECT_EQ(parse_boolean("false"), false);
  for (const std::string_view text : {"TRUE", "1", "t", ""}) EXPECT_FALSE(parse_boolean(text)) << text;
}

TEST(CellText, TellsPlainTextAtEveryLengthAndPosition) {
  for (std::size_t length = 0; length < 40; ++length) {
    std::string text(length, '\x7F');
    EXPECT_TRUE(is_plain_text(text));
    for (std::size_t at = 0; at < length; ++at) {
      for (const char bad : {'\0', '\x80', '\xFF'}) {
        text[at] = bad;
        EXPECT_FALSE(is_plain_text(text)) << length << " " << at;
      }
      text[at] = '\x01';
      EXPECT_TRUE(is_plain_text(text));
    }
  }
}

TEST(CellText, CountsCharacters) {
  EXPECT_EQ(count_characters(""), 0U);
  EXPECT_EQ(count_characters("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x8E\xBB"), 4U);
  EXPECT_EQ(count_characters("\xF4\x8F\xBF\xBF\xED\x9F\xBF\xEE\x80\x80"), 3U);
}

TEST(CellText, RefusesWhatIsNotUtf8) {
  for (const std::string_view text :
       {"\x80", "\xC3", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\xE2\x82", "\xE2\x28\xA1", "\xF0\x9F\x8E", "\xFF"}) {
    EXPECT_FALSE(count_characters(text));
    EXPECT_FALSE(parse_cell_value(FieldType::string, text));
  }
}

TEST(CellText, GivesTypedValues) {
  EXPECT_EQ(parse_cell_value(FieldType::string, ""), Value(Null{}));
  EXPECT_EQ(parse_cell_value(FieldType::boolean, ""), Value(Null{}));
  EXPECT_EQ(parse_cell_value(FieldType::textarea, std::string_view("a\0b", 3)), Value("ab"));
  EXPECT_EQ(parse_cell_value(FieldType::string, std::string_view("\0", 1)), Value(Null{}));
  EXPECT_EQ(parse_cell_value(FieldType::boolean, "true"), Value(true));
  EXPECT_EQ(parse_cell_value(FieldType::integer, "12"), Value(std::int64_t{12}));
  EXPECT_EQ(parse_cell_value(FieldType::percent, "12.5"), Value(12.5));
  EXPECT_EQ(parse_cell_value(FieldType::date, "2000-01-01"), Value(Date{10957}));
  EXPECT_EQ(parse_cell_value(FieldType::datetime, "1970-01-01T00:00:01.002Z"), Value(DateTime{1002}));
  EXPECT_EQ(parse_cell_value(FieldType::time, "00:00:01.002Z"), Value(TimeOfDay{1002}));
  EXPECT_EQ(parse_cell_value(FieldType::reference, "001000000000001AAA"), Value("001000000000001AAA"));
  EXPECT_FALSE(parse_cell_value(FieldType::date, "2001-02-29"));
  EXPECT_FALSE(parse_cell_value(FieldType::datetime, "yesterday"));
  EXPECT_FALSE(parse_cell_value(FieldType::boolean, "yes"));
}

}  // namespace
}  // namespace duet::codec
