#include <set>

#include "orgsim/core/avro_event.h"
#include "orgsim/core/ids.h"
#include "orgsim/core/org_test_base.h"

namespace orgsim {
namespace {

class EventsTest : public OrgTest {
 protected:
  static Value value_of(const ChangeEvent& event, std::string_view name) {
    for (const EventField& field : event.fields) {
      if (field.name == name) return field.value;
    }
    return Value("absent");
  }
};

TEST_F(EventsTest, ACreateHasEveryValue) {
  writer_.client = "duet";
  writer_.user_id = org_.other_user_id();
  const auto position = org_.latest_replay_id();
  const std::string id = made("Account", R"({"Name":"A","BillingCity":"Bonn"})");
  const auto events = events_after(position);
  ASSERT_EQ(events.size(), 1U);
  const ChangeEvent& event = events[0];
  EXPECT_EQ(event.type, ChangeType::create);
  EXPECT_EQ(event.entity, "Account");
  EXPECT_EQ(event.record_ids, std::vector<std::string>{id});
  EXPECT_EQ(event.change_origin, "com/salesforce/api/rest/62.0;client=duet");
  EXPECT_EQ(event.commit_user, org_.other_user_id());
  EXPECT_EQ(event.commit_ms, org_.now());
  EXPECT_EQ(value_of(event, "BillingCity"), Value("Bonn"));
  EXPECT_EQ(value_of(event, "CreatedDate"), Value(org_.now()));
  EXPECT_EQ(value_of(event, "SystemModstamp"), Value("absent"));
  EXPECT_TRUE(event.changed_fields.empty());
  EXPECT_GT(event.replay_id, position);
  EXPECT_LT(event.replay_id, std::uint64_t{1} << 53);
}

TEST_F(EventsTest, AnUpdateNamesWhatChanged) {
  const std::string id = made("Account", R"({"Name":"A","Phone":"1","BillingCity":"Bonn"})");
  const auto position = org_.latest_replay_id();
  org_.advance(10'000);
  EXPECT_TRUE(update("Account", id, R"({"Name":"A","Phone":null,"BillingCity":"Köln"})").success);
  const ChangeEvent event = events_after(position).at(0);
  const std::set<std::string> changed(event.changed_fields.begin(), event.changed_fields.end());
  EXPECT_EQ(changed, (std::set<std::string>{"Phone", "BillingCity", "LastModifiedDate"}));
  EXPECT_EQ(event.nulled_fields, std::vector<std::string>{"Phone"});
  EXPECT_FALSE(encode_avro(event).empty());
  writer_.user_id = org_.other_user_id();
  EXPECT_TRUE(update("Account", id, R"({"Phone":"2"})").success);
  const ChangeEvent other = events_after(event.replay_id).at(0);
  EXPECT_EQ(other.changed_fields.size(), 3U) << "LastModifiedById only when it changed, LastModifiedDate always";
  EXPECT_EQ(value_of(other, "LastModifiedDate"), Value(org_.now()));
}

TEST_F(EventsTest, OneEventPerRecordAndTransactionWithTheFinalState) {
  const auto position = org_.latest_replay_id();
  org_.add_rule([](RuleRecord& record) -> std::optional<Error> {
    if (record.object() == "Account") record.set("Rating", Value("Warm"));
    return std::nullopt;
  });
  writer_.client = "duet";
  Transaction transaction = org_.begin(writer_);
  const std::string id = transaction.insert("Account", record(R"({"Name":"A"})")).id;
  EXPECT_TRUE(transaction.update("Account", id, record(R"({"Name":"B"})")).success);
  transaction.commit();
  const auto events = events_after(position);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].type, ChangeType::create) << "the first kind of change wins";
  EXPECT_EQ(value_of(events[0], "Name"), Value("B"));
  EXPECT_EQ(value_of(events[0], "Rating"), Value("Warm")) << "automation is in the writer's event";
  EXPECT_TRUE(events[0].change_origin.ends_with(";client=duet"));
}

TEST_F(EventsTest, TheTokenIsCarriedByTransport) {
  writer_.client = "duet";
  const auto origin_by = [&](Transport transport, const char* api) {
    writer_.transport = transport;
    writer_.api = api;
    const auto position = org_.latest_replay_id();
    made("Account", R"({"Name":"A"})");
    return events_after(position).at(0).change_origin;
  };
  EXPECT_EQ(origin_by(Transport::collections, "rest"), "com/salesforce/api/rest/62.0");
  EXPECT_EQ(origin_by(Transport::bulk, "bulkapi"), "com/salesforce/api/bulkapi/62.0;client=duet");
  EXPECT_EQ(origin_by(Transport::rows, ""), "");
  ASSERT_TRUE(apply_settings(org_.settings(), nlohmann::json::parse(R"({"client_token_transports":["collections"]})")));
  EXPECT_EQ(origin_by(Transport::collections, "rest"), "com/salesforce/api/rest/62.0;client=duet");
  EXPECT_EQ(origin_by(Transport::rows, "rest"), "com/salesforce/api/rest/62.0");
}

TEST_F(EventsTest, TopicsAndSelection) {
  EXPECT_TRUE(org_.topic_exists("/data/ChangeEvents"));
  EXPECT_TRUE(org_.topic_exists("/data/AccountChangeEvent"));
  EXPECT_TRUE(org_.topic_exists("/data/Thing__ChangeEvent"));
  for (const char* no :
       {"/data/NopeChangeEvent", "/data/accountchangeevent", "/data/CaseCommentChangeEvent", "", "/event/X__e"}) {
    EXPECT_FALSE(org_.topic_exists(no)) << no;
  }
  const auto position = org_.latest_replay_id();
  made("Account", R"({"Name":"A"})");
  made("Thing__c", "{}");
  EXPECT_EQ(events_after(position, "/data/Thing__ChangeEvent").size(), 1U);
  EXPECT_EQ(events_after(position).size(), 2U);
  const EventPage quiet = org_.read_page("/data/ContactChangeEvent", position, 10);
  EXPECT_TRUE(quiet.events.empty());
  EXPECT_EQ(quiet.position, org_.latest_replay_id()) << "others' events are passed over once";
  EXPECT_EQ(org_.read_page("/data/ChangeEvents", position, 1).position, events_after(position)[0].replay_id);
  ASSERT_TRUE(org_.select_for_events("Account", false));
  made("Account", R"({"Name":"B"})");
  EXPECT_EQ(events_after(position).size(), 2U);
  EXPECT_FALSE(org_.topic_exists("/data/AccountChangeEvent"));
  EXPECT_FALSE(org_.select_for_events("Profile", true));
}

TEST_F(EventsTest, StartPositions) {
  const auto start = [&](ReplayPreset preset, std::optional<std::uint64_t> id = std::nullopt) {
    return org_.start_position("/data/ChangeEvents", preset, id);
  };
  const auto beginning = *start(ReplayPreset::latest);
  EXPECT_TRUE(start(ReplayPreset::custom, beginning)) << "a keep-alive told it, so it can be resumed";
  made("Account", R"({"Name":"A"})");
  made("Account", R"({"Name":"B"})");
  const auto events = events_after(*start(ReplayPreset::earliest));
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events_after(*start(ReplayPreset::custom, events[0].replay_id)).size(), 1U) << "strictly after";
  EXPECT_EQ(*start(ReplayPreset::latest), events[1].replay_id);
  EXPECT_EQ(org_.read_events("/data/ChangeEvents", *start(ReplayPreset::earliest), 1).size(), 1U);
  EXPECT_EQ(start(ReplayPreset::custom).error().code, codes::kReplayMissing);
  EXPECT_EQ(start(ReplayPreset::custom, events[1].replay_id + 1).error().code, codes::kReplayCorrupted);
  EXPECT_EQ(org_.start_position("/data/X", ReplayPreset::latest, {}).error().code, codes::kTopicNotFound);
}

