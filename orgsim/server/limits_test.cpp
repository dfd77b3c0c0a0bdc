#include <chrono>
#include <thread>

#include "orgsim/server/org_server_test.h"

namespace orgsim {
namespace {

class LimitsTest : public ServerTest {
 protected:
  void settings(const json& changes) { ASSERT_EQ(call("POST", "/orgsim/settings", changes).status, 200); }
  json limit(const char* name) { return get("limits").body[name]; }
};

TEST_F(LimitsTest, BulkQueryJobsRunOut) {
  settings({{"daily_bulk_query_job_limit", 1}});
  const json job = {{"operation", "query"}, {"query", "SELECT Id FROM Account"}};
  EXPECT_EQ(limit("DailyBulkV2QueryJobs"), (json{{"Max", 1}, {"Remaining", 1}}));
  EXPECT_EQ(call("POST", "jobs/query", job).status, 200);
  EXPECT_EQ(call("POST", "jobs/query", job).error_code(), "LIMIT_EXCEEDED");
  EXPECT_EQ(limit("DailyBulkV2QueryJobs"), (json{{"Max", 1}, {"Remaining", 0}}));
}

TEST_F(LimitsTest, BulkBatchesRunOutInBothVersions) {
  settings({{"daily_bulk_batch_limit", 1}});
  const auto load = [this] {
    const std::string id = call("POST", "jobs/ingest", {{"object", "Account"}, {"operation", "insert"}}).body["id"];
    raw("PUT", "/services/data/v62.0/jobs/ingest/" + id + "/batches", "Name\nA\n",
        {{"Authorization", "Bearer " + token_}}, "text/csv");
    call("PATCH", "jobs/ingest/" + id, {{"state", "UploadComplete"}});
    json info;
    for (int i = 0; i < 200; ++i) {
      info = get("jobs/ingest/" + id).body;
      if (info["state"] == "JobComplete" || info["state"] == "Failed") break;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return info;
  };
  EXPECT_EQ(load()["state"], "JobComplete");
  const json refused = load();
  EXPECT_EQ(refused["state"], "Failed");
  EXPECT_EQ(refused["errorMessage"], "ExceededQuota : ApiBatchItems Limit exceeded.");
  EXPECT_EQ(limit("DailyBulkApiBatches"), (json{{"Max", 1}, {"Remaining", 0}}));
  const httplib::Headers session = {{"X-SFDC-Session", token_}};
  const Answer job =
      raw("POST", "/services/async/62.0/job", R"({"operation":"insert","object":"Account","contentType":"JSON"})",
          session, "application/json");
  const Answer batch = raw("POST", "/services/async/62.0/job/" + job.body["id"].get<std::string>() + "/batch",
                           R"([{"Name":"A"}])", session, "application/json");
  EXPECT_NE(batch.text.find("ExceededQuota"), std::string::npos) << batch.text;
}

TEST_F(LimitsTest, LongRequestsAreBounded) {
  settings({{"concurrent_long_request_limit", 1}, {"long_request_ms", 50}, {"commit_delay_ms", 400}});
  std::thread slow([this] { EXPECT_EQ(call("POST", "sobjects/Account", {{"Name", "A"}}).status, 201); });
  std::this_thread::sleep_for(std::chrono::milliseconds(150));
  const Answer refused = get("sobjects");
  slow.join();
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.error_code(), "REQUEST_LIMIT_EXCEEDED");
  EXPECT_EQ(get("sobjects").status, 200);
}

TEST_F(LimitsTest, StorageShowsWhatIsUsed) {
  EXPECT_EQ(limit("DataStorageMB")["Remaining"], limit("DataStorageMB")["Max"]);
  settings({{"data_storage_mb", 2}});
  ASSERT_EQ(call("POST", "/orgsim/records/Account", {{"generate", 1024}}).status, 200);
  EXPECT_EQ(limit("DataStorageMB"), (json{{"Max", 2}, {"Remaining", 0}}));
  EXPECT_EQ(call("POST", "sobjects/Account", {{"Name", "A"}}).error_code(), "STORAGE_LIMIT_EXCEEDED");
}

TEST_F(LimitsTest, StreamingClientsAndEventsRunOut) {
  const auto bayeux = [this](const json& message) {
    return call("POST", "/cometd/62.0", json::array({message}), {{"Authorization", "OAuth " + token_}}).body;
  };
  const json handshake = {
      {"channel", "/meta/handshake"}, {"version", "1.0"}, {"supportedConnectionTypes", {"long-polling"}}};
  settings({{"streaming_client_limit", 1}, {"daily_event_limit", 1}});
  const std::string client = bayeux(handshake)[0]["clientId"];
  EXPECT_EQ(bayeux(handshake)[0]["error"], "403::Organization concurrent user limit exceeded");
  EXPECT_EQ(limit("StreamingApiConcurrentClients"), (json{{"Max", 1}, {"Remaining", 0}}));
  bayeux({{"channel", "/meta/subscribe"}, {"clientId", client}, {"subscription", "/data/ChangeEvents"}});
  create("Account", {{"Name", "A"}});
  const json connect = {{"channel", "/meta/connect"}, {"clientId", client}, {"connectionType", "long-polling"}};
  EXPECT_EQ(bayeux(connect).size(), 2U);
  EXPECT_EQ(bayeux(connect)[0]["error"], "403::Organization total events daily limit exceeded");
}

TEST_F(LimitsTest, TheUpsertRaceIsThereForCollectionsAndLoads) {
  call("POST", "/orgsim/objects",
       {{"name", "Account"},
        {"fields", {{{"name", "Ext__c"}, {"length", 36}, {"externalId", true}, {"unique", true}}}}});
  settings({{"upsert_window_ms", 200}});
  const json body = {{"records", {{{"attributes", {{"type", "Account"}}}, {"Ext__c", "k"}, {"Name", "A"}}}}};
  std::vector<Answer> answers(2);
  std::vector<std::thread> threads;
  for (Answer& answer : answers) {
    threads.emplace_back([&] { answer = call("PATCH", "composite/sobjects/Account/Ext__c", body); });
  }
  for (std::thread& thread : threads) thread.join();
  const int good = answers[0].body[0]["success"].get<bool>() + answers[1].body[0]["success"].get<bool>();
  EXPECT_EQ(good, 1) << answers[0].text << answers[1].text;
  EXPECT_NE((answers[0].text + answers[1].text).find("DUPLICATE_VALUE"), std::string::npos);
}

TEST_F(LimitsTest, ADeviceIsConnectedByItsUser) {
  const auto token = [this](const std::string& form) {
    return raw("POST", "/services/oauth2/token", form + "&client_id=" + url_encode(ready_["client_id"]), {},
               "application/x-www-form-urlencoded");
  };
  const Answer codes = token("response_type=device_code&scope=api");
  ASSERT_EQ(codes.status, 200) << codes.text;
  const std::string poll = "grant_type=device&code=" + url_encode(codes.body["device_code"]);
  EXPECT_EQ(token(poll).body["error"], "authorization_pending");
  const std::string page = codes.body["verification_uri"];
  EXPECT_NE(page.find("/setup/connect"), std::string::npos);
  EXPECT_EQ(get("/setup/connect?user_code=nonsense").status, 400);
  EXPECT_EQ(get("/setup/connect?user_code=" + url_encode(codes.body["user_code"])).status, 200);
  const Answer granted = token(poll);
  EXPECT_EQ(granted.status, 200) << granted.text;
  EXPECT_TRUE(granted.body.contains("refresh_token"));
  EXPECT_EQ(token(poll).body["error"], "invalid_grant");
  const Answer other = token("response_type=device_code");
  get("/setup/connect?deny=true&user_code=" + url_encode(other.body["user_code"]));
  EXPECT_EQ(token("grant_type=device&code=" + url_encode(other.body["device_code"])).body["error"], "access_denied");
}

TEST_F(LimitsTest, TheMetadataApiMakesFieldsAndObjects) {
  const auto metadata = [this](const std::string& body) {
    return raw("POST", "/services/Soap/m/62.0",
               R"(<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"
                  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:m="http://soap.sforce.com/2006/04/metadata">
                  <e:Header><m:SessionHeader><m:sessionId>)" +
                   token_ + "</m:sessionId></m:SessionHeader></e:Header><e:Body>" + body + "</e:Body></e:Envelope>",
               {{"SOAPAction", "x"}}, "text/xml")
        .text;
  };
  const std::string object = R"(<m:createMetadata><m:metadata xsi:type="m:CustomObject"><m:fullName>New__c</m:fullName>
    <m:label>New</m:label><m:pluralLabel>News</m:pluralLabel><m:nameField><m:type>Text</m:type><m:label>N</m:label></m:nameField>
    <m:deploymentStatus>Deployed</m:deploymentStatus><m:sharingModel>ReadWrite</m:sharingModel></m:metadata></m:createMetadata>)";
  EXPECT_NE(metadata(object).find("<fullName>New__c</fullName><success>true</success>"), std::string::npos);
  EXPECT_NE(metadata(object).find("DUPLICATE_DEVELOPER_NAME"), std::string::npos);
  const std::string field =
      R"(<m:createMetadata><m:metadata xsi:type="m:CustomField"><m:fullName>New__c.P__c</m:fullName>
    <m:label>P</m:label><m:type>Picklist</m:type><m:valueSet><m:restricted>true</m:restricted><m:valueSetDefinition>
    <m:value><m:fullName>A</m:fullName><m:default>false</m:default></m:value><m:value><m:fullName>B</m:fullName></m:value>
    </m:valueSetDefinition></m:valueSet></m:metadata></m:createMetadata>)";
  EXPECT_NE(metadata(field).find("<success>true</success>"), std::string::npos);
  EXPECT_EQ(get("sobjects/New__c/describe").text.find("P__c"), std::string::npos);  // no permission yet
  const std::string read = metadata(
      "<m:readMetadata><m:type>CustomField</m:type><m:fullNames>New__c.P__c</m:fullNames>"
      "<m:fullNames>New__c.No__c</m:fullNames></m:readMetadata>");
  EXPECT_NE(read.find("<valueName>B</valueName>"), std::string::npos) << read;
  EXPECT_NE(read.find("<records xsi:nil=\"true\"/>"), std::string::npos) << read;
  EXPECT_NE(metadata("<m:listMetadata><m:queries><m:type>CustomField</m:type></m:queries></m:listMetadata>")
                .find("New__c.P__c"),
            std::string::npos);
  EXPECT_NE(
      metadata(
          "<m:deleteMetadata><m:type>CustomField</m:type><m:fullNames>New__c.P__c</m:fullNames></m:deleteMetadata>")
          .find("<success>true</success>"),
      std::string::npos);
  EXPECT_NE(metadata("<m:deploy/>").find("No operation deploy"), std::string::npos);
}

}  // namespace
}  // namespace orgsim
