#include "orgsim/server/csv_writer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>

namespace orgsim {
namespace {

using namespace std::string_view_literals;

std::string one_cell(FieldType type, const CellView& value) {
  CsvWriter writer(',', false);
  writer.cell(type, value);
  return writer.take();
}

std::string double_text(double value) {
  char out[kDoubleTextMax];
  return {out, write_double(value, out)};
}

TEST(CsvWriter, EveryCellIsQuotedAndQuotesAreDoubled) {
  CsvWriter writer(',', false);
  writer.header({"Id", "Name"});
  writer.cell(FieldType::string, "a \"b\",\n"sv);
  writer.cell(FieldType::string, std::monostate{});
  writer.end_row();
  EXPECT_EQ(writer.take(), "\"Id\",\"Name\"\n\"a \"\"b\"\",\n\",\"\"\n");
  EXPECT_EQ(writer.take(), "");
}

TEST(CsvWriter, ValuesByType) {
  EXPECT_EQ(one_cell(FieldType::boolean, true), "\"true\"");
  EXPECT_EQ(one_cell(FieldType::int_, int64_t{-12}), "\"-12\"");
  EXPECT_EQ(one_cell(FieldType::datetime, int64_t{1697955912000}), "\"2023-10-22T06:25:12.000Z\"");
  EXPECT_EQ(one_cell(FieldType::datetime, int64_t{-1000}), "\"1969-12-31T23:59:59.000Z\"");
  EXPECT_EQ(one_cell(FieldType::date, int64_t{-1}), "\"1969-12-31\"");
  EXPECT_EQ(one_cell(FieldType::date, int64_t{19652}), "\"2023-10-22\"");
  EXPECT_EQ(one_cell(FieldType::time, int64_t{37'800'005}), "\"10:30:00.005Z\"");
}

TEST(CsvWriter, DelimiterAndLineEndingAreTheJobs) {
  CsvWriter writer('|', true);
  writer.header({"A", "B"});
  EXPECT_EQ(writer.take(), "\"A\"|\"B\"\r\n");
}

TEST(CsvWriter, DoublesAreJavasText) {
  EXPECT_EQ(double_text(3), "3.0");
  EXPECT_EQ(double_text(0), "0.0");
  EXPECT_EQ(double_text(-1.25), "-1.25");
  EXPECT_EQ(double_text(9999999), "9999999.0");
  EXPECT_EQ(double_text(1e7), "1.0E7");
  EXPECT_EQ(double_text(350000000), "3.5E8");
  EXPECT_EQ(double_text(0.0001), "1.0E-4");
  EXPECT_EQ(double_text(0.1), "0.1");
  EXPECT_EQ(std::strtod(double_text(std::numeric_limits<double>::max()).c_str(), nullptr),
            std::numeric_limits<double>::max());
  EXPECT_EQ(std::strtod(double_text(-std::numeric_limits<double>::denorm_min()).c_str(), nullptr),
            -std::numeric_limits<double>::denorm_min());
}

TEST(CsvWriter, LongTextsGrowTheBuffer) {
  const std::string quotes(1 << 20, '"');
  CsvWriter writer(',', false);
  writer.cell(FieldType::textarea, std::string_view(quotes));
  EXPECT_EQ(writer.take().size(), quotes.size() * 2 + 2);
}

}  // namespace
}  // namespace orgsim
