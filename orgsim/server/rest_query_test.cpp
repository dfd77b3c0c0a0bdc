#include <chrono>

#include "orgsim/core/time_text.h"
#include "orgsim/server/org_host.h"
#include "orgsim/server/org_server_test.h"

namespace orgsim {
namespace {

class QueryTest : public ServerTest {
 protected:
  void generate(int count) {
    const Answer made = call("POST", "/orgsim/records/Account", {{"generate", count}, {"seed", 3}});
    ASSERT_EQ(made.status, 200) << made.text;
    ASSERT_EQ(made.body["generated"], count);
  }
};

TEST_F(QueryTest, PagesOfTwoThousandAreASnapshot) {
  generate(4500);
  Answer page = query("SELECT Id, Name FROM Account ORDER BY Id");
  ASSERT_EQ(page.status, 200) << page.text;
  EXPECT_EQ(page.body["totalSize"], 4500);
  EXPECT_EQ(page.body["done"], false);
  EXPECT_EQ(page.body["records"].size(), 2000u);
  create("Account", {{"Name", "after the query"}});
  std::set<std::string> ids;
  while (true) {
    for (const json& record : page.body["records"]) ids.insert(record["Id"]);
    if (page.body["done"] == true) break;
    page = get(page.body["nextRecordsUrl"]);
    ASSERT_EQ(page.status, 200) << page.text;
  }
  EXPECT_EQ(ids.size(), 4500u);
  EXPECT_FALSE(page.body.contains("nextRecordsUrl"));
}

TEST_F(QueryTest, TheBatchSizeIsTheClientsWithinBounds) {
  generate(700);
  EXPECT_EQ(query("SELECT Id FROM Account", {{"Sforce-Query-Options", "batchSize=250"}}).body["records"].size(), 250u);
  EXPECT_EQ(query("SELECT Id FROM Account", {{"Sforce-Query-Options", "batchSize=1"}}).body["records"].size(), 200u);
  EXPECT_EQ(query("SELECT Id FROM Account", {{"Sforce-Query-Options", "batchSize=x"}}).body["records"].size(), 700u);
}

TEST_F(QueryTest, BadLocatorsAndTooManyCursors) {
  generate(300);
  for (const char* locator : {"query/nothing", "query/01g-5", "query/01g000000000001AAA-x", "query/-"}) {
    EXPECT_EQ(get(locator).error_code(), "INVALID_QUERY_LOCATOR") << locator;
  }
  const std::string first =
      query("SELECT Id FROM Account", {{"Sforce-Query-Options", "batchSize=200"}}).body["nextRecordsUrl"];
  EXPECT_EQ(get(first).status, 200);
  for (int i = 0; i < 10; ++i) query("SELECT Id FROM Account", {{"Sforce-Query-Options", "batchSize=200"}});
  EXPECT_EQ(get(first).error_code(), "INVALID_QUERY_LOCATOR");
}

TEST_F(QueryTest, AnAnswerCanBePrettyPrinted) {
  create("Account", {{"Name", "A"}, {"AnnualRevenue", 3}});
  const Answer answer =
      get("query?q=" + url_encode("SELECT Name, AnnualRevenue FROM Account"), {{"X-PrettyPrint", "1"}});
  EXPECT_TRUE(answer.text.starts_with("{\n  \"totalSize\": 1,\n  \"done\": true,")) << answer.text;
  EXPECT_NE(answer.text.find("\"AnnualRevenue\": 3.0\n"), std::string::npos) << answer.text;
  EXPECT_EQ(get("sobjects/Nope/describe", {{"X-PrettyPrint", "1"}}).text.substr(0, 4), "[\n  ");
}

TEST_F(QueryTest, CountsDeletedRowsAndErrors) {
  const std::string id = create("Account", {{"Name", "A"}});
  create("Account", {{"Name", "B"}});
  call("DELETE", "sobjects/Account/" + id);
  EXPECT_EQ(query("SELECT COUNT() FROM Account").body,
            (json{{"totalSize", 1}, {"done", true}, {"records", json::array()}}));
  EXPECT_EQ(get("queryAll?q=" + url_encode("SELECT Id FROM Account WHERE IsDeleted = true")).body["records"][0]["Id"],
            id);
  EXPECT_EQ(query("SELECT Nope FROM Account").error_code(), "INVALID_FIELD");
  EXPECT_EQ(query("SELECT Id FROM ScratchOrgInfo limit 1").error_code(), "INVALID_TYPE");
  EXPECT_EQ(query("SELECT FROM").error_code(), "MALFORMED_QUERY");
  EXPECT_EQ(get("query").error_code(), "MALFORMED_QUERY");
  EXPECT_EQ(call("POST", "query?q=x", json::object()).status, 405);
}

TEST_F(QueryTest, ParentsComeNested) {
  const std::string account = create("Account", {{"Name", "Parent"}});
  create("Contact", {{"LastName", "L"}, {"AccountId", account}});
  const json record = query("SELECT Id, Account.Name FROM Contact").body["records"][0];
  EXPECT_EQ(record["Account"]["Name"], "Parent");
  EXPECT_EQ(record["attributes"]["type"], "Contact");
}

TEST_F(QueryTest, SubqueriesHavePagesOfTheirOwn) {
  const std::string account = create("Account", {{"Name", "Parent"}});
  create("Account", {{"Name", "childless"}});
  json contacts = json::array();
  for (int i = 0; i < 450; ++i) contacts.push_back({{"LastName", "L" + std::to_string(i)}, {"AccountId", account}});
  ASSERT_EQ(call("POST", "/orgsim/records/Contact", {{"records", contacts}}).status, 200);
  const Answer whole = query("SELECT Name, (SELECT LastName FROM Contacts) FROM Account ORDER BY Name DESC",
                             {{"Sforce-Query-Options", "batchSize=200"}});
  ASSERT_EQ(whole.status, 200) << whole.text;
  EXPECT_TRUE(whole.body["done"].get<bool>());
  EXPECT_TRUE(whole.body["records"][1]["Contacts"].is_null());
  json page = whole.body["records"][0]["Contacts"];
  EXPECT_EQ(page["totalSize"], 450);
  std::set<std::string> names;
  int pages = 1;
  while (true) {
    for (const json& record : page["records"]) {
      EXPECT_EQ(record["attributes"]["type"], "Contact");
      names.insert(record["LastName"]);
    }
    if (page["done"].get<bool>()) break;
    page = get(page["nextRecordsUrl"].get<std::string>()).body;
    ++pages;
  }
  EXPECT_EQ(pages, 3);
  EXPECT_EQ(names.size(), 450u);
}

TEST_F(QueryTest, AggregatesAreNoRecords) {
  create("Account", {{"Name", "A"}, {"Rating", "Hot"}});
  create("Account", {{"Name", "B"}, {"Rating", "Hot"}});
  const json found = query("SELECT Rating, COUNT(Id) n FROM Account GROUP BY Rating").body;
  EXPECT_EQ(found["records"], json::parse(R"([{"attributes":{"type":"AggregateResult"},"Rating":"Hot","n":2}])"));
  EXPECT_EQ(found["totalSize"], 1);
  EXPECT_EQ(query("SELECT Id FROM Account ALL ROWS").error_code(), "MALFORMED_QUERY");
  EXPECT_EQ(
      call("POST", "jobs/query", {{"operation", "query"}, {"query", "SELECT COUNT(Id) FROM Account"}}).error_code(),
      "API_ERROR");
  EXPECT_EQ(
      call("POST", "jobs/query", {{"operation", "query"}, {"query", "SELECT (SELECT Id FROM Contacts) FROM Account"}})
          .error_code(),
      "API_ERROR");
  call("POST", "/orgsim/records/Account", {{"generate", 2500}, {"seed", 1}});
  EXPECT_EQ(query("SELECT Id, COUNT(Id) n FROM Account GROUP BY Id").error_code(), "EXCEEDED_ID_LIMIT");
}

TEST_F(QueryTest, ColumnsTellOfGroupsAndSubqueries) {
  const auto columns = [&](const std::string& soql) { return get("query?columns=true&q=" + url_encode(soql)).body; };
  const json grouped = columns("SELECT Rating, COUNT(Id) n, MAX(Name) FROM Account GROUP BY Rating");
  EXPECT_EQ(grouped["groupBy"], true);
  ASSERT_EQ(grouped["columnMetadata"].size(), 3u) << grouped;
  EXPECT_EQ(grouped["columnMetadata"][0]["aggregate"], false);
  EXPECT_EQ(grouped["columnMetadata"][1]["columnName"], "n");
  EXPECT_EQ(grouped["columnMetadata"][1]["displayName"], "count(Id)");
  EXPECT_TRUE(grouped["columnMetadata"][1]["apexType"].is_null());
  EXPECT_EQ(grouped["columnMetadata"][2]["columnName"], "expr0");
  const json nested = columns("SELECT Name, (SELECT Id, Account.Name FROM Contacts) FROM Account");
  EXPECT_EQ(nested["columnMetadata"][1]["aggregate"], true);
  EXPECT_EQ(nested["columnMetadata"][1]["columnName"], "Contacts");
  EXPECT_EQ(nested["columnMetadata"][1]["joinColumns"].size(), 2u) << nested;
}

TEST_F(QueryTest, LongQueriesFitIntoTheRequestLine) {
  std::string soql = "SELECT Id FROM Account WHERE Id IN (";
  for (int i = 0; i < 400; ++i) soql += "'001000000000009AAA',";
  soql.back() = ')';
  EXPECT_EQ(query(soql).status, 200);
}

TEST_F(QueryTest, UpdatedAndDeletedCoverTheWindow) {
  const std::string kept = create("Account", {{"Name", "A"}});
  const std::string gone = create("Account", {{"Name", "B"}});
  call("DELETE", "sobjects/Account/" + gone);
  const std::string window = "?start=" + url_encode(rest_datetime(wall_clock_ms() - 600'000)) +
                             "&end=" + url_encode(rest_datetime(wall_clock_ms() + 120'000));
  const Answer updated = get("sobjects/Account/updated/" + window);
  ASSERT_EQ(updated.status, 200) << updated.text;
  EXPECT_EQ(updated.body["ids"], json::array({kept}));
  EXPECT_TRUE(updated.body["latestDateCovered"].is_string());
  const Answer deleted = get("sobjects/Account/deleted/" + window);
  ASSERT_EQ(deleted.status, 200) << deleted.text;
  EXPECT_EQ(deleted.body["deletedRecords"][0]["id"], gone);
  EXPECT_EQ(get("sobjects/Account/deleted/?start=x&end=y").status, 400);
}

TEST_F(QueryTest, CallsAreCountedAndRefusedPastTheLimit) {
  const Answer first = get("limits");
  EXPECT_EQ(first.header("Sforce-Limit-Info"), "api-usage=1/100000");
  const Answer second = get("limits");
  EXPECT_EQ(second.header("sforce-limit-info"), "api-usage=2/100000");
  EXPECT_EQ(second.body["DailyApiRequests"]["Remaining"], 99998);
  call("POST", "/orgsim/settings", {{"daily_api_limit", 3}});
  EXPECT_EQ(get("limits").status, 200);
  const Answer refused = get("limits");
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.body[0]["message"], "TotalRequests Limit exceeded.");
  EXPECT_EQ(get("/services/data").status, 200);
}

TEST_F(QueryTest, VersionsAreListedWithTheirSeasons) {
  const json versions = get("/services/data").body;
  EXPECT_EQ(versions.back(), (json{{"label", "Summer '26"}, {"url", "/services/data/v67.0"}, {"version", "67.0"}}));
  const auto v62 =
      std::find_if(versions.begin(), versions.end(), [](const json& one) { return one["version"] == "62.0"; });
  EXPECT_EQ((*v62)["label"], "Winter '25");
  EXPECT_EQ(get("/services/data/v62.0").body["sobjects"], "/services/data/v62.0/sobjects");
}

}  // namespace
}  // namespace orgsim
