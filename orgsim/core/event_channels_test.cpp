#include "orgsim/core/event_channels.h"

#include "orgsim/core/managed_subscription.h"
#include "orgsim/core/org_test_base.h"

namespace orgsim {
namespace {

using nlohmann::json;

class ChannelsTest : public OrgTest {
 protected:
  Outcome<json> channel(const std::string& text) { return org_.apply_channels(json::parse(text)); }
};

TEST_F(ChannelsTest, AChannelCarriesItsMembersOnly) {
  ASSERT_TRUE(org_.select_for_events("Contact", false));
  ASSERT_TRUE(channel(R"({"name":"Sales__chn","members":["Account","ContactChangeEvent"]})"));
  const auto position = org_.latest_replay_id();
  made("Account", R"({"Name":"A"})");
  made("Contact", R"({"LastName":"C"})");
  made("Thing__c", R"({"Key__c":"T"})");
  std::vector<std::string> entities;
  for (const ChangeEvent& event : events_after(position, "/data/Sales__chn")) entities.push_back(event.entity);
  EXPECT_EQ(entities, (std::vector<std::string>{"Account", "Contact"}));
  entities.clear();
  for (const ChangeEvent& event : events_after(position)) entities.push_back(event.entity);
  EXPECT_EQ(entities, (std::vector<std::string>{"Account", "Thing__c"})) << "Contact is not selected for all";
  EXPECT_FALSE(org_.topic_exists("/data/ContactChangeEvent"));
  EXPECT_EQ(org_.topic_schema("/data/Sales__chn"), nullptr);
}

TEST_F(ChannelsTest, EnrichedFieldsComeWithUpdatesAndDeletes) {
  ASSERT_TRUE(channel(R"({"name":"Rich__chn","members":[{"entity":"Account","enrichedFields":["Ext__c","Phone"]}]})"));
  const std::string id = made("Account", R"({"Name":"A","Ext__c":"e-1","Phone":"1"})");
  const auto position = org_.latest_replay_id();
  ASSERT_TRUE(update("Account", id, R"({"Phone":"2"})").success);
  ASSERT_TRUE(remove("Account", id).success);
  const auto value = [](const ChangeEvent& event, std::string_view name) {
    for (const EventField& field : event.fields) {
      if (field.name == name) return field.value;
    }
    return Value("absent");
  };
  const auto rich = events_after(position, "/data/Rich__chn");
  ASSERT_EQ(rich.size(), 2U);
  EXPECT_EQ(value(rich[0], "Ext__c"), Value("e-1"));
  EXPECT_EQ(value(rich[0], "Phone"), Value("2"));
  EXPECT_EQ(std::ranges::count(rich[0].changed_fields, "Ext__c"), 0) << "enriched is not changed";
  EXPECT_EQ(value(rich[1], "Ext__c"), Value("e-1"));
  const auto plain = events_after(position);
  EXPECT_EQ(value(plain[0], "Ext__c"), Value("absent"));
  EXPECT_TRUE(plain[1].fields.empty());
}

TEST_F(ChannelsTest, AFilterLetsThroughWhatMeetsIt) {
  ASSERT_TRUE(channel(R"({"name":"Big__chn","members":[
    {"entity":"Account","filterExpression":"Industry = 'energy' AND NumberOfEmployees > 10"},"Contact"]})"));
  const auto position = org_.latest_replay_id();
  const std::string id = made("Account", R"({"Name":"A","Industry":"Energy","NumberOfEmployees":11})");
  made("Account", R"({"Name":"B","Industry":"Energy","NumberOfEmployees":10})");
  ASSERT_TRUE(update("Account", id, R"({"Phone":"2"})").success);
  ASSERT_TRUE(update("Account", id, R"({"NumberOfEmployees":5})").success);
  made("Contact", R"({"LastName":"C"})");
  EXPECT_EQ(events_after(position, "/data/Big__chn").size(), 3U);
  EXPECT_EQ(events_after(position).size(), 5U);
  for (const char* filter : {"Nope = 1", "Name =", "Owner.Name = 'x'", "Id = '001'",
                             "Id IN (SELECT AccountId FROM Contact)", "Name = 'x' LIMIT 1", "AnnualRevenue > USD5"}) {
    EXPECT_FALSE(
        org_.apply_channels({{"name", "C__chn"}, {"members", {{{"entity", "Account"}, {"filterExpression", filter}}}}}))
        << filter;
  }
  EXPECT_TRUE(org_.remove_channel("Big__chn"));
  EXPECT_FALSE(org_.topic_exists("/data/Big__chn"));
}

TEST_F(ChannelsTest, WrongDefinitionsChangeNothing) {
  for (const char* text : {R"(7)", R"({"name":"Sales"})", R"({"name":"__chn"})", R"({"name":"S__chn","type":"x"})",
                           R"({"name":"S__chn","members":["Nope"]})", R"({"name":"S__chn","members":[{"entity":3}]})",
                           R"({"name":"S__chn","members":[{"entity":"Account","enrichedFields":["Nope"]}]})",
                           R"({"name":"S__chn","type":"event","members":["Account"]})"}) {
    EXPECT_FALSE(channel(text)) << text;
  }
  EXPECT_FALSE(org_.topic_exists("/data/S__chn"));
  ASSERT_TRUE(channel(R"({"name":"S__chn","type":"event"})"));
  EXPECT_TRUE(org_.topic_exists("/event/S__chn"));
  EXPECT_FALSE(org_.topic_exists("/data/S__chn"));
}

TEST(ManagedSubscriptions, AreFoundByIdAndNameAndKeepTheirPosition) {
  ManagedSubscriptions all;
  const auto made = all.apply(json::parse(R"({"developerName":"Mine","topicName":"/event/Sample__e"})"));
  ASSERT_TRUE(made);
  const std::string id = (*made)->id;
  EXPECT_TRUE(id.starts_with("18x"));
  all.commit(id, 42);
  ASSERT_TRUE(all.apply(json::parse(R"({"developerName":"Mine","state":"STOP"})")));
  const ManagedSubscription* found = all.find(id.substr(0, 15));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->committed, 42U);
  EXPECT_FALSE(found->running);
  EXPECT_EQ(all.find("Mine"), found);
  EXPECT_EQ(to_json(*found)["Metadata"]["state"], "STOP");
  EXPECT_FALSE(all.apply(json::parse(R"({"developerName":"Mine","state":"PAUSE"})")));
  EXPECT_FALSE(all.apply(json::parse(R"({"topicName":"/event/Sample__e"})")));
  EXPECT_FALSE(all.apply(json::parse(R"([1])")));
  EXPECT_TRUE(all.remove("Mine"));
  EXPECT_EQ(all.find(id), nullptr);
  EXPECT_FALSE(all.remove("Mine"));
}

}  // namespace
}  // namespace orgsim
