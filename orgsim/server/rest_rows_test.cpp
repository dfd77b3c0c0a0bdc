#include "orgsim/core/time_text.h"
#include "orgsim/server/org_server_test.h"

namespace orgsim {
namespace {

class RowsTest : public ServerTest {
 protected:
  RowsTest() {
    const Answer made =
        call("POST", "/orgsim/objects",
             {{"name", "Account"},
              {"fields",
               {{{"name", "Ext__c"}, {"type", "string"}, {"length", 36}, {"externalId", true}, {"unique", true}},
                {{"name", "Loose__c"}, {"type", "string"}, {"length", 36}, {"externalId", true}}}}});
    EXPECT_EQ(made.status, 200) << made.text;
  }
};

TEST_F(RowsTest, CreateReadUpdateDelete) {
  const Answer made = call("POST", "sobjects/Account/", {{"Name", "Acme"}, {"NumberOfEmployees", 7}});
  ASSERT_EQ(made.status, 201) << made.text;
  const std::string id = made.body["id"];
  EXPECT_EQ(made.body["success"], true);
  EXPECT_EQ(made.body["errors"], json::array());
  EXPECT_EQ(made.header("Location"), "/services/data/v62.0/sobjects/Account/" + id);

  const Answer read = get("sobjects/account/" + id.substr(0, 15) + "?fields=Name,NumberOfEmployees");
  ASSERT_EQ(read.status, 200) << read.text;
  EXPECT_EQ(read.body["Name"], "Acme");
  EXPECT_EQ(read.body["NumberOfEmployees"], 7);
  EXPECT_EQ(read.body["attributes"]["type"], "Account");
  EXPECT_FALSE(read.body.contains("Phone"));
  EXPECT_TRUE(get("sobjects/Account/" + id).body.contains("Phone"));

  EXPECT_EQ(call("PATCH", "sobjects/Account/" + id, {{"Phone", "1"}}).status, 204);
  EXPECT_EQ(get("sobjects/Account/" + id).body["Phone"], "1");
  EXPECT_EQ(call("DELETE", "sobjects/Account/" + id).status, 204);
  for (const char* method : {"DELETE", "GET"}) {
    const Answer gone = call(method, "sobjects/Account/" + id);
    EXPECT_EQ(gone.status, 404);
    EXPECT_EQ(gone.error_code(), "ENTITY_IS_DELETED") << method;
  }
  EXPECT_EQ(call("PATCH", "sobjects/Account/" + id, {{"Phone", "2"}}).status, 404);
}

TEST_F(RowsTest, ErrorsOfOneRowAreAnArrayWithFields) {
  const Answer missing = call("POST", "sobjects/Account", {{"Phone", "1"}});
  EXPECT_EQ(missing.status, 400);
  EXPECT_EQ(missing.error_code(), "REQUIRED_FIELD_MISSING");
  EXPECT_EQ(missing.body[0]["fields"], json::array({"Name"}));
  EXPECT_EQ(call("POST", "sobjects/Account", {{"Nope", "1"}}).status, 400);
  EXPECT_EQ(call("POST", "sobjects/Account", {{"Id", "001"}, {"Name", "x"}}).error_code(),
            "INVALID_FIELD_FOR_INSERT_UPDATE");
  EXPECT_EQ(raw("POST", "/services/data/v62.0/sobjects/Account", "{\"Name\":", {{"Authorization", "Bearer " + token_}},
                "application/json")
                .error_code(),
            "JSON_PARSER_ERROR");
}

TEST_F(RowsTest, BadIdsInPaths) {
  const Answer odd = get("sobjects/Account/xyz");
  EXPECT_EQ(odd.status, 404);
  EXPECT_EQ(odd.body[0]["message"], "Provided external ID field does not exist or is not accessible: xyz");
  EXPECT_EQ(get("sobjects/Account/001000000000009AAA").error_code(), "NOT_FOUND");
  EXPECT_EQ(call("PATCH", "sobjects/Account/Ext__c/%ff", {{"Name", "x"}}).status, 400);
  EXPECT_EQ(call("PUT", "sobjects/Account").status, 405);
  EXPECT_EQ(call("PATCH", "sobjects/Account/Ext__c", json::object()).status, 405);
}

TEST_F(RowsTest, UpsertSaysWhatItDid) {
  const Answer created = call("PATCH", "sobjects/Account/Ext__c/a%2Fb", {{"Name", "One"}});
  ASSERT_EQ(created.status, 201) << created.text;
  EXPECT_EQ(created.body["created"], true);
  const std::string id = created.body["id"];
  EXPECT_EQ(get("sobjects/Account/" + id).body["Ext__c"], "a/b");

  const Answer updated = call("PATCH", "sobjects/Account/Ext__c/a%2Fb", {{"Name", "Two"}});
  EXPECT_EQ(updated.status, 200);
  EXPECT_EQ(updated.body["created"], false);
  EXPECT_EQ(updated.body["id"], id);
  EXPECT_EQ(call("PATCH", "/services/data/v45.0/sobjects/Account/Ext__c/a%2Fb", {{"Name", "Three"}}).status, 204);
  EXPECT_EQ(get("sobjects/Account/Ext__c/a%2Fb").body["Name"], "Three");
  EXPECT_EQ(call("DELETE", "sobjects/Account/Ext__c/a%2Fb").status, 204);
  EXPECT_EQ(get("sobjects/Account/Ext__c/a%2Fb").status, 404);
  EXPECT_EQ(call("PATCH", "sobjects/Account/Ext__c/z?updateOnly=true", {{"Name", "Four"}}).status, 404);
  EXPECT_EQ(call("PATCH", "sobjects/Account/Ext__c/q", {{"Name", "x"}, {"Ext__c", "q"}}).status, 400);
}

TEST_F(RowsTest, AnAmbiguousKeyIs300WithTheCandidates) {
  create("Account", {{"Name", "A"}, {"Loose__c", "k"}});
  create("Account", {{"Name", "B"}, {"Loose__c", "k"}});
  for (const char* method : {"PATCH", "GET", "DELETE"}) {
    const Answer several =
        call(method, "sobjects/Account/Loose__c/k", method[0] == 'P' ? json{{"Phone", "1"}} : json());
    EXPECT_EQ(several.status, 300) << method;
    ASSERT_EQ(several.body.size(), 2u) << several.text;
    EXPECT_TRUE(several.body[0].get<std::string>().starts_with("/services/data/v62.0/sobjects/Account/001"));
  }
}

TEST_F(RowsTest, AUniqueKeyCannotBeTakenTwice) {
  create("Account", {{"Name", "A"}, {"Ext__c", "k"}});
  const Answer twice = call("POST", "sobjects/Account", {{"Name", "B"}, {"Ext__c", "k"}});
  EXPECT_EQ(twice.status, 400);
  EXPECT_EQ(twice.error_code(), "DUPLICATE_VALUE");
}

TEST_F(RowsTest, ParentsCanBeNamedByExternalId) {
  const std::string account = create("Account", {{"Name", "A"}, {"Ext__c", "k"}});
  const std::string contact = create("Contact", {{"LastName", "L"}, {"Account", {{"Ext__c", "k"}}}});
  EXPECT_EQ(get("sobjects/Contact/" + contact).body["AccountId"], account);
  const Answer unknown = call("POST", "sobjects/Contact", {{"LastName", "L"}, {"Account", {{"Ext__c", "none"}}}});
  EXPECT_EQ(unknown.status, 400);
  EXPECT_EQ(unknown.error_code(), "INVALID_FIELD");
}

TEST_F(RowsTest, ConditionalUpdates) {
  const std::string id = create("Account", {{"Name", "A"}});
  const auto stamp = parse_datetime(get("sobjects/Account/" + id).body["LastModifiedDate"].get<std::string>());
  ASSERT_TRUE(stamp.has_value());
  const auto update = [&](const std::string& date, const char* phone) {
    return call("PATCH", "sobjects/Account/" + id, {{"Phone", phone}}, {{"If-Unmodified-Since", date}});
  };
  EXPECT_EQ(update(http_date(*stamp), "1").status, 204);
  const Answer stale = update(http_date(*stamp - 5000), "2");
  EXPECT_EQ(stale.status, 412);
  EXPECT_EQ(update("yesterday", "3").status, 400);
  EXPECT_EQ(get("sobjects/Account/" + id).body["Phone"], "1");
}

TEST_F(RowsTest, AReadCanBeConditional) {
  const std::string id = create("Account", {{"Name", "A"}});
  const Answer read = get("sobjects/Account/" + id);
  EXPECT_EQ(get("sobjects/Account/" + id, {{"If-Modified-Since", read.header("Last-Modified")}}).status, 304);
  EXPECT_EQ(get("sobjects/Account/" + id, {{"If-Modified-Since", "Thu, 01 Jan 2015 00:00:00 GMT"}}).status, 200);
  EXPECT_EQ(get("sobjects/Account/" + id, {{"If-Unmodified-Since", read.header("Last-Modified")}}).status, 200);
  EXPECT_EQ(get("sobjects/Account/" + id, {{"If-Unmodified-Since", "Thu, 01 Jan 2015 00:00:00 GMT"}}).status, 412);
}

TEST_F(RowsTest, FilesAreSentAsPartsOrAsTextAndReadAsBytes) {
  const std::string account = create("Account", {{"Name", "A"}});
  const std::string bytes("\x00\xFFhi\r\n?", 7);
  const std::string body =
      "--B\r\nContent-Disposition: form-data; name=\"entity_document\"\r\nContent-Type: application/json\r\n\r\n"
      "{\"Name\":\"a.bin\",\"ParentId\":\"" +
      account +
      "\"}\r\n"
      "--B\r\nContent-Disposition: form-data; name=\"Body\"; filename=\"a.bin\"\r\nContent-Type: "
      "application/octet-stream"
      "\r\n\r\n" +
      bytes + "\r\n--B--\r\n";
  const httplib::Headers session = {{"Authorization", "Bearer " + token_}};
  const Answer made =
      raw("POST", "/services/data/v62.0/sobjects/Attachment", body, session, "multipart/form-data; boundary=B");
  ASSERT_EQ(made.status, 201) << made.text;
  const std::string row = "sobjects/Attachment/" + made.body["id"].get<std::string>();
  EXPECT_EQ(get(row + "/Body").text, bytes);
  EXPECT_EQ(get(row + "/Body").header("Content-Type"), "application/octet-stream");
  const json shown = get(row + "?fields=Body,BodyLength").body;
  EXPECT_EQ(shown["Body"], "/services/data/v62.0/" + row + "/Body");
  EXPECT_EQ(shown["BodyLength"], 7);
  EXPECT_EQ(query("SELECT Body FROM Attachment").body["records"][0]["Body"], shown["Body"]);
  EXPECT_EQ(call("PATCH", row, {{"Body", "aGVsbG8="}}).status, 204);
  EXPECT_EQ(get(row + "/Body").text, "hello");
  EXPECT_EQ(get(row + "?fields=BodyLength").body["BodyLength"], 5);
  EXPECT_EQ(call("PATCH", row, {{"Body", "*"}}).error_code(), "JSON_PARSER_ERROR");
  EXPECT_EQ(call("PATCH", row, {{"Body", "aGVsb"}}).status, 400);
  EXPECT_EQ(get(row + "/Name").status, 404);
  EXPECT_EQ(raw("POST", "/services/data/v62.0/sobjects/Attachment", "--B\r\n\r\nx\r\n--B--\r\n", session,
                "multipart/form-data; boundary=B")
                .status,
            400);
}

TEST_F(RowsTest, TheClientTokenReachesTheHistory) {
  const Answer made =
      call("POST", "sobjects/Account", {{"Name", "A"}}, {{"Sforce-Call-Options", "client=duet-7, defaultNamespace=x"}});
  const Answer history = get("/orgsim/history/Account/" + made.body["id"].get<std::string>());
  ASSERT_EQ(history.status, 200) << history.text;
  EXPECT_NE(history.text.find("duet-7"), std::string::npos) << history.text;
}

TEST_F(RowsTest, ARequestThatRunsTooLongIsRolledBack) {
  call("POST", "/orgsim/settings", {{"request_time_limit_ms", 20}, {"commit_delay_ms", 60}});
  const Answer stopped = call("POST", "sobjects/Account", {{"Name", "Late"}});
  EXPECT_EQ(stopped.status, 503) << stopped.text;
  call("POST", "/orgsim/settings", {{"request_time_limit_ms", 600000}, {"commit_delay_ms", 0}});
  EXPECT_EQ(query("SELECT Id FROM Account").body["totalSize"], 0);
}

TEST_F(RowsTest, DescribesHaveTheirConditions) {
  const Answer described = get("sobjects/Account/describe");
  ASSERT_EQ(described.status, 200);
  EXPECT_EQ(described.body["name"], "Account");
  EXPECT_GT(described.body["fields"].size(), 30u);
  EXPECT_EQ(get("sobjects/Account/describe", {{"If-Modified-Since", described.header("Last-Modified")}}).status, 304);
  EXPECT_EQ(get("sobjects/Account/describe", {{"If-Modified-Since", "Thu, 01 Jan 2015 00:00:00 GMT"}}).status, 200);
  EXPECT_GT(get("sobjects").body["sobjects"].size(), 20u);
  EXPECT_EQ(get("sobjects/Account").body["objectDescribe"]["keyPrefix"], "001");
}

}  // namespace
}  // namespace orgsim
