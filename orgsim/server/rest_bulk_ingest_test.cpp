#include <chrono>
#include <thread>

#include "orgsim/server/org_server_test.h"

namespace orgsim {
namespace {

class BulkIngestTest : public ServerTest {
 protected:
  BulkIngestTest() {
    call("POST", "/orgsim/objects", json::parse(R"({"name":"Account","fields":[
      {"name":"Ext__c","length":40,"externalId":true,"unique":true}]})"));
  }

  /// Creates a job and returns its path.
  std::string open(const std::string& operation, const json& more = json::object()) {
    json body = {{"operation", operation}, {"object", "Account"}};
    body.update(more);
    const Answer made = call("POST", "jobs/ingest", body);
    EXPECT_EQ(made.status, 200) << made.text;
    EXPECT_EQ(made.body["state"], "Open");
    return "jobs/ingest/" + made.body["id"].get<std::string>();
  }
  Answer put(const std::string& job, const std::string& csv) {
    return raw("PUT", "/services/data/v62.0/" + job + "/batches", csv, {{"Authorization", "Bearer " + token_}},
               "text/csv; charset=UTF-8");
  }
  Answer close(const std::string& job) { return call("PATCH", job, {{"state", "UploadComplete"}}); }
  /// The job's info once it is in one of the last states.
  json finish(const std::string& job) {
    json info;
    for (int i = 0; i < 2000; ++i) {
      info = get(job).body;
      const std::string state = info.value("state", "");
      if (state == "JobComplete" || state == "Failed" || state == "Aborted") break;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return info;
  }
  /// A whole job.
  json run(const std::string& operation, const std::string& csv, const json& more = json::object()) {
    job_ = open(operation, more);
    EXPECT_EQ(put(job_, csv).status, 201);
    EXPECT_EQ(close(job_).body["state"], "UploadComplete");
    return finish(job_);
  }
  std::string results(const std::string& kind) { return get(job_ + "/" + kind).text; }
  int count(const std::string& where = "") {
    return query("SELECT COUNT() FROM Account" + where).body["totalSize"].get<int>();
  }

  std::string job_;
};

TEST_F(BulkIngestTest, AnInsertGoesFromOpenToItsResults) {
  const json info =
      run("insert", "Name,NumberOfEmployees,\"Phone\"\n\"say \"\"hi\"\", twice\n\",3,\n,4,x\nplain,#N/A,\n");
  EXPECT_EQ(info["state"], "JobComplete");
  EXPECT_EQ(info["jobType"], "V2Ingest");
  EXPECT_EQ(info["numberRecordsProcessed"], 3);
  EXPECT_EQ(info["numberRecordsFailed"], 1);
  EXPECT_TRUE(info["apiVersion"].is_number());
  for (const char* time : {"createdDate", "systemModstamp"}) {
    EXPECT_TRUE(info[time].get<std::string>().ends_with(".000+0000")) << info;
  }
  EXPECT_EQ(info["contentUrl"].get<std::string>(), "services/data/v62.0/" + job_ + "/batches");

  const std::string good = results("successfulResults");
  const std::string head = "\"sf__Id\",\"sf__Created\",Name,NumberOfEmployees,\"Phone\"\n\"001";
  EXPECT_EQ(good.substr(0, head.size()), head) << good;
  EXPECT_NE(good.find("\",\"true\",\"say \"\"hi\"\", twice\n\",\"3\",\"\"\n"), std::string::npos) << good;
  EXPECT_EQ(results("failedResults"),
            "\"sf__Id\",\"sf__Error\",Name,NumberOfEmployees,\"Phone\"\n"
            "\"\",\"REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --\",\"\",\"4\",\"x\"\n");
  EXPECT_EQ(results("unprocessedrecords"), "Name,NumberOfEmployees,\"Phone\"\n");
  EXPECT_EQ(count(), 2);

  EXPECT_EQ(get("jobs/ingest").body["records"].size(), 1u);
  EXPECT_EQ(call("PATCH", job_, {{"state", "Aborted"}}).body[0]["message"],
            "Aborting already Completed Job not allowed");
  EXPECT_EQ(close(job_).body[0]["message"], "Closing already Completed Job not allowed");
  EXPECT_EQ(put(job_, "Name\nx\n").error_code(), "INVALIDJOBSTATE");
  EXPECT_EQ(call("DELETE", job_).status, 204);
  EXPECT_EQ(get(job_).status, 404);
}

TEST_F(BulkIngestTest, UpdateUpsertDeleteAndHardDelete) {
  json info = run("upsert", "Ext__c,Name\nA,one\nB,two\n", {{"externalIdFieldName", "ext__c"}});
  EXPECT_EQ(info["numberRecordsFailed"], 0) << results("failedResults");
  EXPECT_EQ(info["externalIdFieldName"], "ext__c");
  const std::string a = query("SELECT Id FROM Account WHERE Ext__c = 'A'").body["records"][0]["Id"];
  const std::string b = query("SELECT Id FROM Account WHERE Ext__c = 'B'").body["records"][0]["Id"];

  info = run("upsert", "Ext__c,Name,Parent.Ext__c\nB,two more,A\n,none,\n", {{"externalIdFieldName", "Ext__c"}});
  EXPECT_EQ(results("successfulResults").find("\"" + b + "\",\"false\",\"B\""),
            std::string("\"sf__Id\",\"sf__Created\",Ext__c,Name,Parent.Ext__c\n").size());
  EXPECT_NE(results("failedResults").find("\"\",\"MISSING_ARGUMENT:Ext__c not specified:--\""), std::string::npos);
  EXPECT_EQ(query("SELECT ParentId FROM Account WHERE Ext__c = 'B'").body["records"][0]["ParentId"], a);

  info = run("update", "Id,Phone\n" + a + ",12\n,13\n0015000000000AAAAA,14\n", {{"externalIdFieldName", "Ext__c"}});
  EXPECT_EQ(info["numberRecordsFailed"], 2) << "the external id of an update is read over";
  EXPECT_NE(results("failedResults").find("MISSING_ARGUMENT:Id not specified in an update call:--"), std::string::npos);

  info = run("upsert", "Id,Phone,Name\n" + a + ",99,\n,,new\n", {{"externalIdFieldName", "Id"}});
  EXPECT_EQ(info["numberRecordsFailed"], 0) << results("failedResults");
  EXPECT_EQ(count(" WHERE Phone = '99'"), 1);
  EXPECT_EQ(count(" WHERE Name = 'new'"), 1) << "an upsert by Id without an Id inserts";

  run("delete", "Id\n" + b + "\n");
  EXPECT_EQ(get("sobjects/Account/" + b).error_code(), "ENTITY_IS_DELETED");
  run("hardDelete", "Id\n" + a + "\n");
  EXPECT_EQ(get("sobjects/Account/" + a).error_code(), "NOT_FOUND");
  EXPECT_EQ(run("delete", "Id,Name\n" + a + ",x\n")["errorMessage"],
            "InvalidBatch : Delete batch must contain only ids");
}

TEST_F(BulkIngestTest, EmptyCellsAreNotSpokenOfAndNaIsNull) {
  const std::string id = create("Account", {{"Name", "A"}, {"Phone", "1"}, {"Fax", "2"}, {"Website", "w"}});
  run("update", "Id,Phone,Fax\n" + id + ",,#N/A\n");
  const json record = get("sobjects/Account/" + id).body;
  EXPECT_EQ(record["Phone"], "1");
  EXPECT_TRUE(record["Fax"].is_null());
  EXPECT_EQ(record["Website"], "w");
}

TEST_F(BulkIngestTest, WhatFailsTheWholeJob) {
  const auto message = [&](const std::string& csv, const json& more = json::object()) {
    const json info = run("insert", csv, more);
    EXPECT_EQ(info["state"], "Failed");
    return info.value("errorMessage", "none");
  };
  EXPECT_EQ(message("Name,Foo__c\nx,y\n"), "InvalidBatch : Field name not found : Foo__c");
  EXPECT_EQ(results("unprocessedrecords"), "Name,Foo__c\nx,y\n");
  EXPECT_EQ(message("Name,Parent.Foo__c\nx,y\n"), "InvalidBatch : Field name not found : Parent.Foo__c");
  EXPECT_EQ(message("Name\r\nx\r\n"),
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF");
  EXPECT_EQ(message("Name\nx\n", {{"lineEnding", "CRLF"}}),
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is CRLF");
  EXPECT_EQ(message("Name;Phone\nx;1\n"), "InvalidBatch : Field name not found : Name;Phone");
  EXPECT_EQ(message("Name,Account:Parent.Ext__c\nx,1\n"),
            "InvalidBatch : type is not needed for non polymorphic foreign key Account:Parent.Ext__c");
  EXPECT_EQ(count(), 0);
  // What came before a broken row stays.
  std::string csv = "Name\n";
  for (int i = 0; i < 450; ++i) csv += "row\n";
  EXPECT_TRUE(message(csv + "\"open").starts_with("InvalidBatch : Failed to parse CSV: row 452"));
  EXPECT_EQ(count(), 450);
}

TEST_F(BulkIngestTest, DialectsAndAnEmptyUpload) {
  json info =
      run("insert", "\xEF\xBB\xBFName\tPhone\r\n\"a\tb\"\t1\r\n", {{"columnDelimiter", "TAB"}, {"lineEnding", "CRLF"}});
  EXPECT_EQ(info["numberRecordsFailed"], 0) << info.dump();
  EXPECT_TRUE(results("successfulResults").ends_with("\"\t\"true\"\t\"a\tb\"\t\"1\"\r\n"))
      << results("successfulResults");
  info = run("insert", "");
  EXPECT_EQ(info["state"], "JobComplete");
  EXPECT_EQ(info["numberRecordsProcessed"], 0);
}

TEST_F(BulkIngestTest, AMultipartRequestIsAWholeJob) {
  const std::string body =
      "--B\r\nContent-Disposition: form-data; name=\"job\"\r\nContent-Type: application/json\r\n\r\n"
      "{\"object\":\"Account\",\"operation\":\"insert\",\"contentType\":\"CSV\",\"lineEnding\":\"LF\"}\r\n"
      "--B\r\nContent-Disposition: form-data; name=\"content\"; filename=\"content\"\r\nContent-Type: text/csv\r\n\r\n"
      "Name\nfrom a part\n\r\n--B--\r\n";
  const Answer made = raw("POST", "/services/data/v62.0/jobs/ingest", body, {{"Authorization", "Bearer " + token_}},
                          "multipart/form-data; boundary=B");
  ASSERT_EQ(made.status, 200) << made.text;
  EXPECT_EQ(made.body["state"], "UploadComplete");
  EXPECT_EQ(finish("jobs/ingest/" + made.body["id"].get<std::string>())["state"], "JobComplete");
  EXPECT_EQ(count(" WHERE Name = 'from a part'"), 1);
}

TEST_F(BulkIngestTest, EachChunkOf200IsOneTransaction) {
  std::string csv = "Name\n";
  for (int i = 0; i < 401; ++i) csv += "row\n";
  run("insert", csv, {{"externalIdFieldName", "x"}});
  const json last = query("SELECT Id, Name FROM Account ORDER BY Id").body["records"];
  ASSERT_EQ(last.size(), 401u);
  const auto transaction = [&](int row) {
    return get("/orgsim/history/Account/" + last[static_cast<std::size_t>(row)]["Id"].get<std::string>())
        .body[0]["transactionKey"];
  };
  EXPECT_EQ(transaction(0), transaction(199));
  EXPECT_NE(transaction(199), transaction(200));
  EXPECT_NE(transaction(399), transaction(400));
}

TEST_F(BulkIngestTest, FaultsEndAJobMidwayAndFailRows) {
  std::string csv = "Name\n";
  for (int i = 0; i < 500; ++i) csv += "row" + std::to_string(i) + "\n";
  call("POST", "/orgsim/faults", {{"bulk", "rows"}, {"object", "Account"}, {"ordinal", 1}});
  call("POST", "/orgsim/faults",
       {{"bulk", "fail"},
        {"object", "Account"},
        {"ordinal", 3},
        {"code", "InternalServerError"},
        {"message", "bad luck"}});
  const json info = run("insert", csv);
  EXPECT_EQ(info["state"], "Failed");
  EXPECT_EQ(info["errorMessage"], "InternalServerError : bad luck");
  EXPECT_EQ(info["numberRecordsProcessed"], 400);
  EXPECT_EQ(info["numberRecordsFailed"], 200);
  EXPECT_EQ(count(), 200);
  EXPECT_NE(results("failedResults").find("UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--"),
            std::string::npos);
  const std::string left = results("unprocessedRecords");
  EXPECT_TRUE(left.starts_with("Name\nrow400\n")) << left.substr(0, 40);
  EXPECT_TRUE(left.ends_with("row499\n"));
}

TEST_F(BulkIngestTest, AJobCanBeAbortedAndItsStateIsKnownAtOnce) {
  call("POST", "/orgsim/settings", {{"bulk_queue_ms", 60'000}});
  const std::string waiting = open("insert");
  put(waiting, "Name\nx\n");
  EXPECT_EQ(get(waiting).body["state"], "Open") << "a client that died here finds the job as it left it";
  close(waiting);
  EXPECT_EQ(get(waiting).body["state"], "UploadComplete");
  EXPECT_EQ(get(waiting + "/successfulResults").error_code(), "INVALIDJOBSTATE");
  EXPECT_EQ(call("PATCH", waiting, {{"state", "Aborted"}}).body["state"], "Aborted");
  EXPECT_EQ(get(waiting + "/unprocessedrecords").text, "Name\nx\n");
  EXPECT_EQ(count(), 0);
}

TEST_F(BulkIngestTest, WhatIsRefusedAtCreation) {
  const auto code = [&](const json& body) { return call("POST", "jobs/ingest", body).error_code(); };
  EXPECT_EQ(code({{"operation", "insert"}, {"object", "Nope"}}), "INVALIDENTITY");
  EXPECT_EQ(code({{"operation", "merge"}, {"object", "Account"}}), "INVALIDOPERATION");
  EXPECT_EQ(code({{"operation", "upsert"}, {"object", "Account"}}), "INVALIDJOB");
  EXPECT_EQ(code({{"operation", "upsert"}, {"object", "Account"}, {"externalIdFieldName", "Phone"}}), "INVALIDJOB");
  EXPECT_EQ(code({{"operation", "insert"}, {"object", "Account"}, {"lineEnding", "CR"}}), "INVALIDJOB");
  EXPECT_EQ(code(json::array()), "JSON_PARSER_ERROR");
  const std::string job = open("insert");
  EXPECT_EQ(call("DELETE", job).error_code(), "INVALIDJOBSTATE");
  EXPECT_EQ(call("PATCH", job, {{"state", "Open"}}).error_code(), "INVALIDJOBSTATE");
  EXPECT_EQ(call("PATCH", job, json::object()).error_code(), "INVALIDJOBSTATE");
  put(job, "Name\nx\n");
  put(job, "Name\ny\n");
  EXPECT_TRUE(close(job).body[0]["message"].get<std::string>().starts_with("Found multiple contents for job: <750"));
}

TEST_F(BulkIngestTest, TheListHasEveryKindAndPages) {
  const std::string first = open("insert");
  raw("POST", "/services/async/62.0/job", R"({"operation":"insert","object":"Account","contentType":"CSV"})",
      {{"X-SFDC-Session", token_}}, "application/json");
  call("POST", "jobs/query", {{"operation", "query"}, {"query", "SELECT Id FROM Account"}});
  EXPECT_EQ(get("jobs/ingest").body["records"].size(), 2u);
  EXPECT_EQ(get("jobs/ingest?jobType=Classic").body["records"][0]["jobType"], "Classic");
  EXPECT_EQ(get("jobs/ingest?isPkChunkingEnabled=true").body["records"].size(), 0u);
  EXPECT_EQ(get("jobs/query").body["records"].size(), 1u);
  for (int i = 0; i < 999; ++i) call("POST", "jobs/ingest", {{"operation", "insert"}, {"object", "Account"}});
  const Answer page = get("jobs/ingest");
  EXPECT_EQ(page.body["records"].size(), 1000u);
  EXPECT_EQ(page.body["done"], false);
  const Answer rest = get(page.body["nextRecordsUrl"].get<std::string>());
  EXPECT_EQ(rest.body["records"].size(), 1u) << rest.text;
  EXPECT_EQ(rest.body["done"], true);
  EXPECT_EQ(get("jobs/ingest?queryLocator=zzz").error_code(), "INVALID_QUERY_LOCATOR");
  open("insert");
  EXPECT_EQ(get(first).status, 404) << "the oldest job goes when there are too many";
}

TEST_F(BulkIngestTest, AResetEndsEveryJob) {
  call("POST", "/orgsim/settings", {{"bulk_queue_ms", 60'000}});
  const std::string job = open("insert");
  put(job, "Name\nx\n");
  close(job);
  call("POST", "/orgsim/reset");
  EXPECT_EQ(get(job).status, 404);
  EXPECT_EQ(get("jobs/ingest").body["records"].size(), 0u);
}

}  // namespace
}  // namespace orgsim
