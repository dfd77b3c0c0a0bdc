#include "codec/csv_to_reads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/mapping_fixture.h"

namespace duet::codec {
namespace {

Result<std::vector<CsvRecord>> read_all(const Mapping& mapping, std::string_view csv) {
  CsvToReads reads(mapping);
  std::vector<CsvRecord> records;
  reads.feed(csv);
  reads.end();
  while (true) {
    auto record = DUET_TRY(reads.next());
    if (!record) return records;
    records.push_back(*std::move(record));
  }
}

TEST(CsvToReads, GivesEveryMappedFieldButId) {
  const Mapping mapping = fixture_mapping({{"Id", FieldType::id},
                                           {"Name", FieldType::string, 80},
                                           {"NumberOfEmployees", FieldType::integer},
                                           {"IsDeleted", FieldType::boolean},
                                           {"LastModifiedById", FieldType::reference},
                                           {"SystemModstamp", FieldType::datetime}});
  const auto records =
      read_all(
          mapping,
          "\"SystemModstamp\",\"Id\",\"name\",\"NumberOfEmployees\",\"LastModifiedById\",\"IsDeleted\"\n"
          "\"1970-01-01T00:00:05.000Z\",\"001000000000001AAA\",\"A \"\"b\"\"\",\"\",\"005000000000001AAA\",\"false\"\n")
          .value();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_FALSE(records[0].error);
  const RecordRead& read = records[0].read;
  EXPECT_EQ(read.sfid, "001000000000001AAA");
  EXPECT_EQ(read.stamp, 5000);
  EXPECT_EQ(read.actor, "005000000000001AAA");
  EXPECT_FALSE(read.deleted);
  EXPECT_EQ(read.fields, (FieldValues{{"Name", "A \"b\""},
                                      {"NumberOfEmployees", Null{}},
                                      {"IsDeleted", false},
                                      {"LastModifiedById", "005000000000001AAA"},
                                      {"SystemModstamp", DateTime{5000}}}));
}

TEST(CsvToReads, NamesABadCellAndGoesOn) {
  const Mapping mapping = fixture_mapping({{"Id", FieldType::id}, {"Amount__c", FieldType::currency}});
  const auto records = read_all(mapping, "\"Id\",\"Amount__c\"\n\"1\",\"secret\"\n\"2\",\"1\"\n").value();
  ASSERT_EQ(records.size(), 2U);
  ASSERT_TRUE(records[0].error);
  EXPECT_EQ(records[0].read.sfid, "1");
  EXPECT_THAT(describe(*records[0].error), testing::HasSubstr("row 2, field Account.Amount__c"));
  EXPECT_THAT(describe(*records[0].error), testing::Not(testing::HasSubstr("secret")));
  EXPECT_EQ(records[1].read.fields, (FieldValues{{"Amount__c", 1.0}}));
}

TEST(CsvToReads, RefusesAResultOfAnotherShape) {
  const Mapping mapping = fixture_mapping({{"Id", FieldType::id}, {"Name", FieldType::string, 80}});
  EXPECT_EQ(read_all(mapping, "\"Id\"\n").error().kind, ErrorKind::schema_changed);
  EXPECT_EQ(read_all(mapping, "\"Id\",\"Name\",\"Name\"\n").error().kind, ErrorKind::schema_changed);
  EXPECT_EQ(read_all(mapping, "\"Id\",\"Name\",\"Other\"\n").error().kind, ErrorKind::schema_changed);
  EXPECT_EQ(read_all(mapping, "\"Id\",\"Name\"\n\"1\"\n").error().kind, ErrorKind::bad_data);
  EXPECT_EQ(read_all(mapping, "\"Id\",\"Name\"\n\"\",\"x\"\n").error().kind, ErrorKind::bad_data);
  EXPECT_EQ(read_all(fixture_mapping({{"Name", FieldType::string, 80}}), "\"Name\"\n").error().kind, ErrorKind::config);
  EXPECT_TRUE(read_all(mapping, "\"Id\",\"Name\"\n").value().empty());
}

}  // namespace
}  // namespace duet::codec
