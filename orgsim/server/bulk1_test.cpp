#include <chrono>
#include <thread>

#include "orgsim/server/org_server_test.h"

namespace orgsim {
namespace {

class Bulk1Test : public ServerTest {
 protected:
  Bulk1Test() {
    call("POST", "/orgsim/objects", json::parse(R"({"name":"Account","fields":[
      {"name":"Ext__c","length":40,"externalId":true,"unique":true}]})"));
  }

  Answer send(const std::string& method, const std::string& path, const std::string& body, const std::string& type,
              const httplib::Headers& more = {}) {
    httplib::Headers headers = {{"X-SFDC-Session", token_}};
    headers.insert(more.begin(), more.end());
    return raw(method, "/services/async/60.0/" + path, body, headers, type);
  }
  static std::string element(const std::string& xml, const std::string& name) {
    const std::size_t start = xml.find("<" + name + ">");
    if (start == std::string::npos) return "(no " + name + ")";
    const std::size_t from = start + name.size() + 2;
    return xml.substr(from, xml.find("</" + name + ">", from) - from);
  }
  std::string xml_job(const std::string& operation, const std::string& type, const std::string& more = "") {
    const Answer made = send("POST", "job",
                             "<?xml version=\"1.0\"?><jobInfo xmlns=\"http://www.force.com/2009/06/asyncapi/dataload\">"
                             "<operation>" +
                                 operation + "</operation><object>Account</object>" + more + "<contentType>" + type +
                                 "</contentType></jobInfo>",
                             "application/xml; charset=UTF-8");
    EXPECT_EQ(made.status, 201) << made.text;
    EXPECT_TRUE(made.header("Content-Type").starts_with("application/xml"));
    EXPECT_EQ(element(made.text, "state"), "Open");
    return "job/" + element(made.text, "id");
  }
  std::string json_job(const json& body, const httplib::Headers& more = {}) {
    const Answer made = send("POST", "job", body.dump(), "application/json", more);
    EXPECT_EQ(made.status, 201) << made.text;
    EXPECT_EQ(made.header("Content-Type"), "application/json");
    return "job/" + made.body["id"].get<std::string>();
  }
  /// The XML of the batch once it is over.
  std::string finish(const std::string& batch) {
    std::string info;
    for (int i = 0; i < 1000; ++i) {
      info = send("GET", batch, "", "application/json").text;
      if (info.find("Queued") == std::string::npos && info.find("InProgress") == std::string::npos) break;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return info;
  }
};

TEST_F(Bulk1Test, CsvRowsComeBackInInputOrder) {
  const std::string job = xml_job("insert", "CSV");
  const Answer added = send("POST", job + "/batch", "Name,Phone\r\nfirst,1\r\n,2\r\nthird,3\r\n", "text/csv");
  ASSERT_EQ(added.status, 201) << added.text;
  EXPECT_EQ("job/" + element(added.text, "jobId"), job);
  const std::string batch = job + "/batch/" + element(added.text, "id");
  const std::string info = finish(batch);
  EXPECT_EQ(element(info, "state"), "Completed") << info;
  EXPECT_EQ(element(info, "numberRecordsProcessed"), "3");
  EXPECT_EQ(element(info, "numberRecordsFailed"), "1");
  const std::string result = send("GET", batch + "/result", "", "").text;
  EXPECT_TRUE(result.starts_with("\"Id\",\"Success\",\"Created\",\"Error\"\n\"001")) << result;
  EXPECT_NE(result.find("\"true\",\"true\",\"\"\n\"\",\"false\",\"false\","
                        "\"REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --\"\n\"001"),
            std::string::npos)
      << result;
  EXPECT_EQ(element(send("POST", job, "<jobInfo><state>Closed</state></jobInfo>", "application/xml").text, "state"),
            "Closed");
  const Answer late = send("POST", job + "/batch", "Name\nx\n", "text/csv");
  EXPECT_EQ(late.status, 400);
  EXPECT_EQ(element(late.text, "exceptionCode"), "InvalidJobState");
  const std::string list = send("GET", job + "/batch", "", "application/json").text;
  EXPECT_EQ(element(element(list, "batchInfo"), "state"), "Completed") << list;
}

TEST_F(Bulk1Test, JsonSpeaksJsonThroughout) {
  const std::string job = json_job({{"operation", "upsert"},
                                    {"object", "Account"},
                                    {"externalIdFieldName", "Ext__c"},
                                    {"contentType", "JSON"},
                                    {"concurrencyMode", 0}});
  const json rows =
      json::array({{{"Ext__c", "A"}, {"Name", "one"}},
                   {{"Name", "no key"}},
                   {{"Ext__c", "B"}, {"Name", "two"}, {"Parent", {{"Ext__c", "A"}}}, {"Phone", nullptr}}});
  const Answer added = send("POST", job + "/batch", rows.dump(), "application/json");
  ASSERT_EQ(added.status, 201) << added.text;
  const std::string batch = job + "/batch/" + added.body["id"].get<std::string>();
  EXPECT_EQ(json::parse(finish(batch))["state"], "Completed");
  const json result = send("GET", batch + "/result", "", "application/json").body;
  ASSERT_EQ(result.size(), 3u) << result.dump();
  EXPECT_EQ(result[0]["created"], true);
  EXPECT_TRUE(result[0]["errors"].empty());
  EXPECT_EQ(result[1]["success"], false);
  EXPECT_EQ(result[1]["errors"][0]["statusCode"], "MISSING_ARGUMENT");
  EXPECT_TRUE(result[1]["id"].is_null());
  EXPECT_EQ(query("SELECT ParentId FROM Account WHERE Ext__c = 'B'").body["records"][0]["ParentId"], result[0]["id"]);
  EXPECT_EQ(send("GET", job, "", "application/json").body["numberRecordsFailed"], 1);
}

TEST_F(Bulk1Test, XmlRowsWithNilAndAParent) {
  const std::string job = xml_job("upsert", "XML", "<externalIdFieldName>Ext__c</externalIdFieldName>");
  const auto run = [&](const std::string& rows) {
    const Answer added = send(
        "POST", job + "/batch",
        "<sObjects xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">" + rows + "</sObjects>", "application/xml");
    const std::string batch = job + "/batch/" + element(added.text, "id");
    finish(batch);
    return send("GET", batch + "/result", "", "").text;
  };
  EXPECT_EQ(element(run("<sObject><Ext__c>P</Ext__c><Name>P</Name><Phone>1</Phone></sObject>"), "success"), "true");
  const std::string result =
      run("<sObject><Ext__c>P</Ext__c><Phone xsi:nil=\"true\"/></sObject>"
          "<sObject><Ext__c>C</Ext__c><Name>C &amp; "
          "co</Name><Parent><sObject><Ext__c>P</Ext__c></sObject></Parent></sObject>"
          "<sObject><Ext__c>D</Ext__c></sObject>");
  EXPECT_EQ(element(result, "created"), "false");
  EXPECT_EQ(element(result, "statusCode"), "REQUIRED_FIELD_MISSING");
  const json rows = query("SELECT Name, Phone, Parent.Name FROM Account ORDER BY Ext__c").body["records"];
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0]["Name"], "C & co");
  EXPECT_EQ(rows[0]["Parent"]["Name"], "P");
  EXPECT_TRUE(rows[1]["Phone"].is_null());
}

TEST_F(Bulk1Test, QueriesInCsvAndJson) {
  create("Account", {{"Name", "A"}, {"NumberOfEmployees", 3}});
  std::string job = json_job({{"operation", "queryAll"}, {"object", "Account"}, {"contentType", "CSV"}});
  Answer added = send("POST", job + "/batch", "SELECT Name, NumberOfEmployees FROM Account", "text/csv");
  std::string batch = job + "/batch/" + element(added.text, "id");
  EXPECT_EQ(element(finish(batch), "state"), "Completed");
  const std::string list = send("GET", batch + "/result", "", "application/json").text;
  EXPECT_TRUE(list.find("<result-list xmlns=") != std::string::npos) << list;
  EXPECT_EQ(send("GET", batch + "/result/" + element(list, "result"), "", "text/csv").text,
            "\"Name\",\"NumberOfEmployees\"\n\"A\",\"3\"\n");

  job = json_job({{"operation", "query"}, {"object", "Account"}, {"contentType", "JSON"}});
  added = send("POST", job + "/batch", "SELECT Id, Name, CreatedDate FROM Account", "application/json");
  batch = job + "/batch/" + added.body["id"].get<std::string>();
  finish(batch);
  const json results = send("GET", batch + "/result", "", "application/json").body;
  ASSERT_EQ(results.size(), 1u);
  const json rows = send("GET", batch + "/result/" + results[0].get<std::string>(), "", "application/json").body;
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0]["attributes"]["type"], "Account");
  EXPECT_TRUE(rows[0]["CreatedDate"].is_number());

  added = send("POST", job + "/batch", "SELECT Nope FROM Account", "application/json");
  const json failed = json::parse(finish(job + "/batch/" + added.body["id"].get<std::string>()));
  EXPECT_EQ(failed["state"], "Failed");
  EXPECT_TRUE(
      failed["stateMessage"].get<std::string>().starts_with("InvalidBatch : Failed to process query: INVALID_FIELD"));
}

