#include <thread>

#include "orgsim/server/org_server_test.h"

namespace orgsim {
namespace {

class BulkQueryTest : public ServerTest {
 protected:
  Answer start(const std::string& soql, const json& more = json::object()) {
    json body = {{"operation", "query"}, {"query", soql}};
    body.update(more);
    return call("POST", "jobs/query", body);
  }

  void generate(int count) {
    ASSERT_EQ(call("POST", "/orgsim/records/Account", {{"generate", count}, {"seed", 3}}).status, 200);
  }
};

TEST_F(BulkQueryTest, AJobGoesFromUploadCompleteToItsResults) {
  create("Account", {{"Name", "say \"hi\", twice\n"}, {"NumberOfEmployees", 3}});
  const Answer started = start("SELECT Name, NumberOfEmployees, Phone, CreatedDate, IsDeleted FROM Account");
  ASSERT_EQ(started.status, 200) << started.text;
  EXPECT_EQ(started.body["state"], "UploadComplete");
  EXPECT_EQ(started.body["object"], "Account");
  EXPECT_TRUE(started.body["apiVersion"].is_number());
  const std::string job = "jobs/query/" + started.body["id"].get<std::string>();
  const Answer done = get(job);
  EXPECT_EQ(done.body["state"], "JobComplete");
  EXPECT_EQ(done.body["numberRecordsProcessed"], 1);

  const Answer results = get(job + "/results");
  ASSERT_EQ(results.status, 200) << results.text;
  EXPECT_EQ(results.header("Sforce-Locator"), "null");
  EXPECT_EQ(results.header("Sforce-NumberOfRecords"), "1");
  EXPECT_TRUE(results.header("Content-Type").starts_with("text/csv"));
  const std::string head =
      "\"Name\",\"NumberOfEmployees\",\"Phone\",\"CreatedDate\",\"IsDeleted\"\n"
      "\"say \"\"hi\"\", twice\",\"3\",\"\",\"20";
  EXPECT_EQ(results.text.substr(0, head.size()), head);
  EXPECT_TRUE(results.text.ends_with(".000Z\",\"false\"\n")) << results.text;

  EXPECT_EQ(call("PATCH", job, {{"state", "Aborted"}}).error_code(), "INVALIDJOBSTATE");
  EXPECT_EQ(get("jobs/query").body["records"].size(), 1u);
  EXPECT_EQ(call("DELETE", job).status, 204);
  EXPECT_EQ(get(job).status, 404);
}

TEST_F(BulkQueryTest, PagesFollowTheLocatorAndMissNothing) {
  generate(2500);
  const std::string job = "jobs/query/" + start("SELECT Id, Name FROM Account").body["id"].get<std::string>();
  create("Account", {{"Name", "after the job"}});
  std::set<std::string> ids;
  std::string locator;
  for (int page = 0; page < 3; ++page) {
    const Answer results = get(job + "/results?maxRecords=1000" + (locator.empty() ? "" : "&locator=" + locator));
    ASSERT_EQ(results.status, 200);
    EXPECT_EQ(results.header("Sforce-NumberOfRecords"), page < 2 ? "1000" : "500");
    EXPECT_TRUE(results.text.starts_with("\"Id\",\"Name\"\n"));
    for (std::size_t line = results.text.find('\n'); line + 1 < results.text.size();
         line = results.text.find('\n', line + 1)) {
      ids.insert(results.text.substr(line + 2, 18));
    }
    locator = results.header("Sforce-Locator");
  }
  EXPECT_EQ(locator, "null");
  EXPECT_EQ(ids.size(), 2500u);
  EXPECT_EQ(get(job + "/results?locator=OTk5OTk").status, 400) << "past the end";
  EXPECT_EQ(get(job + "/results?locator=x").status, 400);
  EXPECT_EQ(get(job + "/results?maxRecords=0").status, 400);
}

TEST_F(BulkQueryTest, ResultPagesNameThePagesSideBySide) {
  generate(1300);
  const std::string job = "jobs/query/" + start("SELECT Id FROM Account").body["id"].get<std::string>();
  const Answer first = get(job + "/resultPages?maxRecords=200");
  ASSERT_EQ(first.status, 200) << first.text;
  ASSERT_EQ(first.body["resultPages"].size(), 5u);
  EXPECT_FALSE(first.body["done"].get<bool>());
  const Answer last = get(first.body["nextRecordsUrl"].get<std::string>());
  ASSERT_EQ(last.body["resultPages"].size(), 2u) << last.text;
  EXPECT_TRUE(last.body["done"].get<bool>());
  EXPECT_TRUE(last.body["nextRecordsUrl"].is_null());
  int rows = 0;
  for (const json& pages : {first.body["resultPages"], last.body["resultPages"]}) {
    for (const json& page : pages) {
      rows += std::stoi(get(page["resultUrl"].get<std::string>()).header("Sforce-NumberOfRecords"));
    }
  }
  EXPECT_EQ(rows, 1300);
}

TEST_F(BulkQueryTest, TheStatesCanBeWatchedAndAFaultFailsTheJob) {
  ASSERT_EQ(call("POST", "/orgsim/settings", {{"bulk_queue_ms", 200}, {"bulk_chunk_ms", 200}}).status, 200);
  const auto wait_for = [&](const std::string& job, const std::string& state) {
    for (int i = 0; i < 400 && get(job).body["state"] != state; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return get(job).body;
  };
  const std::string job = "jobs/query/" + start("SELECT Id FROM Account").body["id"].get<std::string>();
  EXPECT_EQ(get(job).body["state"], "UploadComplete");
  EXPECT_EQ(get(job + "/results").error_code(), "INVALIDJOBSTATE");
  EXPECT_EQ(wait_for(job, "InProgress")["state"], "InProgress");
  EXPECT_EQ(call("DELETE", job).error_code(), "INVALIDJOBSTATE");
  EXPECT_EQ(wait_for(job, "JobComplete")["state"], "JobComplete");
  EXPECT_EQ(call("PATCH", job, {{"state", "Aborted"}}).body[0]["message"],
            "Aborting already Completed Job not allowed");

  call("POST", "/orgsim/settings", {{"bulk_queue_ms", 0}, {"bulk_chunk_ms", 0}});
  call("POST", "/orgsim/faults", {{"bulk", "fail"}, {"path_prefix", "/jobs/query"}, {"message", "out of luck"}});
  const Answer failed = get("jobs/query/" + start("SELECT Id FROM Account").body["id"].get<std::string>());
  EXPECT_EQ(failed.body["state"], "Failed");
  EXPECT_EQ(failed.body["errorMessage"], "InternalServerError : out of luck");
}

TEST_F(BulkQueryTest, DeletedRowsOnlyForQueryAll) {
  const std::string id = create("Account", {{"Name", "A"}});
  call("DELETE", "sobjects/Account/" + id);
  const auto rows = [&](const json& more) {
    const Answer job = start("SELECT Id FROM Account", more);
    return get("jobs/query/" + job.body["id"].get<std::string>() + "/results").header("Sforce-NumberOfRecords");
  };
  EXPECT_EQ(rows(json::object()), "0");
  EXPECT_EQ(rows({{"operation", "queryAll"}}), "1");
}

TEST_F(BulkQueryTest, WhatCannotBeQueriedIsRefusedAtCreation) {
  const Answer compound = start("SELECT Id, BillingAddress FROM Account");
  EXPECT_EQ(compound.status, 400);
  EXPECT_EQ(compound.body[0]["message"], "Selecting compound data not supported in Bulk Query");
  EXPECT_EQ(start("SELECT Nope FROM Account").status, 400);
  EXPECT_EQ(start("SELECT COUNT() FROM Account").status, 400);
  EXPECT_EQ(start("SELECT Id FROM Account LIMIT 5 OFFSET 0").error_code(), "API_ERROR");
  EXPECT_EQ(start("").status, 400);
  EXPECT_EQ(start("SELECT Id FROM Account", {{"operation", "insert"}}).error_code(), "INVALIDOPERATION");
  EXPECT_EQ(start("SELECT Id FROM Account", {{"columnDelimiter", "DOT"}}).status, 400);
  EXPECT_EQ(start("SELECT Id FROM Account", {{"lineEnding", 7}}).error_code(), "JSON_PARSER_ERROR");
  EXPECT_EQ(call("POST", "jobs/query", json::array()).error_code(), "JSON_PARSER_ERROR");
}

TEST_F(BulkQueryTest, AJobCanBeAbortedBeforeAnybodyLooks) {
  const std::string job = "jobs/query/" + start("SELECT Id FROM Account").body["id"].get<std::string>();
  EXPECT_EQ(call("PATCH", job, {{"state", "Aborted"}}).body["state"], "Aborted");
  EXPECT_EQ(get(job).body["state"], "Aborted");
  EXPECT_EQ(get(job + "/results").error_code(), "INVALIDJOBSTATE");
}

TEST_F(BulkQueryTest, TheDialectIsTheJobs) {
  create("Account", {{"Name", "A"}});
  const Answer job = start("SELECT Name, Phone FROM Account", {{"columnDelimiter", "TAB"}, {"lineEnding", "CRLF"}});
  EXPECT_EQ(job.body["columnDelimiter"], "TAB");
  EXPECT_EQ(get("jobs/query/" + job.body["id"].get<std::string>() + "/results").text,
            "\"Name\"\t\"Phone\"\r\n\"A\"\t\"\"\r\n");
}

}  // namespace
}  // namespace orgsim
