#include "orgsim/core/record_types.h"

#include "orgsim/core/describe.h"
#include "orgsim/core/org_test_base.h"

namespace orgsim {
namespace {

using nlohmann::json;

class RecordTypesTest : public OrgTest {
 protected:
  RecordTypesTest() {
    define(R"({"name":"Account","recordTypes":[
      {"developerName":"Business","default":true},{"developerName":"Person","name":"A person"},
      {"developerName":"Old","active":false}]})");
    define(R"({"name":"Thing__c","recordTypes":[{"developerName":"Person"}]})");
  }
  void define(const char* text) {
    const auto made = org_.apply_objects(json::parse(text));
    EXPECT_TRUE(made) << made.error().message;
  }
  std::string type(std::string_view object, std::string_view name) {
    for (const RecordTypeDef& one : org_.schema().object(object)->record_types) {
      if (one.developer_name == name) return one.id;
    }
    return {};
  }
  std::string insert_error(std::string_view object, const std::string& body) { return error_of(insert(object, body)); }
};

TEST_F(RecordTypesTest, ANewRecordHasTheDefaultOrTheOneNamed) {
  EXPECT_EQ(field("Account", made("Account", R"({"Name":"A"})"), "RecordTypeId"), Value{type("Account", "Business")});
  const std::string person = type("Account", "Person");
  const std::string id = made("Account", R"({"Name":"A","RecordTypeId":")" + person.substr(0, 15) + "\"}");
  EXPECT_EQ(field("Account", id, "RecordTypeId"), Value{person});
  const std::string named = made("Account", R"({"Name":"A","RecordType":{"Name":"A person"}})");
  EXPECT_EQ(field("Account", named, "RecordTypeId"), Value{person});
  // No default: the master record type, which is null.
  EXPECT_EQ(field("Thing__c", made("Thing__c", "{}"), "RecordTypeId"), Value{});
}

TEST_F(RecordTypesTest, AWrongRecordTypeIsRefused) {
  for (const std::string& id : {type("Thing__c", "Person"), type("Account", "Old"), std::string(kMasterRecordType)}) {
    const SaveResult result = insert("Account", R"({"Name":"A","RecordTypeId":")" + id + "\"}");
    ASSERT_FALSE(result.success);
    EXPECT_EQ(result.errors[0].code, "INVALID_CROSS_REFERENCE_KEY");
    EXPECT_EQ(result.errors[0].message, "Record Type ID: this ID value isn't valid for the user: " + id);
    EXPECT_EQ(result.errors[0].fields, std::vector<std::string>{"RecordTypeId"});
  }
  EXPECT_EQ(insert_error("Account", R"({"Name":"A","RecordTypeId":")" + org_.integration_user_id() + "\"}"),
            "MALFORMED_ID: Record Type ID: id value of incorrect type: " + org_.integration_user_id());
  // A record keeps a type that was switched off.
  const std::string kept = made("Account", R"({"Name":"A","RecordTypeId":")" + type("Account", "Person") + "\"}");
  define(R"({"name":"Account","recordTypes":[{"developerName":"Person","active":false}]})");
  EXPECT_TRUE(update("Account", kept, R"({"Phone":"1"})").success);
}

TEST_F(RecordTypesTest, DescribeAndQueriesShowThem) {
  const json described = describe_object(*org_.schema().object("Account"), "62.0");
  ASSERT_EQ(described["recordTypeInfos"].size(), 4U);
  const json& business = described["recordTypeInfos"][0];
  EXPECT_EQ(business["developerName"], "Business");
  EXPECT_EQ(business["defaultRecordTypeMapping"], true);
  EXPECT_EQ(business["urls"]["layout"],
            "/services/data/v62.0/sobjects/Account/describe/layouts/" + type("Account", "Business"));
  EXPECT_EQ(described["recordTypeInfos"][2]["available"], false);
  const json& master = described["recordTypeInfos"][3];
  EXPECT_EQ(master["recordTypeId"], kMasterRecordType);
  EXPECT_EQ(master["defaultRecordTypeMapping"], false);

  made("Account", R"({"Name":"A"})");
  auto rows = org_.query("SELECT RecordType.DeveloperName FROM Account WHERE RecordType.Name = 'business'");
  ASSERT_TRUE(rows) << rows.error().message;
  ASSERT_TRUE(rows->next());
  EXPECT_EQ(rows->record_json("62.0")["RecordType"]["DeveloperName"], "Business");
  rows = org_.query("SELECT COUNT() FROM RecordType WHERE SobjectType = 'Account' AND IsActive = true");
  EXPECT_EQ(rows->total_size(), 2U);
}

TEST_F(RecordTypesTest, EventsCarryTheRecordType) {
  const std::uint64_t before = org_.latest_replay_id();
  made("Account", R"({"Name":"A"})");
  const auto events = events_after(before);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_NE(
      events[0].schema->json.find(R"("name":"RecordTypeId","type":["null","string"],"doc":"ForeignKey:EntityId")"),
      std::string::npos);
  const auto found = std::ranges::find(events[0].fields, "RecordTypeId", &EventField::name);
  ASSERT_NE(found, events[0].fields.end());
  EXPECT_EQ(found->value, Value{type("Account", "Business")});
}

TEST_F(RecordTypesTest, WrongDefinitionsChangeNothing) {
  for (const char* wrong : {R"([{"developerName":"1x"}])", R"([{"name":"x"}])", R"({"developerName":"A"})",
                            R"([{"developerName":"A","default":true},{"developerName":"B","default":true}])",
                            R"([{"developerName":"A","default":true,"active":false}])", R"([{"developerName":7}])"}) {
    EXPECT_FALSE(org_.apply_objects({{"name", "Account"}, {"recordTypes", json::parse(wrong)}})) << wrong;
  }
  EXPECT_EQ(org_.schema().object("Account")->record_types.size(), 3U);
}

}  // namespace
}  // namespace orgsim
