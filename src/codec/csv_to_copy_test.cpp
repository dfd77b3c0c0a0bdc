#include "codec/csv_to_copy.h"

#include <random>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/mapping_fixture.h"

namespace duet::codec {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kHeader =
    "\"Id\",\"Name\",\"Notes__c\",\"Active__c\",\"Employees\",\"Amount__c\",\"Day__c\",\"SystemModstamp\",\"At__c\"\n";

struct Converted {
  std::string bytes;
  long rows = 0;
  std::vector<RefusedRow> refused;
};

Result<Converted> convert(const Mapping& mapping, std::string_view csv, std::size_t chunk_size = 1 << 20) {
  CopyWriter out;
  CsvToCopy conversion(mapping, out);
  for (std::size_t at = 0; at < csv.size(); at += chunk_size) {
    const std::string chunk(csv.substr(at, chunk_size));
    DUET_TRY(conversion.convert(chunk));
  }
  DUET_TRY(conversion.finish());
  return Converted{std::string(out.bytes()), conversion.rows(), conversion.refused()};
}

/// Reads binary COPY data back: for each row its fields as bytes, or nothing for null.
class CopyReader {
 public:
  explicit CopyReader(std::string_view bytes) : rest_(bytes) {
    EXPECT_EQ(take(19), std::string("PGCOPY\n\xFF\r\n\0\0\0\0\0\0\0\0\0", 19));
  }

  std::vector<std::vector<std::optional<std::string>>> rows() {
    std::vector<std::vector<std::optional<std::string>>> rows;
    while (true) {
      const auto count = static_cast<std::int16_t>(number(2));
      if (count < 0) break;
      auto& row = rows.emplace_back();
      for (int i = 0; i < count; ++i) {
        const auto size = static_cast<std::int32_t>(number(4));
        row.push_back(size < 0 ? std::nullopt : std::optional(take(static_cast<std::size_t>(size))));
      }
    }
    EXPECT_TRUE(rest_.empty());
    return rows;
  }

