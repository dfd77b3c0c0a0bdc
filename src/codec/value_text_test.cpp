#include "codec/value_text.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace duet::codec {
namespace {

Value round_trip(FieldType type, const Value& value) { return from_postgres(type, to_postgres(value).value()); }

TEST(ValueText, PrintsAsTheServerDoes) {
  EXPECT_EQ(to_postgres(true), "t");
  EXPECT_EQ(to_postgres(std::int64_t{-5}), "-5");
  EXPECT_EQ(to_postgres(1e21), "1e+21");
  EXPECT_EQ(to_postgres(0.1), "0.1");
  EXPECT_EQ(to_postgres(DateTime{1'769'853'600'120}), "2026-01-31 10:00:00.12");
  EXPECT_EQ(to_postgres(DateTime{1'769'853'600'000}), "2026-01-31 10:00:00");
  EXPECT_EQ(to_postgres(Date{20'484}), "2026-01-31");
  EXPECT_EQ(to_postgres(TimeOfDay{36'000'000}), "10:00:00");
  EXPECT_EQ(to_postgres(Null{}), std::nullopt);
  EXPECT_EQ(to_postgres(Absent{}), std::nullopt);
}

TEST(ValueText, RoundTripsEveryType) {
  EXPECT_EQ(round_trip(FieldType::boolean, false), Value(false));
  EXPECT_EQ(round_trip(FieldType::integer, std::int64_t{2'147'483'647}), Value(std::int64_t{2'147'483'647}));
  for (double each :
       {0.0, -0.0, 0.1, 1e21, 1e-300, std::numeric_limits<double>::max(), std::numeric_limits<double>::denorm_min()}) {
    EXPECT_EQ(round_trip(FieldType::currency, each), Value(each));
  }
  EXPECT_TRUE(std::signbit(std::get<double>(round_trip(FieldType::percent, -0.0))));
  EXPECT_TRUE(
      std::isinf(std::get<double>(round_trip(FieldType::double_number, std::numeric_limits<double>::infinity()))));
  EXPECT_TRUE(std::isnan(std::get<double>(round_trip(FieldType::double_number, std::nan("")))));
  EXPECT_EQ(round_trip(FieldType::string, std::string("")), Value(std::string("")));
  EXPECT_EQ(round_trip(FieldType::date, Date{-25'567}), Value(Date{-25'567}));
  EXPECT_EQ(round_trip(FieldType::datetime, DateTime{-1}), Value(DateTime{-1}));
  EXPECT_EQ(round_trip(FieldType::time, TimeOfDay{86'399'999}), Value(TimeOfDay{86'399'999}));
}

TEST(ValueText, WhatTheTypeCannotHoldStaysText) {
  EXPECT_EQ(from_postgres(FieldType::datetime, "infinity"), Value(std::string("infinity")));
  EXPECT_EQ(from_postgres(FieldType::date, "0044-03-15 BC"), Value(std::string("0044-03-15 BC")));
  EXPECT_EQ(from_postgres(FieldType::boolean, "yes"), Value(std::string("yes")));
  EXPECT_EQ(from_postgres(FieldType::integer, "1.5"), Value(1.5));
  EXPECT_EQ(from_postgres(FieldType::integer, "1 2"), Value(std::string("1 2")));
}

}  // namespace
}  // namespace duet::codec
