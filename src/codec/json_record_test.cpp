#include "codec/json_record.h"

#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>
#include <simdjson.h>

namespace duet::codec {
namespace {

Mapping account() {
  Mapping mapping;
  mapping.object = "Account";
  auto add = [&](std::string name, FieldType type) {
    MappedField field;
    field.schema.name = std::move(name);
    field.schema.type = type;
    mapping.fields.push_back(std::move(field));
  };
  add("Id", FieldType::id);
  add("Name", FieldType::string);
  add("AnnualRevenue", FieldType::currency);
  add("NumberOfEmployees", FieldType::integer);
  add("Active__c", FieldType::boolean);
  add("Since__c", FieldType::date);
  add("Opens__c", FieldType::time);
  add("SystemModstamp", FieldType::datetime);
  return mapping;
}

TEST(JsonRecord, reads_a_query_page) {
  JsonRecordReader reader;
  auto page =
      reader.query_page(R"({"totalSize":5,"done":false,"nextRecordsUrl":"/services/data/v62.0/query/01g-2","records":[
    {"attributes":{"type":"Account","url":"/x"},"Id":"0014W000027f6V3","Name":"Añ\u00e9 & Co","AnnualRevenue":1.5e3,"NumberOfEmployees":7,
     "Active__c":true,"Since__c":"2026-02-03","Opens__c":"08:30:00.000Z","SystemModstamp":"2020-10-22T21:03:23.000+0000",
     "IsDeleted":true,"LastModifiedById":"0054W00000BZkk0QAD","Unmapped__c":{"a":1}}]})",
                        account());
  ASSERT_TRUE(page) << describe(page.error());
  EXPECT_FALSE(page->done);
  EXPECT_EQ(page->total_size, 5);
  EXPECT_EQ(page->next_path, "/services/data/v62.0/query/01g-2");
  const RecordRead& read = page->records.at(0);
  EXPECT_EQ(read.sfid, "0014W000027f6V3QAI");
  EXPECT_TRUE(read.deleted);
  EXPECT_EQ(read.actor, "0054W00000BZkk0QAD");
  EXPECT_EQ(read.stamp, 1'603'400'603'000);
  EXPECT_EQ(value_of(read.fields, "Name"), Value(std::string("Añé & Co")));
  EXPECT_EQ(value_of(read.fields, "AnnualRevenue"), Value(1500.0));
  EXPECT_EQ(value_of(read.fields, "NumberOfEmployees"), Value(std::int64_t{7}));
  EXPECT_EQ(value_of(read.fields, "Active__c"), Value(true));
  EXPECT_EQ(value_of(read.fields, "Since__c"), Value(Date{days_from_civil(2026, 2, 3)}));
  EXPECT_EQ(value_of(read.fields, "Opens__c"), Value(TimeOfDay{30'600'000}));
  EXPECT_TRUE(is_absent(value_of(read.fields, "Id")));
  EXPECT_TRUE(is_absent(value_of(read.fields, "Unmapped__c")));
}

MappedField parent_key(std::string relationship) {
  MappedField field;
  field.schema.name = relationship + ".Ext__c";
  field.parent = ParentKey{relationship + "Id", relationship, "Account", "Ext__c"};
  return field;
}

TEST(JsonRecord, reads_parents_by_their_external_ids) {
  Mapping mapping = account();
  mapping.fields.push_back(parent_key("Parent"));
  mapping.fields.push_back(parent_key("Owner"));
  JsonRecordReader reader;
  auto page = reader.query_page(R"({"totalSize":1,"done":true,"records":[{"Id":"0014W000027f6V3","Parent":)"
                                R"({"attributes":{"type":"Account"},"Ext__c":"A-1"},"Owner":null}]})",
                                mapping);
  ASSERT_TRUE(page) << describe(page.error());
  EXPECT_EQ(value_of(page->records[0].fields, "Parent.Ext__c"), Value(std::string("A-1")));
  EXPECT_EQ(value_of(page->records[0].fields, "Owner.Ext__c"), Value(Null{}));
}

TEST(JsonRecord, sends_parents_by_their_external_ids) {
  std::string out;
  ASSERT_TRUE(append_json_members(out, {{"Account.Ext__c", std::string("A-1")}, {"Name", std::string("x")}}, {}));
  EXPECT_EQ(out, R"("Account":{"Ext__c":"A-1"},"Name":"x")");
}

