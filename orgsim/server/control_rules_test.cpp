#include <future>
#include <thread>

#include "orgsim/server/org_server_test.h"

namespace orgsim {
namespace {

class RulesTest : public ServerTest {
 protected:
  Answer rule(const std::string& text) { return call("POST", "/orgsim/rules", json::parse(text)); }
};

TEST_F(RulesTest, RulesAreAddedListedAndRemoved) {
  const Answer added = rule(R"([{"type":"before","object":"Account","set":{"Rating":"Hot"}},
                               {"type":"validation","object":"Account","when":{"Name":"x"},"message":"no"}])");
  EXPECT_EQ(added.body["ids"].size(), 2u) << added.text;
  EXPECT_EQ(call("POST", "sobjects/Account", {{"Name", "x"}}).error_code(), "FIELD_CUSTOM_VALIDATION_EXCEPTION");
  const std::string id = create("Account", {{"Name", "y"}});
  EXPECT_EQ(get("sobjects/Account/" + id).body["Rating"], "Hot");
  EXPECT_EQ(get("/orgsim/rules").body[0]["fired"], 2);
  EXPECT_EQ(call("DELETE", "/orgsim/rules/" + added.body["ids"][1].dump()).status, 200);
  EXPECT_EQ(get("/orgsim/rules").body.size(), 1u);
  EXPECT_EQ(call("DELETE", "/orgsim/rules").status, 200);
  EXPECT_EQ(get("/orgsim/rules").body.size(), 0u);
  EXPECT_EQ(rule(R"([{"type":"before","object":"Account"},{"type":"nope","object":"Account"}])").status, 400);
  EXPECT_EQ(get("/orgsim/rules").body.size(), 0u) << "a list with a wrong rule adds none";
}

TEST_F(RulesTest, ADuplicateIsToldAndTheHeaderSavesIt) {
  rule(R"({"type":"duplicate","object":"Contact","match":["Email"]})");
  const json contact = {{"LastName", "L"}, {"Email", "a@b.cd"}};
  const std::string id = create("Contact", contact);
  const Answer refused = call("POST", "sobjects/Contact", contact);
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.error_code(), "DUPLICATES_DETECTED");
  EXPECT_EQ(refused.body[0]["duplicateResult"]["matchResults"][0]["matchRecords"][0]["record"]["Id"], id);
  const Answer in_list =
      call("POST", "composite/sobjects",
           {{"records", {{{"attributes", {{"type", "Contact"}}}, {"LastName", "L"}, {"Email", "a@b.cd"}}}}});
  EXPECT_EQ(in_list.body[0]["errors"][0]["statusCode"], "DUPLICATES_DETECTED");
  EXPECT_EQ(call("POST", "sobjects/Contact", contact, {{"Sforce-Duplicate-Rule-Header", "allowSave=true"}}).status,
            201);
}

TEST_F(RulesTest, ServiceTimeHoldsTheLocks) {
  const std::string account = create("Account", {{"Name", "A"}});
  rule(R"({"type":"after","object":"Contact","on":["insert"],"service_ms":300})");
  auto slow = std::async(std::launch::async, [&] {
    return call("POST", "sobjects/Contact", {{"LastName", "L"}, {"AccountId", account}}).status;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  call("POST", "/orgsim/settings", {{"lock_wait_ms", 10}});
  EXPECT_EQ(call("PATCH", "sobjects/Account/" + account, {{"Phone", "1"}}).error_code(), "UNABLE_TO_LOCK_ROW");
  call("POST", "/orgsim/settings", {{"lock_wait_ms", 10000}});
  EXPECT_EQ(call("PATCH", "sobjects/Account/" + account, {{"Phone", "1"}}).status, 204);
  EXPECT_EQ(slow.get(), 201);
}

TEST_F(RulesTest, ALockInsideATriggerIsWaitedForToo) {
  const std::string account = create("Account", {{"Name", "A"}});
  rule(R"({"type":"after","object":"Lead","update":{"object":"Account","id":")" + account +
       R"(","set":{"Site":"x"}}})");
  rule(R"({"type":"after","object":"Account","when":{"Phone":{"changed":true}},"service_ms":200})");
  auto slow = std::async(std::launch::async,
                         [&] { return call("PATCH", "sobjects/Account/" + account, {{"Phone", "1"}}).status; });
  std::this_thread::sleep_for(std::chrono::milliseconds(80));
  EXPECT_EQ(call("POST", "sobjects/Lead", {{"LastName", "L"}, {"Company", "C"}}).status, 201);
  EXPECT_EQ(slow.get(), 204);
  EXPECT_EQ(get("sobjects/Account/" + account).body["Site"], "x");
}

}  // namespace
}  // namespace orgsim
