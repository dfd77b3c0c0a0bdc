#include "orgsim/core/automation.h"

#include "orgsim/core/org_test_base.h"

namespace orgsim {
namespace {

using nlohmann::json;

class AutomationTest : public OrgTest {
 protected:
  void rule(const std::string& text) {
    const auto added = org_.automation().add(org_.schema(), json::parse(text));
    ASSERT_TRUE(added) << added.error().message;
  }
};

TEST_F(AutomationTest, ABeforeRuleChangesTheRecordInTheWritersEvent) {
  rule(R"({"type":"before","object":"Account","on":["update"],"when":{"Phone":{"changed":true},"Rating":null},
          "set":{"Rating":"Warm","Fax":{"field":"Phone"},"Description":{"text":"was {Name}, {NumberOfEmployees} people"}}})");
  writer_.client = "duet";
  const std::string id = made("Account", R"({"Name":"A","NumberOfEmployees":7})");
  EXPECT_EQ(field("Account", id, "Rating"), Value{});
  const auto position = org_.latest_replay_id();
  ASSERT_TRUE(update("Account", id, R"({"Phone":"1"})").success);
  EXPECT_EQ(field("Account", id, "Rating"), Value("Warm"));
  EXPECT_EQ(field("Account", id, "Fax"), Value("1"));
  EXPECT_EQ(field("Account", id, "Description"), Value("was A, 7 people"));
  const auto events = events_after(position);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(std::ranges::count(events[0].changed_fields, "Rating"), 1);
  EXPECT_TRUE(events[0].change_origin.ends_with(";client=duet"));
  ASSERT_TRUE(update("Account", id, R"({"Site":"x"})").success);
  EXPECT_EQ(field("Account", id, "Fax"), Value("1"));
  EXPECT_EQ(org_.automation().to_json()[0]["fired"], 1);
}

TEST_F(AutomationTest, ValidationsAndFailingTriggersSayWhatTheOrgWouldSay) {
  rule(
      R"({"type":"validation","object":"Account","when":{"NumberOfEmployees":{"<":0}},"message":"Too few","field":"NumberOfEmployees"})");
  rule(
      R"({"type":"before","name":"Guard","object":"Account","on":["delete"],"when":{"Name":{"like":"keep%"}},"fail":"not this one"})");
  rule(
      R"({"type":"before","object":"Account","when":{"Site":{"in":["a","b"]}},"fail":{"message":"busy","code":"CANNOT_EXECUTE_FLOW_TRIGGER","fields":["Site"]}})");
  const SaveResult few = insert("Account", R"({"Name":"A","NumberOfEmployees":-1})");
  EXPECT_EQ(error_of(few), "FIELD_CUSTOM_VALIDATION_EXCEPTION: Too few");
  EXPECT_EQ(few.errors[0].fields, std::vector<std::string>{"NumberOfEmployees"});
  EXPECT_EQ(error_of(remove("Account", made("Account", R"({"Name":"KEEPer"})"))),
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY: Guard: execution of BeforeDelete\n\ncaused by: not this one");
  EXPECT_EQ(error_of(insert("Account", R"({"Name":"A","Site":"B"})")), "CANNOT_EXECUTE_FLOW_TRIGGER: busy");
  EXPECT_TRUE(remove("Account", made("Account", R"({"Name":"other"})")).success);
}

TEST_F(AutomationTest, AnAfterRuleWritesOtherRecordsInTheSameTransaction) {
  rule(R"({"type":"after","object":"Contact","on":["insert"],"update":{"object":"Account","id":{"field":"AccountId"},
          "set":{"Site":{"text":"new: {LastName}"}}}})");
  rule(R"({"type":"after","object":"Account","on":["update"],"when":{"Phone":{"changed":true}},
          "update":{"object":"Contact","by":"AccountId","set":{"Phone":{"field":"Phone"}}}})");
  rule(
      R"({"type":"after","object":"Account","on":["insert"],"create":{"object":"Thing__c","set":{"Account__c":{"field":"Id"}}}})");
  const std::string account = made("Account", R"({"Name":"A"})");
  EXPECT_EQ(org_.find_by_field("Thing__c", "Account__c", Value(account))->size(), 1U);
  const auto position = org_.latest_replay_id();
  const std::string contact = made("Contact", R"({"LastName":"L","AccountId":")" + account + "\"}");
  EXPECT_EQ(field("Account", account, "Site"), Value("new: L"));
  const auto events = events_after(position);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].transaction_key, events[1].transaction_key);
  EXPECT_EQ(events[1].entity, "Account");
  EXPECT_EQ(events[1].sequence_number, 2);
  ASSERT_TRUE(update("Account", account, R"({"Phone":"42"})").success);
  EXPECT_EQ(field("Contact", contact, "Phone"), Value("42"));
}