TEST(JsonRecord, takes_empty_text_and_null_for_null_and_drops_nul_bytes) {
  JsonRecordReader reader;
  auto page = reader.query_page(R"({"done":true,"records":[{"Id":"0014W000027f6V3QAI","Name":"","AnnualRevenue":null},
                                                           {"Id":"0014W000027f6V3QAI","Name":"a\u0000b"}]})",
                                account());
  ASSERT_TRUE(page) << describe(page.error());
  EXPECT_TRUE(is_null(value_of(page->records[0].fields, "Name")));
  EXPECT_TRUE(is_null(value_of(page->records[0].fields, "AnnualRevenue")));
  EXPECT_TRUE(is_absent(value_of(page->records[0].fields, "Since__c")));
  EXPECT_EQ(value_of(page->records[1].fields, "Name"), Value(std::string("ab")));
}

TEST(JsonRecord, gives_an_answer_for_every_id_that_was_asked) {
  JsonRecordReader reader;
  std::vector<std::string> asked = {"0014W000027f6V4QAI", "0014W000027f6V3QAI"};
  auto reads = reader.retrieved(R"([null,{"attributes":{},"Id":"0014W000027f6V3QAI","Name":"x"}])", account(), asked);
  ASSERT_TRUE(reads) << describe(reads.error());
  ASSERT_EQ(reads->size(), 2u);
  EXPECT_TRUE((*reads)[0].deleted);
  EXPECT_EQ((*reads)[0].sfid, asked[0]);
  EXPECT_FALSE((*reads)[1].deleted);
}

TEST(JsonRecord, refuses_answers_of_another_shape) {
  JsonRecordReader reader;
  for (std::string_view body : {"", "null", "[]", "<html>", R"({"done":true})", R"({"records":[]})",
                                R"({"done":true,"records":[7]})", R"({"done":true,"records":[{"Name":"x"}]})",
                                R"({"done":true,"records":[{"Id":"0014W000027f6V3QAI","Since__c":"soon"}]})",
                                R"({"done":true,"records":[{"Id":"0014W000027f6V3QAI","NumberOfEmployees":1.5}]})",
                                R"({"done":false,"nextRecordsUrl":"https://evil.example/x","records":[]})"}) {
    auto page = reader.query_page(body, account());
    ASSERT_FALSE(page) << body;
    EXPECT_EQ(page.error().kind, ErrorKind::bad_data);
  }
  EXPECT_FALSE(reader.retrieved(R"({"a":1})", account(), {}));
}

std::string json_of(const Value& value) {
  std::string out;
  EXPECT_TRUE(append_json_value(out, value));
  return out;
}

TEST(JsonRecord, writes_values_as_salesforce_reads_them) {
  EXPECT_EQ(json_of(Null{}), "null");
  EXPECT_EQ(json_of(true), "true");
  EXPECT_EQ(json_of(std::int64_t{-7}), "-7");
  EXPECT_EQ(json_of(0.1), "0.1");
  EXPECT_EQ(json_of(1e21), "1000000000000000000000");
  EXPECT_EQ(json_of(1e-7), "0.0000001");
  EXPECT_EQ(json_of(Date{days_from_civil(2026, 1, 31)}), "\"2026-01-31\"");
  EXPECT_EQ(json_of(DateTime{1'767'225'600'123}), "\"2026-01-01T00:00:00.123Z\"");
  EXPECT_EQ(json_of(TimeOfDay{30'600'000}), "\"08:30:00.000Z\"");
  EXPECT_EQ(json_of(std::string("a\"\\\n\x01é")), "\"a\\\"\\\\\\n\\u0001é\"");
}

TEST(JsonRecord, refuses_values_that_json_cannot_hold) {
  std::string out;
  EXPECT_FALSE(append_json_value(out, std::numeric_limits<double>::quiet_NaN()));
  EXPECT_FALSE(append_json_value(out, std::numeric_limits<double>::infinity()));
  EXPECT_FALSE(append_json_value(out, std::string("\xff")));
  EXPECT_EQ(out, "");
  auto members = append_json_members(out, {{"Rate__c", std::nan("")}});
  ASSERT_FALSE(members);
  EXPECT_TRUE(members.error().detail.starts_with("Rate__c:"));
}

TEST(JsonRecord, writes_members_without_absent_ones_and_the_key) {
  std::string out;
  ASSERT_TRUE(append_json_members(
      out, {{"A", Absent{}}, {"B", std::int64_t{1}}, {"Key__c", std::string("k")}, {"Z", Null{}}}, "Key__c"));
  EXPECT_EQ(out, R"("B":1,"Z":null)");
}

TEST(JsonRecord, doubles_survive_the_round_trip) {
  std::mt19937_64 random(3);
  simdjson::dom::parser parser;
  for (int i = 0; i < 20'000; ++i) {
    auto number = std::bit_cast<double>(static_cast<std::uint64_t>(random()));
    if (!std::isfinite(number) || std::abs(number) < 1e-300) continue;
    std::string json = json_of(number);
    EXPECT_EQ(json.find('e'), std::string::npos);
    EXPECT_EQ(std::stod(json), number) << json;
  }
}

}  // namespace
}  // namespace duet::codec
