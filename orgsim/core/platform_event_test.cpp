#include "orgsim/core/platform_event.h"

#include <avro.h>

#include "orgsim/core/avro_event.h"
#include "orgsim/core/org_test_base.h"

namespace orgsim {
namespace {

using nlohmann::json;

class PlatformEventTest : public OrgTest {
 protected:
  static constexpr const char* kTopic = "/event/Sample__e";

  PlatformEventTest() {
    EXPECT_TRUE(org_.apply_objects(json::parse(R"({"name":"Sample__e","fields":[
      {"name":"Message__c","type":"string","length":255,"required":true},{"name":"Count__c","type":"double"},
      {"name":"On__c","type":"boolean"},{"name":"Day__c","type":"date"}]})")));
    schema_ = org_.topic_schema(kTopic);
  }

  std::string payload(std::string_view message) const {
    const ObjectDef& object = *org_.schema().object("Sample__e");
    std::vector<Value> values(object.fields.size());
    values[object.field("CreatedDate")->index] = std::int64_t{1'700'000'000'123};
    values[object.field("CreatedById")->index] = org_.integration_user_id();
    values[object.field("Message__c")->index] = std::string(message);
    values[object.field("Day__c")->index] = std::int64_t{-1};
    return encode_platform_event(object, *schema_, values);
  }
  Outcome<std::uint64_t> publish(const std::string& id, const std::string& bytes) {
    return org_.publish(kTopic, {.id = id, .schema_id = schema_->id, .payload = bytes}, writer_);
  }

  std::shared_ptr<const EventSchema> schema_;
};

/// The payload as avro-c reads it, so that our own coder is not its only judge.
json decode_with_avro_c(const std::string& schema_json, const std::string& bytes) {
  avro_schema_t schema = nullptr;
  EXPECT_EQ(avro_schema_from_json_length(schema_json.data(), schema_json.size(), &schema), 0) << avro_strerror();
  avro_value_iface_t* iface = avro_generic_class_from_schema(schema);
  avro_value_t value;
  avro_generic_value_new(iface, &value);
  avro_reader_t reader = avro_reader_memory(bytes.data(), static_cast<std::int64_t>(bytes.size()));
  EXPECT_EQ(avro_value_read(reader, &value), 0) << avro_strerror();
  char* text = nullptr;
  avro_value_to_json(&value, 1, &text);
  json out = json::parse(text);
  free(text);
  avro_reader_free(reader);
  avro_value_decref(&value);
  avro_value_iface_decref(iface);
  avro_schema_decref(schema);
  return out;
}

TEST_F(PlatformEventTest, TheSchemaHasTheShapeOfARealOne) {
  ASSERT_NE(schema_, nullptr);
  const json parsed = json::parse(schema_->json);
  EXPECT_EQ(parsed["name"], "Sample__e");
  EXPECT_EQ(parsed["namespace"], "com.sforce.eventbus");
  EXPECT_EQ(parsed["uuid"], schema_->id);
  EXPECT_EQ(parsed["fields"][0], json::parse(R"({"name":"CreatedDate","type":"long","doc":"CreatedDate:DateTime"})"));
  EXPECT_EQ(parsed["fields"][1], json::parse(R"({"name":"CreatedById","type":"string","doc":"CreatedBy:EntityId"})"));
  EXPECT_EQ(parsed["fields"][2]["type"], json::parse(R"(["null","string"])"));
  EXPECT_TRUE(parsed["fields"][2]["default"].is_null());
  EXPECT_TRUE(parsed["fields"][2]["doc"].get<std::string>().starts_with("Data:Text:00N"));
}

TEST_F(PlatformEventTest, APayloadIsAvroAndReadsBack) {
  const std::string bytes = payload("Grüße");
  const json read = decode_with_avro_c(schema_->json, bytes);
  EXPECT_EQ(read["CreatedDate"], 1'700'000'000'123);
  EXPECT_EQ(read["Message__c"]["string"], "Grüße");
  EXPECT_EQ(read["Day__c"]["long"], -86'400'000);
  EXPECT_TRUE(read["Count__c"].is_null());
  const auto fields = decode_platform_event(*schema_, bytes);
  ASSERT_TRUE(fields);
  ASSERT_EQ(fields->size(), 6U);
  EXPECT_EQ(fields->at(2).value, Value("Grüße"));
  EXPECT_EQ(fields->at(5).value, Value(std::int64_t{-1}));
}

TEST_F(PlatformEventTest, EveryBrokenPayloadIsRefusedAndNoneCrashes) {
  const std::string good = payload("text");
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(decode_platform_event(*schema_, good.substr(0, size))) << size;
  }
  EXPECT_FALSE(decode_platform_event(*schema_, good + "x"));
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const char byte : {'\x00', '\x01', '\x7f', '\x80', '\xff'}) {
      std::string broken = good;
      broken[at] = byte;
      (void)decode_platform_event(*schema_, broken);
    }
  }
  // A length that promises more than there is, and one that overflows.
  EXPECT_FALSE(decode_platform_event(*schema_, std::string("\x00\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11)));
}

TEST_F(PlatformEventTest, PublishedEventsAreDeliveredAsTheyWere) {
  const auto position = org_.latest_replay_id();
  const auto replay_id = publish("my-id", payload("one"));
  ASSERT_TRUE(replay_id);
  const auto events = events_after(position, kTopic);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].replay_id, *replay_id);
  EXPECT_EQ(events[0].uuid, "my-id");
  EXPECT_EQ(events[0].payload, payload("one"));
  EXPECT_EQ(events[0].schema->id, schema_->id);
  const auto bytes = encode_avro(events[0]);
  EXPECT_EQ(std::string(bytes.begin(), bytes.end()), payload("one"));
  EXPECT_TRUE(events_after(position).empty()) << "no change event";
  ASSERT_TRUE(publish("", payload("two")));
  EXPECT_EQ(events_after(*replay_id, kTopic).at(0).uuid.size(), 36U);
  EXPECT_EQ(events_after(*replay_id, kTopic).at(0).fields.at(2).value, Value("two"));
}

