#include "orgsim/core/field_value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "orgsim/core/random.h"

namespace orgsim {
namespace {

FieldDef field_of(FieldType type, int length = 0) {
  FieldDef field;
  field.name = "F__c";
  field.label = "F";
  field.type = type;
  field.length = length;
  return field;
}

std::string error_of(const FieldDef& field, const Value& input, bool csv = false) {
  const auto outcome = stored_value(field, input, csv);
  return outcome ? "accepted" : outcome.error().code + ": " + outcome.error().message;
}

TEST(StoredValue, TextIsTrimmedAndEmptyIsNull) {
  const FieldDef text = field_of(FieldType::string, 10);
  EXPECT_EQ(stored_value(text, std::string("  a b\t\n")), Value("a b"));
  EXPECT_EQ(stored_value(text, std::string(" \r\n ")), Value());
  EXPECT_EQ(stored_value(text, Value()), Value());
  EXPECT_EQ(stored_value(field_of(FieldType::textarea, 99), std::string("a\r\nb\rc\n")), Value("a\nb\nc"));
}

TEST(StoredValue, LengthCountsUtf16Units) {
  const FieldDef text = field_of(FieldType::string, 3);
  EXPECT_EQ(stored_value(text, std::string("äöü")), Value("äöü"));
  EXPECT_EQ(error_of(text, std::string("abcd")), "STRING_TOO_LONG: F: data value too large: abcd (max length=3)");
  EXPECT_EQ(stored_value(text, std::string("a😀")), Value("a😀"));
  EXPECT_NE(error_of(text, std::string("ab😀")), "accepted");
}

TEST(StoredValue, NumbersAreRoundedToScale) {
  FieldDef number = field_of(FieldType::double_);
  number.precision = 5;
  number.scale = 2;
  EXPECT_EQ(stored_value(number, 2.675), Value(2.68));
  EXPECT_EQ(stored_value(number, -2.675), Value(-2.68));
  EXPECT_EQ(stored_value(number, std::int64_t{7}), Value(7.0));
  EXPECT_EQ(stored_value(number, std::string(" 1e2 ")), Value(100.0));
  EXPECT_EQ(stored_value(number, -0.001), Value(0.0));
  EXPECT_EQ(error_of(number, 1000.0),
            "NUMBER_OUTSIDE_VALID_RANGE: F: value outside of valid range on numeric field: 1000");
  EXPECT_EQ(
      error_of(number, std::string("x")),
      "JSON_PARSER_ERROR: Cannot deserialize instance of double from VALUE_STRING value x or request may be missing a "
      "required field at [line:1, column:2]");
  EXPECT_EQ(error_of(number, std::string("x"), true),
            "INVALID_TYPE_ON_FIELD_IN_RECORD: F__c: value not of required type: x");
  EXPECT_NE(error_of(field_of(FieldType::int_), 1.5), "accepted");
  EXPECT_NE(error_of(field_of(FieldType::int_), 3e9), "accepted");
  EXPECT_EQ(stored_value(field_of(FieldType::int_), 3.0), Value(std::int64_t{3}));
}

TEST(StoredValue, RoundingTwiceIsRoundingOnce) {
  Random random(5);
  for (int i = 0; i < 100'000; ++i) {
    const int scale = static_cast<int>(random.below(16));
    const double value =
        (static_cast<double>(random.below(2'000'000'000)) - 1e9) / static_cast<double>(1 + random.below(1'000'000));
    const double once = round_to_scale(value, scale);
    ASSERT_EQ(round_to_scale(once, scale), once) << value << " scale " << scale;
    ASSERT_LE(std::abs(once - value), 0.5 * std::pow(10.0, -scale) + 4e-16 * std::abs(value));
  }
}

TEST(StoredValue, MomentsAreWholeSeconds) {
  EXPECT_EQ(stored_value(field_of(FieldType::datetime), std::string("1970-01-01T00:00:01.999Z")),
            Value(std::int64_t{1000}));
  EXPECT_EQ(stored_value(field_of(FieldType::datetime), std::string("1969-12-31T23:59:59.500Z")),
            Value(std::int64_t{-1000}));
  EXPECT_EQ(stored_value(field_of(FieldType::date), std::string("1970-01-03")), Value(std::int64_t{2}));
  EXPECT_EQ(stored_value(field_of(FieldType::date), std::string("1970-01-03T23:00:00Z")), Value(std::int64_t{2}));
  EXPECT_EQ(stored_value(field_of(FieldType::time), std::string("00:00:01.500Z")), Value(std::int64_t{1500}));
  EXPECT_NE(error_of(field_of(FieldType::date), std::string("yesterday")), "accepted");
}

TEST(StoredValue, HostileInput) {
  const auto far = std::int64_t{1} << 62;
  for (const FieldType type : {FieldType::date, FieldType::datetime, FieldType::time}) {
    EXPECT_NE(error_of(field_of(type), far), "accepted");
    EXPECT_NE(error_of(field_of(type), -far), "accepted");
  }
  EXPECT_EQ(stored_value(field_of(FieldType::date), std::string("4000-12-31")), Value(std::int64_t{741'807}));
  EXPECT_EQ(stored_value(field_of(FieldType::date), std::string("1700-01-01")), Value(std::int64_t{-98'615}));
  EXPECT_NE(error_of(field_of(FieldType::double_), std::numeric_limits<double>::quiet_NaN()), "accepted");
  EXPECT_NE(error_of(field_of(FieldType::double_), std::string("1e999")), "accepted");
  for (const char* bytes : {"\xFF", "\xC3", "\xED\xA0\x80", "\xE0\x80\x80", "a\xF5\x80\x80\x80"}) {
    const std::string message = error_of(field_of(FieldType::string, 255), std::string(bytes), true);
    EXPECT_NE(message, "accepted");
    EXPECT_TRUE(is_utf8(message));
  }
  std::string umlauts = "x";
  for (int i = 0; i < 300; ++i) umlauts += "ä";
  EXPECT_TRUE(is_utf8(error_of(field_of(FieldType::string, 10), umlauts))) << "the text is cut inside a character";
}

TEST(StoredValue, Picklists) {
  FieldDef pick = field_of(FieldType::picklist, 255);
  pick.picklist = {{"Hot", "Hot"}, {"Cold", "Cold"}, {"Old", "Old", false}};
  EXPECT_EQ(stored_value(pick, std::string("Other")), Value("Other"));
  pick.restricted_picklist = true;
  EXPECT_EQ(error_of(pick, std::string("Other")),
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: F: bad value for restricted picklist field: Other");
  EXPECT_NE(error_of(pick, std::string("Old")), "accepted") << "inactive";
  FieldDef multi = pick;
  multi.type = FieldType::multipicklist;
  EXPECT_EQ(stored_value(multi, std::string("Cold; Hot;Cold")), Value("Hot;Cold"));
  EXPECT_NE(error_of(multi, std::string("Hot;Warm")), "accepted");
}

TEST(StoredValue, BooleansAreNeverNull) {
  const FieldDef flag = field_of(FieldType::boolean);
  EXPECT_EQ(stored_value(flag, std::string("TRUE")), Value(true));
  EXPECT_EQ(stored_value(flag, std::string("0")), Value(false));
  EXPECT_NE(error_of(flag, Value()), "accepted");
  EXPECT_NE(error_of(flag, std::string("yes")), "accepted");
  EXPECT_NE(error_of(field_of(FieldType::string, 9), true), "accepted");
}

TEST(StoredValue, EmailAndIds) {
  EXPECT_EQ(stored_value(field_of(FieldType::email, 80), std::string("a@b.example")), Value("a@b.example"));
  for (const char* bad : {"a", "a@b", "@b.c", "a@b.", "a b@c.d", "a@b@c.d"}) {
    EXPECT_EQ(error_of(field_of(FieldType::email, 80), std::string(bad)),
              std::string("INVALID_EMAIL_ADDRESS: F: invalid email address: ") + bad);
  }
  const FieldDef reference = field_of(FieldType::reference);
  EXPECT_EQ(stored_value(reference, std::string("0014W000027f6V3")), Value("0014W000027f6V3QAI"));
  EXPECT_EQ(error_of(reference, std::string("xyz")), "MALFORMED_ID: F: id value of incorrect type: xyz");
}

}  // namespace
}  // namespace orgsim
