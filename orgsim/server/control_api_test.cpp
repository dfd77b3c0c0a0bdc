#include <chrono>
#include <thread>

#include "orgsim/server/org_server_test.h"

namespace orgsim {
namespace {

class ControlTest : public ServerTest {
 protected:
  std::vector<json> oracle(const std::string& object) {
    std::vector<json> out;
    std::istringstream lines(get("/orgsim/records/" + object).text);
    for (std::string line; std::getline(lines, line);) out.push_back(json::parse(line));
    return out;
  }
};

TEST_F(ControlTest, APersonsEditsAreTheOtherUsers) {
  const Answer made = call("POST", "/orgsim/records/Account", {{"records", {{{"Name", "A"}}}}});
  ASSERT_EQ(made.status, 200) << made.text;
  const std::string id = made.body["results"][0]["id"];
  const Answer edited = call("POST", "/orgsim/records/Account", {{"records", {{{"Id", id}, {"Phone", "1"}}}}});
  ASSERT_EQ(edited.status, 200) << edited.text;
  EXPECT_GT(edited.body["commitNumber"], made.body["commitNumber"]);
  const json history = get("/orgsim/history/Account/" + id).body;
  ASSERT_EQ(history.size(), 2u);
  EXPECT_EQ(history[1]["user"], status()["other_user_id"]) << history;
  EXPECT_EQ(history[1]["transactionKey"], edited.body["transactionKey"]);
  EXPECT_EQ(call("POST", "/orgsim/records/Account", {{"delete", {id}}}).status, 200);
  EXPECT_EQ(get("sobjects/Account/" + id).error_code(), "ENTITY_IS_DELETED");
  EXPECT_EQ(call("POST", "/orgsim/records/Account", {{"undelete", {id}}}).status, 200);
  EXPECT_EQ(get("sobjects/Account/" + id).status, 200);
}

TEST_F(ControlTest, TheOracleReadsDeletedRecordsToo) {
  create("Account", {{"Name", "A"}});
  const std::string id = create("Account", {{"Name", "B"}});
  call("DELETE", "sobjects/Account/" + id);
  const std::vector<json> records = oracle("Account");
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0]["Name"], "A");
  EXPECT_EQ(records[1]["IsDeleted"], true);
  EXPECT_FALSE(records[0].contains("attributes"));
  EXPECT_EQ(get("/orgsim/records/Nothing").status, 404);
}

TEST_F(ControlTest, GeneratedRecordsStreamOut) {
  ASSERT_EQ(call("POST", "/orgsim/records/Contact", {{"generate", 3000}, {"seed", 9}}).status, 200);
  EXPECT_EQ(oracle("Contact").size(), 3000u);
  EXPECT_EQ(status()["records"]["Contact"], 3000);
}

TEST_F(ControlTest, ResetLeavesAnEmptyOrgAndTheSession) {
  create("Account", {{"Name", "A"}});
  call("POST", "/orgsim/settings", {{"daily_api_limit", 5}});
  EXPECT_EQ(call("POST", "/orgsim/reset").status, 200);
  EXPECT_TRUE(oracle("Account").empty());
  EXPECT_EQ(get("limits").header("Sforce-Limit-Info"), "api-usage=1/100000");
}

TEST_F(ControlTest, AStatusFaultAnswersInsteadOfTheOrg) {
  call("POST", "/orgsim/faults",
       {{"method", "POST"},
        {"object", "Account"},
        {"count", 1},
        {"action", "status"},
        {"status", 503},
        {"body", "busy"}});
  const Answer refused = call("POST", "sobjects/Account", {{"Name", "A"}});
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.text, "busy");
  EXPECT_EQ(call("POST", "sobjects/Account", {{"Name", "A"}}).status, 201);
  EXPECT_EQ(oracle("Account").size(), 1u);
  EXPECT_EQ(get("/orgsim/faults").body["faults"][0]["fired"], 1);
}

