// PostgreSQL as the oracle: what it reads from our binary COPY is what its own CSV parser reads from the same file.

#include <filesystem>
#include <fstream>
#include <random>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "codec/csv_to_copy.h"
#include "codec/mapping_fixture.h"
#include "support/private_cluster.h"
#include "support/sql_session.h"

namespace duet::codec {
namespace {

class RandomCells {
 public:
  std::string cell(FieldType type) {
    if (random_() % 8 == 0) return "";
    switch (type) {
      case FieldType::id:
        return fmt::format("0010000000{:05}AAA", ++ids_);
      case FieldType::boolean:
        return random_() % 2 == 0 ? "true" : "false";
      case FieldType::integer:
        return fmt::format("{}", static_cast<std::int32_t>(random_()));
      case FieldType::currency:
        return number();
      case FieldType::date:
        return format_date(days());
      case FieldType::datetime:
        return format_timestamp(days() * kMsPerDay + below(kMsPerDay));
      case FieldType::time:
        return format_time_of_day(below(kMsPerDay)) + "Z";
      default:
        return text(random_() % 8);
    }
  }

  std::string id() {
    std::string id;
    while (id.empty()) id = cell(FieldType::id);
    return id;
  }

 private:
  std::int64_t below(std::int64_t bound) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(bound));
  }
  /// Salesforce's dates: 1700-01-01 to 4000-12-31.
  std::int32_t days() { return static_cast<std::int32_t>(below(840'056)) - 98'617; }

  std::string number() {
    switch (random_() % 3) {
      case 0:
        return fmt::format("{}.{:02}", static_cast<std::int32_t>(random_()), random_() % 100);
      case 1:
        return fmt::format("{}", std::bit_cast<double>(random_() >> 2));
      default:
        return fmt::format("{:.15E}", static_cast<double>(static_cast<std::int64_t>(random_())));
    }
  }

  std::string text(std::size_t characters) {
    constexpr std::string_view kCharacters[] = {
        "a", "Z", "\"\"", ",", "\n", "\r", "\\", " ", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x8E\xBB", "\x01"};
    std::string text;
    for (std::size_t i = 0; i < characters; ++i) text += kCharacters[random_() % std::size(kCharacters)];
    return text;
  }

  std::mt19937_64 random_{5};
  int ids_ = 0;
};

TEST(CopyOracle, PostgresReadsTheSameValuesFromBothFormats) {
  const Mapping mapping = fixture_mapping_of_all_types();
  std::vector<std::string> names;
  std::vector<std::string> definitions;
  for (const MappedField& field : mapping.fields) {
    names.push_back(field.column);
    definitions.push_back(fmt::format("{} {}", field.column, sql_name(column_type(field.schema))));
  }
  RandomCells random;
  std::string csv = fmt::format("\"{}\"\n", fmt::join(names, "\",\""));
  for (int row = 0; row < 5'000; ++row) {
    std::vector<std::string> cells;
    for (const MappedField& field : mapping.fields) {
      cells.push_back(field.schema.type == FieldType::id ? random.id() : random.cell(field.schema.type));
    }
    csv += fmt::format("\"{}\"\n", fmt::join(cells, "\",\""));
  }
  CopyWriter out;
  CsvToCopy conversion(mapping, out);
  ASSERT_TRUE(conversion.convert(csv));
  ASSERT_TRUE(conversion.finish());
  ASSERT_EQ(conversion.refused().size(), 0U);

  const std::filesystem::path folder = test::shared_cluster().folder();
  std::ofstream(folder / "rows.csv", std::ios::binary) << csv;
  std::ofstream(folder / "rows.copy", std::ios::binary) << out.bytes();
  test::SqlSession session(test::shared_cluster().create_database());
  session.execute("SET datestyle = 'ISO'");
  const std::string columns = fmt::format("{}", fmt::join(definitions, ", "));
  session.execute(fmt::format("CREATE TABLE theirs ({0}); CREATE TABLE ours ({0}, _hc_lastop varchar(32))", columns));
  session.execute(fmt::format("COPY theirs FROM '{}' (FORMAT csv, HEADER, FORCE_NULL ({}))",
                              (folder / "rows.csv").string(), fmt::join(names, ", ")));
  session.execute(fmt::format("COPY ours FROM '{}' (FORMAT binary)", (folder / "rows.copy").string()));

  EXPECT_EQ(session.value("SELECT count(*) FROM ours WHERE _hc_lastop = 'SYNCED'"), "5000");
  for (const std::string& name : names) {
    EXPECT_EQ(session.value(fmt::format(
                  "SELECT count(*) FROM ours o JOIN theirs t USING (id) WHERE o.{0} IS DISTINCT FROM t.{0}", name)),
              "0")
        << name;
  }
  EXPECT_EQ(session.value("SELECT count(*) FROM ours o JOIN theirs t USING (id)"), "5000");
}

}  // namespace
}  // namespace duet::codec
