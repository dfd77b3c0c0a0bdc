#include "orgsim/server/csv_reader.h"

#include <gtest/gtest.h>

namespace orgsim {
namespace {

/// Cells joined by |, rows by /, and the error if there is one.
std::string read(std::string_view text, char delimiter = ',') {
  CsvReader reader(text, delimiter);
  std::string out;
  while (reader.next()) {
    for (const std::string_view cell : reader.cells()) out += std::string(cell) + "|";
    out += "/";
  }
  return out + reader.error();
}

TEST(CsvReader, RowsAndCells) {
  EXPECT_EQ(read("a,b\n1,2\n"), "a|b|/1|2|/");
  EXPECT_EQ(read("a,b\r\n1,2"), "a|b|/1|2|/");
  EXPECT_EQ(read("a;b\n1,2;3\n", ';'), "a|b|/1,2|3|/");
  EXPECT_EQ(read("a\t\n\tb\n", '\t'), "a||/|b|/") << "empty cells at both ends";
  EXPECT_EQ(read(""), "");
  EXPECT_EQ(read("\n\r\n\n"), "") << "blank lines are no rows";
  EXPECT_EQ(read("a\n\nb"), "a|/b|/");
}

TEST(CsvReader, QuotedCells) {
  EXPECT_EQ(read("\"a\",\"b\"\n"), "a|b|/");
  EXPECT_EQ(read("\"say \"\"hi\"\"\",x\n"), "say \"hi\"|x|/");
  EXPECT_EQ(read("\"two\nlines\",\"and\r\nmore\"\n"), "two\nlines|and\r\nmore|/");
  EXPECT_EQ(read("\"a,b\",\"\",\"\"\"\"\n"), "a,b||\"|/");
  EXPECT_EQ(read("it\"s,5\"\n"), "it\"s|5\"|/") << "a quote inside a plain cell is a quote";
  EXPECT_EQ(read("\"x\"\"\",\"\"\"y\"\"\",z"), "x\"|\"y\"|z|/") << "several unescaped cells in one row";
}

TEST(CsvReader, ByteOrderMark) { EXPECT_EQ(read("\xEF\xBB\xBF\"Name\"\nx"), "Name|/x|/"); }

TEST(CsvReader, WhatIsNoCsvIsNamedByItsRow) {
  EXPECT_EQ(read("a\n\"open"), "a|/Failed to parse CSV: row 2: EOF reached before encapsulated token finished");
  EXPECT_EQ(read("\"a\"b,c\n"),
            "Failed to parse CSV: row 1: invalid character between encapsulated token and delimiter");
  EXPECT_NE(read(std::string(CsvReader::kCellsMax + 1, ',')).find("too many fields"), std::string::npos);
  EXPECT_NE(read(std::string(CsvReader::kRowBytesMax + 1, 'x')).find("too long"), std::string::npos);
}

TEST(CsvReader, TellsHowTheRowStood) {
  CsvReader reader("\"a\", b\r\nc\nd", ',');
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.raw(), "\"a\", b");
  EXPECT_TRUE(reader.ended_with_crlf());
  ASSERT_TRUE(reader.next());
  EXPECT_FALSE(reader.ended_with_crlf());
  EXPECT_TRUE(reader.ended());
  ASSERT_TRUE(reader.next());
  EXPECT_FALSE(reader.ended());
}

}  // namespace
}  // namespace orgsim