TEST_F(EventsTest, RetentionAndReset) {
  made("Account", R"({"Name":"A"})");
  const auto first = org_.latest_replay_id();
  made("Account", R"({"Name":"B"})");
  const auto second = org_.latest_replay_id();
  org_.advance(org_.settings().event_retention_ms + 1000);
  EXPECT_EQ(org_.start_position("/data/ChangeEvents", ReplayPreset::custom, first).error().code,
            codes::kReplayCorrupted);
  EXPECT_TRUE(org_.start_position("/data/ChangeEvents", ReplayPreset::custom, second)) << "nothing came after it";
  made("Account", R"({"Name":"C"})");
  EXPECT_EQ(org_.start_position("/data/ChangeEvents", ReplayPreset::custom, second).error().code,
            codes::kReplayCorrupted);
  const auto third = org_.latest_replay_id();
  org_.reset_event_stream();
  EXPECT_EQ(org_.start_position("/data/ChangeEvents", ReplayPreset::custom, third).error().code,
            codes::kReplayCorrupted);
  org_.settings().max_retained_events = 2;
  for (int i = 0; i < 5; ++i) made("Account", R"({"Name":"D"})");
  EXPECT_FALSE(org_.can_resume(third));
  EXPECT_TRUE(org_.can_resume(org_.latest_replay_id()));
  EXPECT_LE(events_after(*org_.start_position("/data/ChangeEvents", ReplayPreset::earliest, {})).size(), 3U);
}

