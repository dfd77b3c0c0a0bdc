#include "codec/change_event.h"

#include <random>

#include <gtest/gtest.h>

#include "codec/avro_test_writer.h"
#include "codec/change_event_value.h"

namespace duet::codec {
namespace {

constexpr std::string_view kHeaderType = R"({"type":"record","name":"ChangeEventHeader","fields":[
  {"name":"entityName","type":"string"},{"name":"recordIds","type":{"type":"array","items":"string"}},
  {"name":"changeType","type":{"type":"enum","name":"ChangeType","symbols":["CREATE","UPDATE","DELETE","UNDELETE","GAP_CREATE","GAP_UPDATE","GAP_DELETE","GAP_UNDELETE","GAP_OVERFLOW","SNAPSHOT"]}},
  {"name":"changeOrigin","type":"string"},{"name":"transactionKey","type":"string"},{"name":"sequenceNumber","type":"int"},
  {"name":"commitTimestamp","type":"long"},{"name":"commitNumber","type":"long"},{"name":"commitUser","type":"string"},
  {"name":"nulledFields","type":{"type":"array","items":"string"}},{"name":"diffFields","type":{"type":"array","items":"string"}},
  {"name":"changedFields","type":{"type":"array","items":"string"}}]})";

std::string schema_json(std::string_view object, std::string_view fields) {
  return R"({"name":")" + std::string(object) +
         R"(","namespace":"com.sforce.eventbus","type":"record","fields":[{"name":"ChangeEventHeader","type":)" +
         std::string(kHeaderType) + "}," + std::string(fields) + R"(],"uuid":"K98aAtiNFBjA-PJlcvaQ2g"})";
}

// 1 Name, 2 BillingAddress, 3 ShippingAddress, 4 Employees, 5 Loc__c, 6 Since__c, 7 At__c, 8 LastModifiedDate, 9
// Active__c, 10 Notes__c
const std::string kAccountSchema = schema_json("AccountChangeEvent", R"(
  {"name":"Name","type":["null","string",{"type":"record","name":"Switchable_PersonName","fields":[{"name":"Salutation","type":["null","string"]},{"name":"FirstName","type":["null","string"]},{"name":"LastName","type":["null","string"]}]}],"default":null},
  {"name":"BillingAddress","type":["null",{"type":"record","name":"Address","fields":[{"name":"Street","type":["null","string"]},{"name":"City","type":["null","string"]},{"name":"Latitude","type":["null","double"]}]}],"default":null},
  {"name":"ShippingAddress","type":["null","Address"],"default":null},
  {"name":"NumberOfEmployees","type":["null","int"],"default":null},
  {"name":"Loc__c","type":["null",{"type":"record","name":"Location","fields":[{"name":"Latitude","type":["null","double"]},{"name":"Longitude","type":["null","double"]}]}]},
  {"name":"Since__c","type":["null","long"]},{"name":"At__c","type":["null","long"]},
  {"name":"LastModifiedDate","type":["null","long"]},{"name":"Active__c","type":["null","boolean"]},{"name":"Notes__c","type":["null","string"]})");

ObjectSchema account() {
  ObjectSchema schema;
  schema.name = "Account";
  auto add = [&](std::string name, FieldType type, std::string compound = {}) {
    FieldSchema field;
    field.name = std::move(name);
    field.type = type;
    field.compound_field = std::move(compound);
    schema.fields.push_back(std::move(field));
  };
  add("Name", FieldType::string);
  add("FirstName", FieldType::string, "Name");
  add("BillingStreet", FieldType::textarea, "BillingAddress");
  add("BillingCity", FieldType::string, "BillingAddress");
  add("ShippingCity", FieldType::string, "ShippingAddress");
  add("NumberOfEmployees", FieldType::integer);
  add("Loc__Latitude__s", FieldType::double_number, "Loc__c");
  add("Since__c", FieldType::date);
  add("At__c", FieldType::time);
  add("LastModifiedDate", FieldType::datetime);
  add("Active__c", FieldType::boolean);
  add("Notes__c", FieldType::textarea);
  add("IsDeleted", FieldType::boolean);
  return schema;
}

struct Header {
  std::vector<std::string> ids = {"0014W000027f6V3QAI"};
  int type = 1;
  std::string origin = {};
  std::vector<std::string> nulled = {}, diff = {}, changed = {};
  std::string entity = "Account";
};