TEST_F(PlatformEventTest, WhatCannotBePublishedSaysWhy) {
  EXPECT_EQ(publish("x", "nonsense").error().code, "INVALID_EVENT_PAYLOAD");
  EXPECT_EQ(org_.publish(kTopic, {.id = "x", .schema_id = "unknown", .payload = payload("a")}, writer_).error().code,
            "INVALID_EVENT_SCHEMA");
  EXPECT_EQ(publish("x", payload(std::string(2 << 20, 'a'))).error().code, "EVENT_TOO_LARGE");
  EXPECT_FALSE(org_.can_publish("/data/ChangeEvents"));
  EXPECT_FALSE(org_.can_publish("/data/AccountChangeEvent"));
  EXPECT_TRUE(org_.can_publish(kTopic));
  EXPECT_FALSE(org_.topic_exists("/event/sample__e")) << "case matters";
  EXPECT_FALSE(org_.topic_exists("/event/Account"));
}

TEST_F(PlatformEventTest, ARecordInsertPublishesAtCommit) {
  const auto position = org_.latest_replay_id();
  Transaction transaction = org_.begin(writer_);
  const SaveResult result = transaction.insert("Sample__e", record(R"({"Message__c":"by REST","On__c":true})"));
  ASSERT_TRUE(result.success) << error_of(result);
  EXPECT_TRUE(result.id.starts_with("e00"));
  ASSERT_EQ(result.errors.size(), 1U);
  EXPECT_EQ(result.errors[0].code, "OPERATION_ENQUEUED");
  EXPECT_TRUE(events_after(position, kTopic).empty());
  transaction.commit();
  const auto events = events_after(position, kTopic);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].uuid, result.errors[0].message);
  EXPECT_EQ(decode_with_avro_c(schema_->json, events[0].payload)["Message__c"]["string"], "by REST");
  EXPECT_EQ(org_.record_count("Sample__e"), 0U);
  EXPECT_EQ(org_.query("SELECT Id FROM Sample__e").error().code, "INVALID_TYPE");
}

TEST_F(PlatformEventTest, ARolledBackInsertPublishesNothing) {
  const auto position = org_.latest_replay_id();
  Transaction transaction = org_.begin(writer_);
  const std::size_t before = transaction.savepoint();
  EXPECT_TRUE(transaction.insert("Sample__e", record(R"({"Message__c":"lost"})")).success);
  transaction.roll_back_to(before);
  EXPECT_EQ(transaction.insert("Sample__e", record("{}")).errors.at(0).code, "REQUIRED_FIELD_MISSING");
  EXPECT_FALSE(transaction.commit().changed);
  EXPECT_TRUE(events_after(position, kTopic).empty());
}

TEST_F(PlatformEventTest, AnOlderSchemaOfTheEventIsStillGood) {
  const std::string bytes = payload("old");
  ASSERT_TRUE(org_.apply_objects(json::parse(R"({"name":"Sample__e","fields":[{"name":"New__c"}]})")));
  EXPECT_NE(org_.topic_schema(kTopic)->id, schema_->id);
  const auto position = org_.latest_replay_id();
  EXPECT_TRUE(publish("x", bytes));
  EXPECT_EQ(events_after(position, kTopic).at(0).schema->id, schema_->id);
}

}  // namespace
}  // namespace orgsim