TEST_F(ControlTest, ARowFaultRefusesOneRowOfMany) {
  ASSERT_EQ(call("POST", "/orgsim/faults",
                 json::parse(R"([{"row":"fail","object":"Account","path_prefix":"/collections","ordinal":2},
                   {"row":"fail","method":"UPDATE","code":"FIELD_CUSTOM_VALIDATION_EXCEPTION","message":"No","fields":["Name"],"count":1}])"))
                .status,
            200);
  json records = json::array();
  for (const char* name : {"a", "b", "c"}) records.push_back({{"attributes", {{"type", "Account"}}}, {"Name", name}});
  const json saved = call("POST", "composite/sobjects", {{"records", records}}).body;
  EXPECT_EQ(saved[0]["success"], true);
  EXPECT_EQ(saved[1]["errors"][0]["statusCode"], "UNABLE_TO_LOCK_ROW");
  EXPECT_EQ(saved[2]["success"], true);
  const std::string row = "sobjects/Account/" + saved[0]["id"].get<std::string>();
  const Answer refused = call("PATCH", row, {{"Name", "x"}});
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.body[0],
            json::parse(R"({"message":"No","errorCode":"FIELD_CUSTOM_VALIDATION_EXCEPTION","fields":["Name"]})"));
  EXPECT_EQ(call("PATCH", row, {{"Name", "x"}}).status, 204);
  const json listed = get("/orgsim/faults").body["row_faults"];
  ASSERT_EQ(listed.size(), 2u);
  EXPECT_EQ(listed[0]["seen"], 3);
  EXPECT_EQ(listed[0]["fired"], 1);
  // A person's edit goes through, and without faults everything does.
  call("POST", "/orgsim/faults", json::parse(R"({"row":"fail"})"));
  EXPECT_EQ(call("POST", "/orgsim/records/Account", json::parse(R"({"records":[{"Name":"p"}]})")).status, 200);
  EXPECT_EQ(call("POST", "sobjects/Account", {{"Name", "y"}}).error_code(), "UNABLE_TO_LOCK_ROW");
  call("DELETE", "/orgsim/faults");
  EXPECT_EQ(call("POST", "sobjects/Account", {{"Name", "y"}}).status, 201);
  EXPECT_EQ(call("POST", "/orgsim/faults", json::parse(R"({"row":"x"})")).status, 400);
  EXPECT_EQ(call("POST", "/orgsim/faults", json::parse(R"({"row":"fail","fields":"Name"})")).status, 400);
}

TEST_F(ControlTest, DropsCloseWithoutAnAnswerBeforeOrAfterTheCommit) {
  call("POST", "/orgsim/faults", {{"method", "POST"}, {"count", 1}, {"action", "drop_before"}});
  EXPECT_EQ(call("POST", "sobjects/Account", {{"Name", "A"}}).status, 0);
  EXPECT_TRUE(oracle("Account").empty());
  call("POST", "/orgsim/faults", {{"method", "POST"}, {"count", 1}, {"action", "commit_then_drop"}});
  EXPECT_EQ(call("POST", "sobjects/Account", {{"Name", "B"}}).status, 0);
  ASSERT_EQ(oracle("Account").size(), 1u);
  call("POST", "/orgsim/faults", {{"path_prefix", "/services/data/v62.0/limits"}, {"count", 1}, {"action", "reset"}});
  EXPECT_EQ(get("limits").status, 0);
  EXPECT_EQ(get("limits").status, 200);
}

TEST_F(ControlTest, ADelayHoldsOneRequestOnly) {
  call("POST", "/orgsim/faults", {{"method", "POST"}, {"object", "Account"}, {"action", "delay"}, {"delay_ms", 300}});
  const auto start = std::chrono::steady_clock::now();
  std::thread slow([this] { EXPECT_EQ(call("POST", "sobjects/Account", {{"Name", "A"}}).status, 201); });
  EXPECT_EQ(get("limits").status, 200);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(300));
  slow.join();
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(300));
  EXPECT_EQ(call("DELETE", "/orgsim/faults").status, 200);
  EXPECT_TRUE(get("/orgsim/faults").body["faults"].empty());
}

TEST_F(ControlTest, TheUpsertRaceGivesDuplicateValue) {
  call(
      "POST", "/orgsim/objects",
      {{"name", "Account"},
       {"fields", {{{"name", "Ext__c"}, {"type", "string"}, {"length", 36}, {"externalId", true}, {"unique", true}}}}});
  call("POST", "/orgsim/settings", {{"upsert_window_ms", 150}});
  std::vector<Answer> answers(2);
  std::vector<std::thread> threads;
  for (Answer& answer : answers) {
    threads.emplace_back([&] { answer = call("PATCH", "sobjects/Account/Ext__c/k", {{"Name", "A"}}); });
  }
  for (std::thread& thread : threads) thread.join();
  std::sort(answers.begin(), answers.end(), [](const Answer& a, const Answer& b) { return a.status < b.status; });
  EXPECT_EQ(answers[0].status, 201) << answers[0].text;
  EXPECT_EQ(answers[1].status, 400);
  EXPECT_EQ(answers[1].error_code(), "DUPLICATE_VALUE");
  EXPECT_EQ(oracle("Account").size(), 1u);
}