TEST_F(AutomationTest, AFailureFarInsideIsWrappedAndUndoesAll) {
  rule(
      R"({"type":"after","object":"Contact","update":{"object":"Account","id":{"field":"AccountId"},"set":{"Site":"x"}}})");
  rule(R"({"type":"validation","object":"Account","when":{"Site":"x"},"message":"no x"})");
  const std::string account = made("Account", R"({"Name":"A"})");
  const SaveResult result = insert("Contact", R"({"LastName":"L","AccountId":")" + account + "\"}");
  EXPECT_EQ(error_of(result),
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY: ContactTrigger: execution of AfterInsert\n\ncaused by: "
            "System.DmlException: Update failed. First exception on row 0 with id " +
                account + "; first error: FIELD_CUSTOM_VALIDATION_EXCEPTION, no x: []");
  EXPECT_EQ(org_.record_count("Contact"), 0U);
}

TEST_F(AutomationTest, RulesThatCallEachOtherEnd) {
  rule(R"({"type":"after","object":"Account","on":["insert"],"create":{"object":"Account","set":{"Name":"again"}}})");
  const SaveResult result = insert("Account", R"({"Name":"A"})");
  EXPECT_FALSE(result.success);
  EXPECT_NE(error_of(result).find("maximum trigger depth exceeded"), std::string::npos);
  EXPECT_EQ(org_.record_count("Account"), 0U);
}

TEST_F(AutomationTest, DuplicateRulesAlertOrBlock) {
  rule(R"({"type":"duplicate","name":"Same mail","object":"Contact","match":["Email","LastName"],"action":"alert"})");
  const std::string first = made("Contact", R"({"LastName":"L","Email":"a@b.cd"})");
  const SaveResult again = insert("Contact", R"({"LastName":"l","Email":"A@b.cd"})");
  EXPECT_EQ(error_of(again), "DUPLICATES_DETECTED: Use one of these records?");
  const json details = json::parse(again.errors.at(0).details);
  EXPECT_EQ(details["allowSave"], true);
  EXPECT_EQ(details["duplicateRule"], "Same mail");
  EXPECT_EQ(details["matchResults"][0]["size"], 1);
  EXPECT_EQ(details["matchResults"][0]["matchRecords"][0]["record"]["Id"], first);
  EXPECT_TRUE(insert("Contact", R"({"LastName":"M","Email":"a@b.cd"})").success) << "all fields must match";
  EXPECT_TRUE(update("Contact", first, R"({"Phone":"1"})").success) << "an update of other fields is not looked at";
  writer_.allow_duplicates = true;
  EXPECT_TRUE(insert("Contact", R"({"LastName":"L","Email":"a@b.cd"})").success);
  org_.automation().clear();
  rule(R"({"type":"duplicate","object":"Contact","match":["Email"],"action":"block","message":"never"})");
  EXPECT_EQ(error_of(insert("Contact", R"({"LastName":"Z","Email":"a@b.cd"})")), "DUPLICATES_DETECTED: never");
}