TEST_F(EventsTest, DelayedEventsAreNotVisibleYet) {
  org_.settings().event_delay_ms = 500;
  const auto position = org_.latest_replay_id();
  made("Account", R"({"Name":"A"})");
  EXPECT_TRUE(events_after(position).empty());
  EXPECT_EQ(org_.latest_replay_id(), position);
  EXPECT_EQ(org_.next_event_ms(), org_.now() + 500);
  org_.advance(500);
  EXPECT_EQ(events_after(position).size(), 1U);
  EXPECT_FALSE(org_.next_event_ms());
}

TEST_F(EventsTest, FatesDropDuplicateAndGap) {
  EventFate fate = EventFate::drop;
  org_.set_event_fate([&fate](const ChangeEvent&) { return fate; });
  const auto position = org_.latest_replay_id();
  made("Account", R"({"Name":"A"})");
  EXPECT_TRUE(events_after(position).empty());
  fate = EventFate::duplicate;
  made("Account", R"({"Name":"B"})");
  auto events = events_after(position);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].uuid, events[1].uuid);
  EXPECT_NE(events[0].replay_id, events[1].replay_id);
  fate = EventFate::gap;
  made("Account", R"({"Name":"C"})");
  events = events_after(position);
  EXPECT_EQ(events.back().type, ChangeType::gap_create);
  EXPECT_TRUE(events.back().fields.empty());
  EXPECT_FALSE(encode_avro(events.back()).empty());
}

TEST_F(EventsTest, EqualChangesMayBeMerged) {
  org_.settings().merge_equal_changes = true;
  const std::string a = made("Account", R"({"Name":"A"})");
  const std::string b = made("Account", R"({"Name":"B"})");
  const auto position = org_.latest_replay_id();
  org_.advance(1000);
  Transaction transaction = org_.begin(writer_);
  for (const std::string& id : {a, b})
    EXPECT_TRUE(transaction.update("Account", id, record(R"({"Phone":"1"})")).success);
  transaction.commit();
  const auto events = events_after(position);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].record_ids, (std::vector<std::string>{a, b}));
}

TEST_F(EventsTest, OverflowEndsWithOneEventPerEntity) {
  org_.settings().overflow_limit = 3;
  const auto position = org_.latest_replay_id();
  Transaction transaction = org_.begin(writer_);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(transaction.insert("Account", record(R"({"Name":"A"})")).success);
  transaction.commit();
  const auto events = events_after(position);
  ASSERT_EQ(events.size(), 4U);
  EXPECT_EQ(events[3].type, ChangeType::gap_overflow);
  EXPECT_EQ(events[3].record_ids, std::vector<std::string>{std::string(kEmptyId)});
}

TEST_F(EventsTest, ASchemaChangeInMidStreamMakesANewSchema) {
  const std::string id = made("Account", R"({"Name":"A"})");
  const auto before = org_.topic_schema("/data/AccountChangeEvent");
  ASSERT_TRUE(org_.apply_objects(nlohmann::json::parse(R"({"name":"Account","fields":[{"name":"Late__c"}]})")));
  EXPECT_TRUE(update("Account", id, R"({"Late__c":"x"})").success);
  const auto events = events_after(*org_.start_position("/data/ChangeEvents", ReplayPreset::earliest, {}));
  EXPECT_EQ(events[0].schema->id, before->id);
  EXPECT_NE(events[1].schema->id, before->id);
  EXPECT_EQ(value_of(events[1], "Late__c"), Value("x"));
  EXPECT_EQ(org_.event_schema(before->id), before) << "old schemas stay readable";
  EXPECT_EQ(org_.event_schema("nonsense"), nullptr);
  EXPECT_EQ(org_.topic_schema("/data/ChangeEvents"), nullptr);
}