AvroTestWriter& write(AvroTestWriter& out, const Header& header) {
  return out.text(header.entity)
      .texts(header.ids)
      .whole(header.type)
      .text(header.origin)
      .text("key-1")
      .whole(2)
      .whole(1'767'225'600'987)
      .whole(123456789)
      .text("0054W00000BZkk0QAD")
      .texts(header.nulled)
      .texts(header.diff)
      .texts(header.changed);
}

ChangeEvent decode(const Header& header, const AvroTestWriter& body, const ObjectSchema* mapped) {
  AvroTestWriter payload;
  write(payload, header).raw(body.bytes());
  auto decoder = ChangeEventDecoder::create(kAccountSchema);
  EXPECT_TRUE(decoder) << describe(decoder.error());
  decoder->select(mapped);
  return decoder->decode(payload.bytes(), "replay", "uuid");
}

AvroTestWriter nulls() {
  AvroTestWriter body;
  for (int i = 0; i < 10; ++i) body.null();
  return body;
}

const ObjectSchema kAccount = account();
Value text(std::string value) { return value; }

TEST(ChangeEvent, a_create_speaks_of_every_field) {
  AvroTestWriter body;
  body.branch(1).text("Acme").branch(1).branch(1).text("1 Way").branch(1).text("Oslo").null().null();  // Name, Billing,
                                                                                                       // Shipping
  body.branch(1).whole(12).branch(1).branch(1).number(59.5).null();  // Employees, Loc__c
  body.branch(1)
      .whole(86'400'000)
      .branch(1)
      .whole(1'000)
      .branch(1)
      .whole(1'767'225'600'000)
      .branch(1)
      .boolean(false)
      .branch(1)
      .text("");
  ChangeEvent event = decode({.type = 0, .origin = "com/salesforce/api/rest/62.0;client=duet-7"}, body, &kAccount);
  EXPECT_EQ(event.kind, EventKind::create);
  EXPECT_EQ(event.object, "Account");
  EXPECT_EQ(event.position, "replay");
  EXPECT_EQ(event.event_id, "uuid");
  EXPECT_EQ(event.record_ids, std::vector<std::string>{"0014W000027f6V3QAI"});
  EXPECT_EQ(event.client_token, "duet-7");
  EXPECT_EQ(event.transaction_key, "key-1");
  EXPECT_EQ(event.sequence, 2);
  EXPECT_EQ(event.commit_number, 123456789);
  EXPECT_EQ(event.committed_at, 1'767'225'600'987);
  EXPECT_EQ(event.stamp, 1'767'225'600'000);
  EXPECT_EQ(event.commit_user, "0054W00000BZkk0QAD");
  EXPECT_EQ(value_of(event.fields, "Name"), text("Acme"));
  EXPECT_EQ(value_of(event.fields, "FirstName"), Value(Null{}));
  EXPECT_EQ(value_of(event.fields, "BillingCity"), text("Oslo"));
  EXPECT_EQ(value_of(event.fields, "BillingStreet"), text("1 Way"));
  EXPECT_EQ(value_of(event.fields, "ShippingCity"), Value(Null{}));
  EXPECT_EQ(value_of(event.fields, "NumberOfEmployees"), Value(std::int64_t{12}));
  EXPECT_EQ(value_of(event.fields, "Loc__Latitude__s"), Value(59.5));
  EXPECT_EQ(value_of(event.fields, "Since__c"), Value(Date{1}));
  EXPECT_EQ(value_of(event.fields, "At__c"), Value(TimeOfDay{1'000}));
  EXPECT_EQ(value_of(event.fields, "LastModifiedDate"), Value(DateTime{1'767'225'600'000}));
  EXPECT_EQ(value_of(event.fields, "Active__c"), Value(false));
  EXPECT_EQ(value_of(event.fields, "Notes__c"), Value(Null{}));
  EXPECT_EQ(value_of(event.fields, "IsDeleted"), Value(false)) << "no event carries it, and every row has it";
  EXPECT_EQ(event.fields.size(), kAccount.fields.size());
  EXPECT_TRUE(event.unreadable_fields.empty());
}

TEST(ChangeEvent, an_update_speaks_only_of_changed_fields_and_tells_null_from_unchanged) {
  AvroTestWriter body;
  body.null()
      .branch(1)
      .null()
      .branch(1)
      .text("Rome")
      .null()
      .null()
      .null()
      .null()
      .null()
      .null()
      .branch(1)
      .whole(5'000)
      .null()
      .null();
  ChangeEvent event =
      decode({.nulled = {"0x10", "3-0x02"}, .changed = {"0x0110", "2-0x02", "3-0x02"}}, body, &kAccount);
  EXPECT_EQ(event.kind, EventKind::update);
  FieldValues expected = {{"BillingCity", text("Rome")},
                          {"ShippingCity", Null{}},
                          {"NumberOfEmployees", Null{}},
                          {"LastModifiedDate", DateTime{5'000}}};
  EXPECT_EQ(event.fields, expected);
  EXPECT_EQ(event.stamp, 5'000);
}

TEST(ChangeEvent, nulled_fields_alone_also_count_as_changed) {
  ChangeEvent event = decode({.nulled = {"2-0x02"}, .changed = {"0x0100"}}, nulls(), &kAccount);
  EXPECT_EQ(value_of(event.fields, "BillingCity"), Value(Null{}));
}

TEST(ChangeEvent, a_diff_makes_the_field_unreadable) {
  AvroTestWriter body;
  for (int i = 0; i < 9; ++i) body.null();
  body.branch(1).text("--- a\n+++ b");
  ChangeEvent event = decode({.diff = {"0x0400"}, .changed = {"0x0400"}}, body, &kAccount);
  EXPECT_TRUE(event.fields.empty());
  EXPECT_EQ(event.unreadable_fields, std::vector<std::string>{"Notes__c"});
}

TEST(ChangeEvent, text_that_is_not_utf8_is_unreadable) {
  AvroTestWriter body;
  for (int i = 0; i < 9; ++i) body.null();
  body.branch(1).text("\xff\xfe");
  ChangeEvent event = decode({.changed = {"0x0400"}}, body, &kAccount);
  EXPECT_EQ(event.unreadable_fields, std::vector<std::string>{"Notes__c"});
}

TEST(ChangeEvent, a_person_accounts_name_comes_in_parts) {
  AvroTestWriter body;
  body.branch(2).null().branch(1).text("Ada").branch(1).text("King");
  for (int i = 0; i < 9; ++i) body.null();
  ChangeEvent created = decode({.type = 0}, body, &kAccount);
  EXPECT_EQ(value_of(created.fields, "Name"), text("Ada King"));
  EXPECT_EQ(value_of(created.fields, "FirstName"), text("Ada"));
  ChangeEvent updated = decode({.changed = {"1-0x02"}}, body, &kAccount);
  EXPECT_EQ(value_of(updated.fields, "FirstName"), text("Ada"));
  EXPECT_EQ(updated.unreadable_fields, std::vector<std::string>{"Name"});
  ChangeEvent whole = decode({.changed = {"1-0x06"}}, body, &kAccount);
  EXPECT_EQ(value_of(whole.fields, "Name"), text("Ada King"));
  EXPECT_TRUE(whole.unreadable_fields.empty());
  ChangeEvent salutation = decode({.changed = {"1-0x01"}}, body, &kAccount);
  EXPECT_TRUE(is_absent(value_of(salutation.fields, "Name")));
  EXPECT_TRUE(salutation.unreadable_fields.empty());
}

TEST(ChangeEvent, a_delete_has_no_fields_and_the_commit_as_its_stamp) {
  ChangeEvent event = decode({.type = 2}, nulls(), &kAccount);
  EXPECT_EQ(event.kind, EventKind::remove);
  EXPECT_TRUE(event.fields.empty());
  EXPECT_EQ(event.stamp, 1'767'225'600'000);
}

TEST(ChangeEvent, gaps_overflow_and_wildcards) {
  EXPECT_EQ(decode({.type = 5}, nulls(), &kAccount).kind, EventKind::gap);
  EXPECT_FALSE(decode({.type = 5}, nulls(), &kAccount).wildcard);
  EXPECT_EQ(decode({.type = 9}, nulls(), &kAccount).kind, EventKind::gap);
  ChangeEvent overflow = decode({.ids = {"000000000000000AAA"}, .type = 8}, nulls(), &kAccount);
  EXPECT_EQ(overflow.kind, EventKind::gap_overflow);
  EXPECT_TRUE(overflow.wildcard);
  EXPECT_TRUE(overflow.record_ids.empty());
  ChangeEvent wildcard = decode({.ids = {"001*"}, .changed = {"0x10"}}, nulls(), &kAccount);
  EXPECT_EQ(wildcard.kind, EventKind::update);
  EXPECT_TRUE(wildcard.wildcard);
  EXPECT_TRUE(decode({.ids = {}}, nulls(), &kAccount).wildcard);
}

TEST(ChangeEvent, merged_events_keep_all_their_ids_in_18_characters) {
  ChangeEvent event = decode({.ids = {"0014W000027f6V3", "0054W00000BZkk0QAD"}, .type = 2}, nulls(), &kAccount);
  EXPECT_EQ(event.record_ids, (std::vector<std::string>{"0014W000027f6V3QAI", "0054W00000BZkk0QAD"}));
}

TEST(ChangeEvent, events_of_objects_that_are_not_mapped_have_no_fields) {
  ChangeEvent event = decode({.changed = {"0x10"}}, nulls(), nullptr);
  EXPECT_EQ(event.object, "Account");
  EXPECT_EQ(event.position, "replay");
  EXPECT_TRUE(event.fields.empty());
}

TEST(ChangeEvent, a_bitmap_that_does_not_fit_asks_for_a_read) {
  for (const char* bitmap : {"0x8000", "4-0x01", "99-0x01", "2-0x08", "zz"}) {
    ChangeEvent event = decode({.changed = {bitmap}}, nulls(), &kAccount);
    EXPECT_EQ(event.kind, EventKind::gap) << bitmap;
    EXPECT_TRUE(event.fields.empty());
    EXPECT_EQ(event.record_ids.size(), 1u);
  }
}

TEST(ChangeEvent, bytes_that_make_no_sense_dirty_the_object) {
  auto decoder = ChangeEventDecoder::create(kAccountSchema);
  ASSERT_TRUE(decoder);
  decoder->select(&kAccount);
  ChangeEvent event = decoder->decode("nonsense", "p", "e");
  EXPECT_EQ(event.kind, EventKind::gap_overflow);
  EXPECT_TRUE(event.wildcard);
  EXPECT_EQ(event.object, "Account");
  EXPECT_EQ(event.position, "p");
  EXPECT_EQ(decode({.type = 1, .entity = "Contact"}, nulls(), &kAccount).kind, EventKind::gap_overflow);
}

TEST(ChangeEvent, survives_random_bytes) {
  AvroTestWriter payload;
  write(payload, {.nulled = {"0x10"}, .changed = {"0x0110", "2-0x02"}}).raw(nulls().bytes());
  auto decoder = ChangeEventDecoder::create(kAccountSchema);
  decoder->select(&kAccount);
  std::mt19937 random(11);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = payload.bytes();
    for (int flips = 0; flips < 3; ++flips) bytes[random() % bytes.size()] = static_cast<char>(random());
    ChangeEvent event = decoder->decode(bytes, "p", "e");
    EXPECT_EQ(event.position, "p");
    EXPECT_TRUE(event.wildcard || !event.record_ids.empty());
  }
}

TEST(ChangeEvent, names_custom_objects_and_refuses_other_schemas) {
  EXPECT_EQ(ChangeEventDecoder::create(schema_json("Foo__ChangeEvent", R"({"name":"Name","type":["null","string"]})"))
                ->object(),
            "Foo__c");
  EXPECT_FALSE(ChangeEventDecoder::create(schema_json("Foo__e", R"({"name":"Name","type":["null","string"]})")));
  EXPECT_FALSE(ChangeEventDecoder::create(R"({"type":"record","name":"AccountChangeEvent","fields":[]})"));
  EXPECT_FALSE(ChangeEventDecoder::create("not json"));
}

TEST(RecordId, is_given_its_checksum) {
  EXPECT_EQ(record_id_18("0014W000027f6V3"), "0014W000027f6V3QAI");
  EXPECT_EQ(record_id_18("0054W00000BZkk0"), "0054W00000BZkk0QAD");
  EXPECT_EQ(record_id_18("750Tn000004ZoR3"), "750Tn000004ZoR3IAK");
  EXPECT_EQ(record_id_18("001*"), "");
  EXPECT_EQ(record_id_18("000000000000000AAA"), "");
}

}  // namespace
}  // namespace duet::codec