TEST_F(AutomationTest, RollUpsFollowTheirChildrenWithoutStampOrEvent) {
  ASSERT_TRUE(org_.apply_objects(json::parse(R"({"name":"Account","fields":[
    {"name":"Things__c","type":"double","precision":8,"scale":0,"calculated":true},
    {"name":"Sum__c","type":"currency","precision":18,"scale":2,"calculated":true},
    {"name":"Most__c","type":"currency","precision":18,"scale":2,"calculated":true}]})")));
  for (const char* text :
       {R"("field":"Things__c","function":"count")", R"("field":"Sum__c","function":"sum","source":"Amount__c")",
        R"("field":"Most__c","function":"max","source":"Amount__c")"}) {
    rule(std::string(R"({"type":"rollup","object":"Account","child":"Thing__c","reference":"Account__c",)") + text +
         "}");
  }
  const std::string a = made("Account", R"({"Name":"A"})");
  const std::string b = made("Account", R"({"Name":"B"})");
  const Value stamp = field("Account", a, "SystemModstamp");
  org_.advance(60'000);
  const auto position = org_.latest_replay_id();
  const std::string one = made("Thing__c", R"({"Amount__c":10.5,"Account__c":")" + a + "\"}");
  made("Thing__c", R"({"Amount__c":2,"Account__c":")" + a + "\"}");
  EXPECT_EQ(field("Account", a, "Things__c"), Value(2.0));
  EXPECT_EQ(field("Account", a, "Sum__c"), Value(12.5));
  EXPECT_EQ(field("Account", a, "Most__c"), Value(10.5));
  EXPECT_EQ(field("Account", a, "SystemModstamp"), stamp);
  for (const ChangeEvent& event : events_after(position)) EXPECT_EQ(event.entity, "Thing__c");
  ASSERT_TRUE(update("Thing__c", one, R"({"Account__c":")" + b + "\"}").success);
  EXPECT_EQ(field("Account", a, "Sum__c"), Value(2.0));
  EXPECT_EQ(field("Account", b, "Sum__c"), Value(10.5));
  ASSERT_TRUE(remove("Thing__c", one).success);
  EXPECT_EQ(field("Account", b, "Things__c"), Value(0.0));
  EXPECT_EQ(field("Account", b, "Most__c"), Value{});
  org_.settings().rollups_move_stamp = true;
  made("Thing__c", R"({"Account__c":")" + a + "\"}");
  EXPECT_EQ(field("Account", a, "SystemModstamp"), Value(org_.now() / 1000 * 1000));
}

TEST_F(AutomationTest, WrongRulesAreNamed) {
  for (const char* text :
       {R"(3)", R"({})", R"({"type":"before"})", R"({"type":"x","object":"Account"})",
        R"({"type":"before","object":"Nope"})", R"({"type":"before","object":"Account","set":{"Nope":1}})",
        R"({"type":"before","object":"Account","set":{"NumberOfEmployees":"many"}})",
        R"({"type":"before","object":"Account","when":{"Name":{"~":1}}})",
        R"({"type":"before","object":"Account","on":["merge"]})", R"({"type":"before","object":"Account","typo":1})",
        R"({"type":"before","object":"Account","service_ms":-1})", R"({"type":"duplicate","object":"Account"})",
        R"({"type":"after","object":"Account","update":{"object":"Account"}})",
        R"({"type":"rollup","object":"Account","child":"Contact","field":"Name","reference":"AccountId"})"}) {
    EXPECT_FALSE(org_.automation().add(org_.schema(), json::parse(text))) << text;
  }
  EXPECT_TRUE(org_.automation().rules().empty());
}

TEST_F(AutomationTest, ServiceTimeCountsOncePerWriteThatWorked) {
  rule(R"({"type":"before","object":"Account","service_ms":40})");
  rule(R"({"type":"validation","object":"Account","when":{"Name":"bad"},"message":"bad"})");
  Transaction transaction = org_.begin(writer_);
  EXPECT_FALSE(transaction.insert("Account", record(R"({"Name":"bad"})")).success);
  EXPECT_EQ(transaction.service_ms(), 0);
  EXPECT_TRUE(transaction.insert("Account", record(R"({"Name":"good"})")).success);
  EXPECT_EQ(transaction.service_ms(), 40);
}

}  // namespace
}  // namespace orgsim
