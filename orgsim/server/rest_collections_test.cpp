#include "orgsim/server/org_server_test.h"

namespace orgsim {
namespace {

class CollectionsTest : public ServerTest {
 protected:
  CollectionsTest() {
    call("POST", "/orgsim/objects",
         {{"name", "Account"},
          {"fields",
           {{{"name", "Ext__c"}, {"type", "string"}, {"length", 36}, {"externalId", true}, {"unique", true}}}}});
  }

  static json account(json fields) {
    fields["attributes"] = {{"type", "Account"}};
    return fields;
  }
};

TEST_F(CollectionsTest, CreateUpdateAndDeleteAnswerPerRecord) {
  const Answer made =
      call("POST", "composite/sobjects",
           {{"allOrNone", false},
            {"records", {account({{"Name", "A"}}), account({{"Phone", "no name"}}), account({{"Name", "C"}})}}});
  ASSERT_EQ(made.status, 200) << made.text;
  ASSERT_EQ(made.body.size(), 3u);
  EXPECT_EQ(made.body[0]["success"], true);
  EXPECT_EQ(made.body[1]["success"], false);
  EXPECT_FALSE(made.body[1].contains("id"));
  EXPECT_EQ(made.body[1]["errors"][0]["statusCode"], "REQUIRED_FIELD_MISSING");
  const std::string first = made.body[0]["id"];
  const std::string third = made.body[2]["id"];

  const Answer updated =
      call("PATCH", "composite/sobjects",
           {{"records", {account({{"id", third}, {"Phone", "3"}}), account({{"id", first}, {"Phone", "1"}})}}});
  ASSERT_EQ(updated.status, 200) << updated.text;
  EXPECT_EQ(updated.body[0]["id"], third);
  EXPECT_EQ(get("sobjects/Account/" + first).body["Phone"], "1");

  const Answer deleted = call("DELETE", "composite/sobjects?ids=" + first + "," + third + ",001000000000009AAA");
  ASSERT_EQ(deleted.status, 200) << deleted.text;
  EXPECT_EQ(deleted.body[1]["success"], true);
  EXPECT_EQ(deleted.body[2]["success"], false);
}

TEST_F(CollectionsTest, AllOrNoneRollsBackAndKeepsWhatItMustNotBeTrustedFor) {
  const Answer made =
      call("PATCH", "composite/sobjects/Account/Ext__c",
           {{"allOrNone", true}, {"records", {account({{"Ext__c", "1"}, {"Name", "A"}}), account({{"Ext__c", "2"}})}}});
  ASSERT_EQ(made.status, 200) << made.text;
  EXPECT_EQ(made.body[0]["success"], false);
  EXPECT_EQ(made.body[0]["created"], true);
  EXPECT_EQ(made.body[0]["errors"][0]["statusCode"], "ALL_OR_NONE_OPERATION_ROLLED_BACK");
  EXPECT_EQ(query("SELECT COUNT() FROM Account").body["totalSize"], 0);
}

TEST_F(CollectionsTest, UpsertCreatesThenUpdates) {
  const json records = {
      {"records", {account({{"Ext__c", "1"}, {"Name", "A"}}), account({{"Ext__c", "2"}, {"Name", "B"}})}}};
  const Answer made = call("PATCH", "composite/sobjects/Account/Ext__c", records);
  EXPECT_EQ(made.body[1]["created"], true) << made.text;
  const Answer again = call("PATCH", "composite/sobjects/account/ext__C", records);
  EXPECT_EQ(again.body[0]["created"], false) << again.text;
  EXPECT_EQ(again.body[0]["id"], made.body[0]["id"]);
}

TEST_F(CollectionsTest, RetrieveHasNullForWhatIsMissing) {
  const std::string id = create("Account", {{"Name", "A"}});
  const std::string missing = "001000000000009AAA";
  const Answer by_url = get("composite/sobjects/Account?ids=" + missing + "," + id + "&fields=Name");
  ASSERT_EQ(by_url.status, 200) << by_url.text;
  EXPECT_TRUE(by_url.body[0].is_null());
  EXPECT_EQ(by_url.body[1]["Name"], "A");
  const Answer by_body =
      call("POST", "composite/sobjects/Account", {{"ids", {id, missing}}, {"fields", {"Id", "Name"}}});
  EXPECT_EQ(by_body.body[0]["Id"], id) << by_body.text;
  EXPECT_TRUE(by_body.body[1].is_null());
}

TEST_F(CollectionsTest, BoundsAndShapes) {
  json records = json::array();
  for (int i = 0; i < 201; ++i) records.push_back(account({{"Name", "A"}}));
  EXPECT_EQ(call("POST", "composite/sobjects", {{"records", records}}).status, 400);
  for (const json& body :
       {json::array(), json{{"records", 1}}, json{{"records", {1}}}, json{{"records", json::array({json::array()})}},
        json{{"records", json::array()}, {"allOrNone", "yes"}}}) {
    const Answer answer = call("POST", "composite/sobjects", body);
    EXPECT_EQ(answer.status, 400) << body << answer.text;
    EXPECT_EQ(answer.error_code(), "JSON_PARSER_ERROR") << body;
  }
  EXPECT_EQ(call("PATCH", "composite/sobjects/Account/Nope__c", {{"records", json::array()}}).status, 404);
  EXPECT_EQ(call("PUT", "composite/sobjects", json::object()).status, 405);
  EXPECT_EQ(call("DELETE", "composite/sobjects").status, 400);
}

TEST_F(CollectionsTest, OneCallIsOneTransactionAndOneApiCall) {
  const std::int64_t before = status()["api_calls_in_24_hours"];
  const Answer made =
      call("POST", "composite/sobjects", {{"records", {account({{"Name", "A"}}), account({{"Name", "B"}})}}});
  EXPECT_EQ(status()["api_calls_in_24_hours"], before + 1);
  const json first = get("/orgsim/history/Account/" + made.body[0]["id"].get<std::string>()).body;
  const json second = get("/orgsim/history/Account/" + made.body[1]["id"].get<std::string>()).body;
  ASSERT_TRUE(first.is_array() && second.is_array());
  EXPECT_EQ(first[0]["commitNumber"], second[0]["commitNumber"]);
}

}  // namespace
}  // namespace orgsim
