#include "codec/bulk_csv_write.h"

#include <gtest/gtest.h>

#include "codec/bulk_csv.h"

namespace duet::codec {
namespace {

std::string cell(const Value& value) {
  std::string out;
  const auto written = append_csv_value(out, value);
  return written ? out : "refused";
}

TEST(BulkCsvWrite, segment_flaw_2_absent_null_and_a_value_are_three_cells) {
  EXPECT_EQ(cell(Absent{}), "") << "an empty cell leaves the field alone";
  EXPECT_EQ(cell(Null{}), "#N/A");
  EXPECT_EQ(cell(std::string()), "#N/A") << "the org's empty text is null, on every transport";
  EXPECT_EQ(cell(std::string("x")), "\"x\"");
}

TEST(BulkCsvWrite, segment_flaw_7_values_are_written_by_their_type) {
  EXPECT_EQ(cell(true), "true");
  EXPECT_EQ(cell(std::int64_t{20'000'000'000'000'001}), "20000000000000001");
  EXPECT_EQ(cell(1.15e8), "115000000") << "no exponents";
  EXPECT_EQ(cell(0.1), "0.1");
  EXPECT_EQ(cell(Date{0}), "1970-01-01");
  EXPECT_EQ(cell(std::string("a;b")), "\"a;b\"") << "a multi-select picklist";
  EXPECT_EQ(cell(std::string("\xff")), "refused");
}

TEST(BulkCsvWrite, segment_flaw_9_no_text_breaks_out_of_its_cell) {
  const std::string evil = "x\",\"y\r\nInjected,\"1";
  std::string csv;
  append_csv_text(csv, evil);
  csv += ",\"next\"\n";
  BulkCsvReader reader;
  reader.feed(csv);
  reader.end();
  const auto row = reader.next();
  ASSERT_TRUE(row && *row);
  ASSERT_EQ((**row).size(), 2u);
  std::string scratch;
  EXPECT_EQ(unescape((**row)[0], scratch), evil);
}

}  // namespace
}  // namespace duet::codec