TEST_F(EventsTest, ASmallChangeOfALargeTextIsADiff) {
  ASSERT_TRUE(org_.apply_objects(
      nlohmann::json::parse(R"({"name":"Thing__c","fields":[{"name":"Long__c","type":"textarea","length":32000}]})")));
  std::string text;
  for (int line = 0; line < 200; ++line) text += "line " + std::to_string(line) + "\n";
  text += "end";
  Transaction first = org_.begin(writer_);
  RecordInput input;
  input.set("Long__c", Value(text));
  const std::string id = first.insert("Thing__c", input).id;
  first.commit();
  const auto position = org_.latest_replay_id();
  const std::string changed = text + " of it";
  for (const std::string& value : {changed, std::string("short")}) {
    Transaction transaction = org_.begin(writer_);
    RecordInput change;
    change.set("Long__c", Value(value));
    EXPECT_TRUE(transaction.update("Thing__c", id, change).success);
    transaction.commit();
  }
  const auto events = events_after(position);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].diff_fields, std::vector<std::string>{"Long__c"});
  EXPECT_EQ(value_of(events[0], "Long__c"),
            Value("--- \n+++ \n@@ -198,4 +198,4 @@\n line 197\n line 198\n line 199\n-end\n+end of it"));
  EXPECT_TRUE(events[1].diff_fields.empty()) << "a short text is shown as it is";
  EXPECT_EQ(value_of(events[1], "Long__c"), Value("short"));
  EXPECT_EQ(field("Thing__c", id, "Long__c"), Value("short"));
}

TEST_F(EventsTest, AnEventOfMoreThanOneMegabyteIsAGap) {
  nlohmann::json fields = nlohmann::json::array();
  RecordInput input;
  for (int i = 0; i < 9; ++i) {
    const std::string name = "Long" + std::to_string(i) + "__c";
    fields.push_back({{"name", name}, {"type", "textarea"}, {"length", 131072}});
    input.set(name, Value(std::string(131072, 'x')));
  }
  ASSERT_TRUE(org_.apply_objects({{"name", "Thing__c"}, {"fields", fields}}));
  const auto position = org_.latest_replay_id();
  Transaction transaction = org_.begin(writer_);
  const std::string id = transaction.insert("Thing__c", input).id;
  transaction.commit();
  const ChangeEvent event = events_after(position).at(0);
  EXPECT_EQ(event.type, ChangeType::gap_create);
  EXPECT_EQ(event.record_ids, std::vector<std::string>{id});
  EXPECT_TRUE(event.fields.empty());
}

TEST_F(EventsTest, FatesMakeOverflowsAndWildcards) {
  auto fate = EventFate::overflow;
  org_.set_event_fate([&fate](const ChangeEvent&) { return fate; });
  const auto position = org_.latest_replay_id();
  const std::string id = made("Account", R"({"Name":"A"})");
  fate = EventFate::wildcard;
  ASSERT_TRUE(update("Account", id, R"({"Phone":"1"})").success);
  const auto events = events_after(position);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].type, ChangeType::gap_overflow);
  EXPECT_EQ(events[0].record_ids, std::vector<std::string>{std::string(kEmptyId)});
  EXPECT_EQ(events[1].type, ChangeType::update);
  EXPECT_EQ(events[1].record_ids, std::vector<std::string>{"001*"});
  EXPECT_EQ(value_of(events[1], "Phone"), Value("1"));
}

TEST_F(EventsTest, ExpiredEventsVoidTheirIds) {
  made("Account", R"({"Name":"A"})");
  const auto old = org_.latest_replay_id();
  made("Account", R"({"Name":"B"})");
  org_.expire_events();
  EXPECT_FALSE(org_.can_resume(old));
  EXPECT_EQ(org_.start_position("/data/ChangeEvents", ReplayPreset::custom, old).error().code, codes::kReplayCorrupted);
  EXPECT_TRUE(org_.start_position("/data/ChangeEvents", ReplayPreset::custom, org_.latest_replay_id()));
}

}  // namespace
}  // namespace orgsim
