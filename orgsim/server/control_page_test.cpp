#include "orgsim/server/call_log.h"
#include "orgsim/server/org_server_test.h"

namespace orgsim {
namespace {

class PageTest : public ServerTest {};

TEST_F(PageTest, ThePageBringsAllThatItNeeds) {
  for (const char* path : {"/orgsim", "/orgsim/"}) {
    const Answer page = get(path);
    EXPECT_EQ(page.status, 200);
    EXPECT_TRUE(page.header("Content-Type").starts_with("text/html"));
    EXPECT_NE(page.header("Content-Security-Policy").find("default-src 'none'"), std::string::npos);
    EXPECT_NE(page.text.find("<!doctype html>"), std::string::npos);
    for (const char* never :
         {"http://", "https://", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"}) {
      EXPECT_EQ(page.text.find(never), std::string::npos) << never;
    }
  }
  EXPECT_EQ(call("POST", "/orgsim/").status, 405);
}

TEST_F(PageTest, TheStreamIsReadOnFromItsPosition) {
  call("POST", "/orgsim/objects", json::parse(R"({"name":"Sample__e","fields":[{"name":"Message__c","length":80}]})"));
  call("POST", "/orgsim/objects", {{"name", "Account"}, {"cdc", true}});
  for (int i = 0; i < 5; ++i) create("Account", {{"Name", "A" + std::to_string(i)}});
  json page = get("/orgsim/events?limit=2").body;
  ASSERT_EQ(page["events"].size(), 2u) << "the newest ones";
  EXPECT_EQ(page["events"][1]["data"]["payload"]["Name"], "A4");
  const std::string position = page["position"].dump();
  call("POST", "sobjects/Sample__e", {{"Message__c", "<script>"}});
  page = get("/orgsim/events?after=" + position).body;
  ASSERT_EQ(page["events"].size(), 1u);
  EXPECT_EQ(page["events"][0]["entity"], "Sample__e");
  EXPECT_EQ(page["events"][0]["data"]["payload"]["Message__c"], "<script>");
  page = get("/orgsim/events?after=" + page["position"].dump()).body;
  EXPECT_EQ(page["events"].size(), 0u);
}

TEST_F(PageTest, CallsAreLoggedWithoutTheirSecrets) {
  get("sobjects/Account/nothing?access=secret");
  call("POST", "/orgsim/faults", {{"path_prefix", "/services/data/v62.0/limits"}, {"action", "drop_before"}});
  EXPECT_EQ(get("limits").status, 0);
  const json page = get("/orgsim/calls").body;
  ASSERT_EQ(page["calls"].size(), 2u) << "calls of /orgsim/ are not among them";
  EXPECT_EQ(page["calls"][0]["path"], "/services/data/v62.0/sobjects/Account/nothing");
  EXPECT_EQ(page["calls"][0]["status"], 404);
  EXPECT_EQ(page["calls"][1]["status"], 0);
  EXPECT_EQ(get("/orgsim/calls?after=" + page["last"].dump()).body["calls"].size(), 0u);
}

TEST_F(PageTest, RecordsCanBeLimited) {
  call("POST", "/orgsim/records/Account", {{"generate", 30}});
  const std::string text = get("/orgsim/records/Account?limit=7").text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 7);
}

TEST(CallLog, IsBounded) {
  CallLog log;
  for (int i = 0; i < 2000; ++i) log.add("GET", std::string(10'000, 'x'), 200, 1, i);
  const nlohmann::json page = log.after(0);
  EXPECT_EQ(page["calls"].size(), CallLog::kCallsMax);
  EXPECT_EQ(page["calls"][0]["path"].get<std::string>().size(), CallLog::kPathMax);
  EXPECT_EQ(page["last"], 2000);
}

}  // namespace
}  // namespace orgsim