TEST_F(ControlTest, AWriterWaitsForTheLockAndTimesOut) {
  const std::string id = create("Account", {{"Name", "A"}});
  const auto edit_both = [&](std::int64_t lock_wait_ms) {
    call("POST", "/orgsim/settings", {{"commit_delay_ms", 200}, {"lock_wait_ms", lock_wait_ms}});
    std::vector<Answer> answers(2);
    std::vector<std::thread> threads;
    for (Answer& answer : answers) {
      threads.emplace_back([&, phone = std::to_string(&answer - answers.data())] {
        answer = call("PATCH", "sobjects/Account/" + id, {{"Phone", phone}});
      });
    }
    for (std::thread& thread : threads) thread.join();
    return std::max(answers[0].status, answers[1].status);
  };
  EXPECT_EQ(edit_both(5000), 204);
  EXPECT_EQ(edit_both(20), 400);
}

TEST_F(ControlTest, WrongControlCallsAreRefusedPlainly) {
  EXPECT_EQ(call("POST", "/orgsim/settings", {{"nonsense", 1}}).status, 400);
  EXPECT_EQ(call("POST", "/orgsim/settings", {{"session_timeout_ms", "x"}}).status, 400);
  EXPECT_EQ(call("POST", "/orgsim/faults", {{"action", "explode"}}).status, 400);
  EXPECT_EQ(call("POST", "/orgsim/faults", {{"event", "explode"}}).status, 400);
  EXPECT_EQ(call("POST", "/orgsim/records/Account", json::array()).status, 400);
  EXPECT_EQ(call("POST", "/orgsim/records/Account", {{"records", 7}}).status, 400);
  EXPECT_EQ(call("POST", "/orgsim/records/Account", {{"generate", "many"}}).status, 400);
  EXPECT_EQ(call("POST", "/orgsim/records/Account", {{"user", 7}, {"records", json::array()}}).status, 400);
  EXPECT_EQ(get("/orgsim/nothing").status, 404);
  EXPECT_EQ(call("DELETE", "/orgsim/status").status, 405);
  EXPECT_EQ(raw("POST", "/orgsim/objects", "{", {}, "application/json").status, 400);
}

TEST_F(ControlTest, ABodyOfTooManyValuesIsNoJson) {
  std::string body = "{\"Name\":[0";
  for (std::size_t i = 0; i < 2'000'000; ++i) body += ",0";
  const Answer answer = raw("POST", "/services/data/v62.0/sobjects/Account", body + "]}",
                            {{"Authorization", "Bearer " + token_}}, "application/json");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.error_code(), "JSON_PARSER_ERROR");
}

TEST_F(ControlTest, HostileBodiesNeverHarm) {
  const std::string deep(100'000, '[');
  const std::string odd = "{\"Name\":\"\xff\xfe\\u0000\",\"x\":1e999}";
  for (const std::string& body : {std::string(), deep, std::string("null"), std::string("{\"Name\":{\"a\":{}}}"), odd,
                                  std::string("{\"Name\":[1,2]}"), std::string(300'000, '"')}) {
    for (const char* path : {"sobjects/Account", "composite/sobjects", "jobs/query", "sobjects/Account/Id/x"}) {
      const Answer answer = raw("POST", std::string("/services/data/v62.0/") + path, body,
                                {{"Authorization", "Bearer " + token_}}, "application/json");
      EXPECT_GE(answer.status, 400) << path;
      EXPECT_LT(answer.status, 500) << path;
    }
    raw("POST", "/orgsim/faults", body, {}, "application/json");
    raw("POST", "/orgsim/objects", body, {}, "application/json");
    raw("POST", "/services/oauth2/token", body, {}, "application/x-www-form-urlencoded");
  }
  EXPECT_EQ(get("limits").status, 200);
}

}  // namespace
}  // namespace orgsim