TEST_F(Bulk1Test, PkChunkingCutsAQueryIntoBatches) {
  call("POST", "/orgsim/records/Account", {{"generate", 25}, {"seed", 3}});
  const std::string job = json_job({{"operation", "query"}, {"object", "Account"}, {"contentType", "CSV"}},
                                   {{"Sforce-Enable-PKChunking", "true; chunkSize=10"}});
  const Answer added = send("POST", job + "/batch", "SELECT Id FROM Account", "text/csv");
  EXPECT_EQ(element(added.text, "state"), "NotProcessed");
  const std::string list = send("GET", job + "/batch", "", "").text;
  std::size_t complete = 0;
  for (std::size_t at = list.find("Completed"); at != std::string::npos; at = list.find("Completed", at + 1))
    ++complete;
  EXPECT_EQ(complete, 3u) << list;
  EXPECT_EQ(element(send("GET", job, "", "").text, "numberRecordsProcessed"), "25");
}

TEST_F(Bulk1Test, ABatchHoldsTenThousandRows) {
  const std::string job = xml_job("insert", "CSV");
  std::string csv = "Name\n";
  for (int i = 0; i < 10'001; ++i) csv += "x\n";
  const Answer added = send("POST", job + "/batch", csv, "text/csv");
  const std::string info = finish(job + "/batch/" + element(added.text, "id"));
  EXPECT_EQ(element(info, "state"), "Failed");
  EXPECT_EQ(query("SELECT COUNT() FROM Account").body["totalSize"], 0) << "none of them";
}

TEST_F(Bulk1Test, ErrorsInTheLanguageOfTheCaller) {
  const Answer session =
      raw("POST", "/services/async/60.0/job", "<jobInfo/>", {{"X-SFDC-Session", "bad"}}, "application/xml");
  EXPECT_EQ(session.status, 400);
  EXPECT_EQ(element(session.text, "exceptionCode"), "InvalidSessionId");
  const Answer missing = send("GET", "job/750000000000000AAA", "", "application/json");
  EXPECT_EQ(missing.status, 400);
  EXPECT_EQ(missing.header("Content-Type"), "application/json");
  EXPECT_EQ(missing.body["exceptionCode"], "InvalidJob");
  const std::string job = xml_job("insert", "CSV");
  EXPECT_EQ(element(send("POST", job + "/batch", "\n", "text/csv").text, "exceptionCode"), "ClientInputError");
  EXPECT_EQ(element(send("GET", job + "/batch/751000000000000AAA", "", "").text, "exceptionCode"), "InvalidBatch");
  EXPECT_EQ(element(send("POST", "job", "<jobInfo><operation>insert</operation><object>Nope</object></jobInfo>",
                         "application/xml")
                        .text,
                    "exceptionCode"),
            "InvalidEntity");
  EXPECT_EQ(element(send("POST", "job", "no xml", "application/xml").text, "exceptionCode"), "InvalidXML");
  const Answer added = send("POST", job + "/batch", "Nope__c\nx\n", "text/csv");
  const std::string info = finish(job + "/batch/" + element(added.text, "id"));
  EXPECT_EQ(element(info, "stateMessage"), "InvalidBatch : Field name not found : Nope__c");
  EXPECT_EQ(element(send("GET", job + "/batch/" + element(added.text, "id") + "/result", "", "").text, "exceptionCode"),
            "InvalidBatch");
}

}  // namespace
}  // namespace orgsim
