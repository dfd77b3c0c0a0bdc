#include "codec/bulk_csv.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace duet::codec {
namespace {

using Rows = std::vector<std::vector<std::string>>;

/// Feeds `csv` in chunks of `chunk_size` bytes, each in a buffer of its own that is destroyed before the next.
Result<Rows> read_all(std::string_view csv, std::size_t chunk_size) {
  BulkCsvReader reader;
  Rows rows;
  auto drain = [&]() -> Result<void> {
    while (true) {
      const auto row = DUET_TRY(reader.next());
      if (!row) return {};
      auto& cells = rows.emplace_back();
      for (const CsvCell& cell : *row) append_unescaped(cell, cells.emplace_back());
    }
  };
  for (std::size_t at = 0; at < csv.size(); at += chunk_size) {
    const std::string chunk(csv.substr(at, chunk_size));
    reader.feed(chunk);
    DUET_TRY(drain());
  }
  reader.end();
  DUET_TRY(drain());
  return rows;
}

std::string write_csv(const Rows& rows, std::string_view line_end) {
  std::string csv;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) csv += ',';
      csv += '"';
      for (const char c : row[i]) {
        if (c == '"') csv += '"';
        csv += c;
      }
      csv += '"';
    }
    csv += line_end;
  }
  return csv;
}

std::string refusal_of(std::string_view csv) {
  const auto rows = read_all(csv, 1 << 20);
  return rows ? "accepted" : describe(rows.error());
}

TEST(BulkCsv, ReadsQuotedCellsWithEverythingInside) {
  const std::string csv = "\"Id\",\"Name\"\n\"1\",\"say \"\"hi\"\", you\nthere\"\n\"2\",\"\"\n";
  EXPECT_EQ(read_all(csv, 1000).value(), (Rows{{"Id", "Name"}, {"1", "say \"hi\", you\nthere"}, {"2", ""}}));
}

TEST(BulkCsv, GivesTheSameRowsWhateverTheChunks) {
  const Rows rows = {{"Id", "Name"}, {"", "\"\"\""}, {"a\r\nb", std::string("nul\0in", 6)}, {",,,", "\n\n"}, {"", ""}};
  for (const std::string_view line_end : {"\n", "\r\n"}) {
    const std::string csv = write_csv(rows, line_end);
    for (std::size_t size = 1; size <= csv.size(); ++size) ASSERT_EQ(read_all(csv, size).value(), rows) << size;
  }
}

TEST(BulkCsv, AcceptsUnquotedCellsBlankLinesAndAMissingLastLineEnd) {
  for (std::size_t size = 1; size < 20; ++size) {
    EXPECT_EQ(read_all("a,\"b\",\n\n\r\nc,,d\r\n,\"\",x", size).value(),
              (Rows{{"a", "b", ""}, {"c", "", "d"}, {"", "", "x"}}));
    EXPECT_EQ(read_all("\"a\"", size).value(), (Rows{{"a"}}));
    EXPECT_EQ(read_all("a,", size).value(), (Rows{{"a", ""}}));
    EXPECT_EQ(read_all("\"\"\n\n\"\"\n", size).value(), (Rows{{""}, {""}}));
  }
  EXPECT_EQ(read_all("", 1).value(), Rows{});
}

TEST(BulkCsv, SaysWhichRowIsMalformedAndNeverWhatItHolds) {
  EXPECT_THAT(refusal_of("\"a\"\n\"secret\"x\n"),
              testing::AllOf(testing::HasSubstr("row 2"), testing::Not(testing::HasSubstr("secret"))));
  EXPECT_THAT(refusal_of("\"a\"\n\"open\n"), testing::HasSubstr("ends inside a quoted cell (CSV): row 2"));
  EXPECT_THAT(refusal_of("a\"b\n"), testing::HasSubstr("row 1"));
  EXPECT_THAT(refusal_of("\"a\"\rb"), testing::HasSubstr("row 1"));
  EXPECT_THAT(refusal_of(std::string(kMaxCsvColumns + 1, ',')), testing::HasSubstr("2,000 cells"));
}

TEST(BulkCsv, StaysRefused) {
  BulkCsvReader reader;
  reader.feed("\"a\"b\n\"c\"\n");
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(reader.next());
}

TEST(BulkCsv, BoundsCellsAndRows) {
  const std::string largest = "\"" + std::string(kMaxCsvCellBytes, 'x') + "\"";
  const std::string too_large = "\"" + std::string(kMaxCsvCellBytes + 1, 'x') + "\"";
  for (const std::size_t size : {std::size_t{1000}, std::size_t{100'000}, std::size_t{32 << 20}}) {
    EXPECT_TRUE(read_all(largest, size));
    EXPECT_FALSE(read_all(too_large, size));
    std::string row;
    while (row.size() < kMaxCsvRowBytes) row += largest + ",";
    EXPECT_FALSE(read_all(row, size));
    EXPECT_FALSE(read_all("\"" + std::string(kMaxCsvRowBytes + 10'000, 'x'), size));
  }
}

TEST(BulkCsv, ReadsBackRandomRows) {
  std::mt19937 random(7);
  constexpr std::string_view kAlphabet = "\"\",,\n\r ab\xC3\xA4";
  for (int round = 0; round < 300; ++round) {
    Rows rows(random() % 20);
    for (auto& row : rows) {
      row.resize(1 + random() % 5);
      for (auto& cell : row) {
        const std::size_t length = random() % (round % 10 == 0 ? 9'000 : 40);
        for (std::size_t i = 0; i < length; ++i) cell += kAlphabet[random() % kAlphabet.size()];
      }
    }
    ASSERT_EQ(read_all(write_csv(rows, round % 2 == 0 ? "\n" : "\r\n"), 1 + random() % 6'000).value(), rows);
  }
}

TEST(BulkCsv, SurvivesRandomBytes) {
  std::mt19937 random(11);
  constexpr std::string_view kAlphabet("\",\n\ra\0", 6);
  for (int round = 0; round < 20'000; ++round) {
    std::string csv;
    for (std::size_t i = random() % 30; i > 0; --i) csv += kAlphabet[random() % kAlphabet.size()];
    const auto whole = read_all(csv, 100);
    const auto split = read_all(csv, 1 + random() % 5);
    ASSERT_EQ(whole.has_value(), split.has_value());
    if (whole) {
      ASSERT_EQ(*whole, *split);
    }
  }
}

}  // namespace
}  // namespace duet::codec
