#include "orgsim/core/avro_event.h"

#include <avro.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace orgsim {
namespace {

using nlohmann::json;

/// Decodes with avro-c's reader and shows the datum as avro-c's JSON.
json decode(const EventSchema& schema, const std::vector<std::uint8_t>& bytes) {
  avro_schema_t avro = nullptr;
  EXPECT_EQ(avro_schema_from_json_length(schema.json.data(), schema.json.size(), &avro), 0) << avro_strerror();
  avro_value_iface_t* iface = avro_generic_class_from_schema(avro);
  avro_value_t value;
  avro_generic_value_new(iface, &value);
  avro_reader_t reader =
      avro_reader_memory(reinterpret_cast<const char*>(bytes.data()), static_cast<std::int64_t>(bytes.size()));
  EXPECT_EQ(avro_value_read(reader, &value), 0) << avro_strerror();
  char* text = nullptr;
  avro_value_to_json(&value, 1, &text);
  json out = json::parse(text);
  free(text);
  avro_reader_free(reader);
  avro_value_decref(&value);
  avro_value_iface_decref(iface);
  avro_schema_decref(avro);
  return out;
}

ChangeEvent event_on(const ObjectDef& object) {
  ChangeEvent event;
  event.entity = object.name;
  event.schema = build_event_schema(object);
  event.record_ids = {"001dM0000004C92AAE"};
  event.transaction_key = "000bc577-90c7-0d33-cebb-971bb50d75b8";
  event.commit_ms = 1'767'225'600'123;
  event.commit_number = 11'000'000'000'001;
  event.commit_user = "005dM0000004C92QAE";
  event.change_origin = "com/salesforce/api/rest/62.0;client=duet";
  return event;
}

class AvroEvent : public ::testing::Test {
 protected:
  Schema schema_ = Schema::standard();
};

TEST_F(AvroEvent, AccountPositionsAreThoseOfARealSchema) {
  const auto schema = build_event_schema(*schema_.object("Account"));
  EXPECT_EQ(schema->fields[0].name, "Name");
  EXPECT_EQ(schema->fields[1].name, "Type");
  const json parsed = json::parse(schema->json);
  EXPECT_EQ(parsed["name"], "AccountChangeEvent");
  EXPECT_EQ(parsed["uuid"], schema->id);
  EXPECT_EQ(schema->id.size(), 22U);
  EXPECT_EQ(parsed["fields"][0]["name"], "ChangeEventHeader");
  std::map<std::string, json> by_name;
  for (const json& field : parsed["fields"]) {
    by_name[field["name"]] = field;
    EXPECT_EQ(field.contains("default"), field["name"] != "ChangeEventHeader");
  }
  EXPECT_EQ(by_name["ShippingAddress"]["type"], json::parse(R"(["null","Address"])")) << "a named reference";
  EXPECT_EQ(by_name["BillingAddress"]["type"][1]["fields"].size(), 10U);
  EXPECT_EQ(by_name["CreatedDate"]["doc"], "CreatedDate:DateTime");
  EXPECT_EQ(by_name["NumberOfEmployees"]["type"][1], "int");
  for (const char* absent : {"Id", "IsDeleted", "SystemModstamp", "BillingCity", "LastActivityDate", "PhotoUrl"}) {
    EXPECT_FALSE(by_name.contains(absent)) << absent;
  }
}

TEST_F(AvroEvent, EverySchemaOfTheOrgIsReadableAvroAndStable) {
  for (const ObjectDef& object : schema_.objects()) {
    const ChangeEvent event = event_on(object);
    EXPECT_FALSE(encode_avro(event).empty()) << object.name;
    EXPECT_EQ(build_event_schema(object)->id, event.schema->id);
  }
}

TEST_F(AvroEvent, RoundTripsAnUpdate) {
  ASSERT_TRUE(schema_.apply(json::parse(R"({"name":"Contact","fields":[{"name":"When__c","type":"time"},
    {"name":"Score__c","type":"double"},{"name":"Where__c","type":"location"}]})")));
  ChangeEvent event = event_on(*schema_.object("Contact"));
  event.type = ChangeType::update;
  event.fields = {{"LastName", "Ünï"},
                  {"MailingCity", Value{}},
                  {"Birthdate", std::int64_t{-1}},
                  {"When__c", std::int64_t{1500}},
                  {"Score__c", 2.5},
                  {"Where__Latitude__s", 1.25},
                  {"LastModifiedDate", std::int64_t{1'767'225'600'000}}};
  for (const auto& field : event.fields) event.changed_fields.push_back(field.name);
  event.nulled_fields = {"MailingCity"};
  json back = decode(*event.schema, encode_avro(event));
  EXPECT_EQ(back["Name"]["PersonName"]["LastName"]["string"], "Ünï");
  EXPECT_TRUE(back["Name"]["PersonName"]["FirstName"].is_null());
  EXPECT_TRUE(back["MailingAddress"].is_null());
  EXPECT_EQ(back["Birthdate"]["long"], -86'400'000);
  EXPECT_EQ(back["When__c"]["long"], 1500);
  EXPECT_EQ(back["Score__c"]["double"], 2.5);
  EXPECT_EQ(back["Where__c"]["Location"]["Latitude"]["double"], 1.25);
  EXPECT_TRUE(back["Email"].is_null());
  json header = back["ChangeEventHeader"];
  EXPECT_EQ(header["changeType"], "UPDATE");
  EXPECT_EQ(header["changeOrigin"], event.change_origin);
  EXPECT_EQ(header["commitNumber"], 11'000'000'000'001);
  EXPECT_EQ(header["recordIds"], json::array({"001dM0000004C92AAE"}));
  EXPECT_EQ(header["changedFields"].get<std::vector<std::string>>(),
            field_bitmaps(*event.schema, event.changed_fields));
  EXPECT_EQ(header["nulledFields"].size(), 1U) << "only a part was nulled: no element for the top level";
  EXPECT_TRUE(header["diffFields"].empty());
}

TEST_F(AvroEvent, BitmapsAsDocumented) {
  EventSchema schema;
  schema.positions = {{"BillingCity", {5, 1}},
                      {"LastModifiedDate", {23, -1}},
                      {"Name", {1, -1}},
                      {"Fax", {8, -1}},
                      {"BillingCountry", {5, 4}}};
  EXPECT_EQ(field_bitmaps(schema, {"LastModifiedDate"}), std::vector<std::string>{"0x800000"});
  EXPECT_EQ(field_bitmaps(schema, {"BillingCity", "LastModifiedDate"}),
            (std::vector<std::string>{"0x800000", "5-0x02"}));
  EXPECT_EQ(field_bitmaps(schema, {"BillingCity", "BillingCountry"}), std::vector<std::string>{"5-0x12"});
  EXPECT_EQ(field_bitmaps(schema, {"Name", "Fax"}), std::vector<std::string>{"0x0102"});
  EXPECT_TRUE(field_bitmaps(schema, {}).empty());
  EXPECT_TRUE(field_bitmaps(schema, {"Unknown"}).empty());
}

TEST_F(AvroEvent, ANewFieldMakesANewSchemaId) {
  const auto before = build_event_schema(*schema_.object("Account"));
  ASSERT_TRUE(schema_.apply(json::parse(R"({"name":"Account","fields":[{"name":"Extra__c"}]})")));
  const auto after = build_event_schema(*schema_.object("Account"));
  EXPECT_NE(before->id, after->id);
  EXPECT_NE(after->json.find("Data:Text:00N"), std::string::npos);
}

TEST(ReplayId, IsEightBytesBigEndian) { EXPECT_EQ(replay_id_bytes(0x0102), std::string("\0\0\0\0\0\0\1\2", 8)); }

}  // namespace
}  // namespace orgsim