 private:
  std::string take(std::size_t size) {
    const std::string taken(rest_.substr(0, size));
    EXPECT_EQ(taken.size(), size);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::uint64_t number(std::size_t size) {
    std::uint64_t number = 0;
    for (const char c : take(size)) number = number << 8 | static_cast<unsigned char>(c);
    return number;
  }

  std::string_view rest_;
};

std::string big_endian(std::uint64_t value, int size) {
  std::string bytes;
  for (int shift = (size - 1) * 8; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

TEST(CsvToCopy, WritesEveryType) {
  const std::string csv =
      std::string(kHeader) +
      "\"001000000000001AAA\",\"Zo\xC3\xAB \"\"Z\"\"\",\"a\nb\",\"true\",\"-2\",\"1.5\",\"1999-12-31\","
      "\"2000-01-01T00:00:01.500Z\",\"00:00:02.000Z\"\n"
      "\"001000000000002AAA\",\"\",\"\",\"false\",\"\",\"\",\"\",\"\",\"\"\n";
  const Converted converted = convert(fixture_mapping_of_all_types(), csv).value();
  const auto rows = CopyReader(converted.bytes).rows();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(converted.rows, 2);
  EXPECT_THAT(rows[0],
              testing::ElementsAre("001000000000001AAA", "Zo\xC3\xAB \"Z\"", "a\nb", std::string(1, '\1'),
                                   big_endian(-2ULL, 4), big_endian(std::bit_cast<std::uint64_t>(1.5), 8),
                                   big_endian(-1ULL, 4), big_endian(1'500'000, 8), big_endian(2'000'000, 8), "SYNCED"));
  EXPECT_THAT(rows[1],
              testing::ElementsAre("001000000000002AAA", std::nullopt, std::nullopt, std::string(1, '\0'), std::nullopt,
                                   std::nullopt, std::nullopt, std::nullopt, std::nullopt, "SYNCED"));
}

TEST(CsvToCopy, NamesItsColumnsInTheOrderOfItsRows) {
  const Mapping mapping = fixture_mapping({{"Name"}, {"Id", FieldType::id}, {"Foo__c"}});
  EXPECT_THAT(copy_columns(mapping), testing::ElementsAre("name", "sfid", "foo__c", "_hc_lastop"));
  const Converted converted =
      convert(mapping, "\"Foo__c\",\"ID\",\"Name\"\n\"foo\",\"001000000000001AAA\",\"name\"\n").value();
  EXPECT_THAT(CopyReader(converted.bytes).rows().at(0),
              testing::ElementsAre("name", "001000000000001AAA", "foo", "SYNCED"));
}

TEST(CsvToCopy, StripsNulBytesAndCountsCharactersNotBytes) {
  const Mapping mapping = fixture_mapping({{"Id", FieldType::id}, {"Name", FieldType::string, 3}});
  const std::string csv =
      "\"Id\",\"Name\"\n"
      "\"001000000000001AAA\",\"\0\xE2\x82\xAC\xE2\x82\xAC\0\xE2\x82\xAC\"\n"
      "\"001000000000002AAA\",\"\0\0\"\n"
      "\"001000000000003AAA\",\"\"\"\0\"\"\"\n"s;
  const auto rows = CopyReader(convert(mapping, csv).value().bytes).rows();
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0][1], "\xE2\x82\xAC\xE2\x82\xAC\xE2\x82\xAC");
  EXPECT_EQ(rows[1][1], std::nullopt);
  EXPECT_EQ(rows[2][1], "\"\"");
}

TEST(CsvToCopy, LeavesOutRowsThatDoNotFitAndNamesThem) {
  const Mapping mapping = fixture_mapping_of_all_types();
  const std::vector<std::pair<int, std::string>> bad = {{1, "12345678901"}, {1, "\xFF"},       {2, "\xC3"},
                                                        {3, "yes"},         {4, "2147483648"}, {5, "nan"},
                                                        {6, "2001-02-29"},  {7, "noon"},       {8, "24:00:00Z"}};
  std::string csv(kHeader);
  for (std::size_t i = 0; i < bad.size(); ++i) {
    std::vector<std::string> cells(mapping.fields.size());
    cells[0] = fmt::format("00100000000000{}AAA", i);
    cells[static_cast<std::size_t>(bad[i].first)] = bad[i].second;
    csv += fmt::format("\"{}\"\n", fmt::join(cells, "\",\""));
  }
  csv += "\"00100000000000ZAAA\",\"good\",\"\",\"\",\"\",\"\",\"\",\"\",\"\"\n";
  const Converted converted = convert(mapping, csv).value();
  EXPECT_EQ(converted.rows, 1);
  EXPECT_EQ(CopyReader(converted.bytes).rows().at(0).at(1), "good");
  ASSERT_EQ(converted.refused.size(), bad.size());
  for (std::size_t i = 0; i < bad.size(); ++i) {
    EXPECT_EQ(converted.refused[i].sfid, fmt::format("00100000000000{}AAA", i));
    const std::string said = describe(converted.refused[i].error);
    EXPECT_THAT(said, HasSubstr(fmt::format("row {}, field Account.{},", i + 2,
                                            mapping.fields[static_cast<std::size_t>(bad[i].first)].schema.name)));
    EXPECT_THAT(said, Not(HasSubstr(bad[i].second)));
  }
}

TEST(CsvToCopy, FailsWhenTooManyRowsDoNotFit) {
  const Mapping mapping = fixture_mapping({{"Id", FieldType::id}, {"Employees", FieldType::integer}});
  std::string csv = "\"Id\",\"Employees\"\n";
  for (std::size_t i = 0; i <= kMaxRefusedRows; ++i) csv += fmt::format("\"0010000000{:05}AAA\",\"x\"\n", i);
  EXPECT_THAT(describe(convert(mapping, csv).error()), HasSubstr("more than 1000 records"));
}

TEST(CsvToCopy, RefusesAResultOfAnotherShape) {
  const Mapping mapping = fixture_mapping({{"Id", FieldType::id}, {"Name", FieldType::string, 80}});
  EXPECT_EQ(convert(mapping, "\"Id\"\n").error().kind, ErrorKind::schema_changed);
  EXPECT_EQ(convert(mapping, "\"Id\",\"Id\",\"Name\"\n").error().kind, ErrorKind::schema_changed);
  EXPECT_EQ(convert(mapping, "\"Id\",\"Name\"\n\"001000000000001AAA\",\"x\",\"\"\n").error().kind, ErrorKind::bad_data);
  EXPECT_EQ(convert(mapping, "\"Id\",\"Name\"\n\"\",\"x\"\n").error().kind, ErrorKind::bad_data);
  EXPECT_EQ(convert(mapping, "\"Id\",\"Name\"\n\"too long to be an Id\",\"x\"\n").error().kind, ErrorKind::bad_data);
}

TEST(CsvToCopy, GivesNoRowsForAnEmptyResult) {
  const Mapping mapping = fixture_mapping({{"Id", FieldType::id}, {"Name", FieldType::string, 80}});
  for (const std::string_view csv : {"", "\"Id\",\"Name\"\n"}) {
    EXPECT_EQ(CopyReader(convert(mapping, csv).value().bytes).rows().size(), 0U);
  }
}

TEST(CsvToCopy, GivesTheSameBytesWhateverTheChunks) {
  std::mt19937 random(3);
  std::string csv(kHeader);
  for (int row = 0; row < 40; ++row) {
    csv += fmt::format(
        "\"0010000000{:05}AAA\",\"{}\",\"{}\",\"true\",\"{}\",\"{}\",\"2024-02-29\",\"2024-02-29T23:59:59.999Z\","
        "\"\"\n",
        row, random() % 2 ? "a\"\"b" : "abcdefghijklm", std::string(random() % 300, '\n'), random() % 100,
        random() % 100);
  }
  const Mapping mapping = fixture_mapping_of_all_types();
  const Converted whole = convert(mapping, csv).value();
  for (const std::size_t size : {1, 2, 3, 7, 64, 1000, 4096}) {
    const Converted split = convert(mapping, csv, size).value();
    ASSERT_EQ(split.bytes, whole.bytes) << size;
    ASSERT_EQ(split.refused.size(), whole.refused.size());
  }
}

}  // namespace
}  // namespace duet::codec
