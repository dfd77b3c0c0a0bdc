#include "orgsim/core/soql_shown.h"

#include "orgsim/core/org_test_base.h"

namespace orgsim {
namespace {

using nlohmann::json;

class SoqlShownTest : public OrgTest {
 protected:
  json rows(const std::string& soql) {
    auto cursor = org_.query(soql);
    EXPECT_TRUE(cursor) << soql << (cursor ? "" : cursor.error().message);
    json out = json::array();
    while (cursor && cursor->next()) {
      json row = cursor->record_json("62.0");
      row.erase("attributes");
      out.push_back(std::move(row));
    }
    return out;
  }
  std::string error(const std::string& soql) {
    const auto cursor = org_.query(soql);
    return cursor ? "none" : cursor.error().code;
  }
};

TEST_F(SoqlShownTest, FormatShowsWhatAPageShows) {
  made("Opportunity", R"({"Name":"O","StageName":"Prospecting","CloseDate":"2026-02-03","Amount":-1234567.5})");
  EXPECT_EQ(rows("SELECT Amount, FORMAT(Amount) Shown, FORMAT(CloseDate) Day, FORMAT(Name) FROM Opportunity"),
            json::parse(R"([{"Amount":-1234567.5,"Shown":"-$1,234,567.50","Day":"2/3/2026","Name":"O"}])"));
  made("Account", R"({"Name":"A","NumberOfEmployees":12345})");
  EXPECT_EQ(rows("SELECT FORMAT(NumberOfEmployees) n, FORMAT(Fax) f, toLabel(Industry) i FROM Account"),
            json::parse(R"([{"n":"12,345","f":null,"i":null}])"));
  EXPECT_EQ(rows("SELECT FORMAT(CreatedDate) made FROM Account")[0]["made"], "1/1/2026, 12:00 AM");
  EXPECT_EQ(error("SELECT Id FROM Account WHERE FORMAT(Fax) = '1'"), "MALFORMED_QUERY");
  EXPECT_EQ(error("SELECT Id FROM Account ORDER BY FORMAT(Fax)"), "MALFORMED_QUERY");
  EXPECT_EQ(error("SELECT Name n FROM Account"), "MALFORMED_QUERY");
  EXPECT_EQ(error("SELECT FORMAT(Fax) x, FORMAT(Phone) x FROM Account"), "INVALID_FIELD");
  EXPECT_EQ(error("SELECT FORMAT(SUM(Amount)) FROM Opportunity"), "MALFORMED_QUERY");
  ASSERT_TRUE(org_.apply_currencies(
      json::parse(R"({"multiCurrency":true,"currencies":[{"isoCode":"EUR","conversionRate":0.5}]})")));
  made("Thing__c", R"({"Amount__c":10,"CurrencyIsoCode":"EUR"})");
  EXPECT_EQ(rows("SELECT FORMAT(Amount__c) a, FORMAT(convertCurrency(Amount__c)) b FROM Thing__c"),
            json::parse(R"([{"a":"EUR 10.00","b":"$20.00"}])"));
}

TEST_F(SoqlShownTest, DistanceChoosesAndSorts) {
  ASSERT_TRUE(org_.apply_objects(json::parse(R"({"name":"Place__c","fields":[{"name":"At__c","type":"location"}]})")));
  made("Place__c", R"({"Name":"Berlin","At__Latitude__s":52.52,"At__Longitude__s":13.405})");
  made("Place__c", R"({"Name":"Paris","At__Latitude__s":48.8566,"At__Longitude__s":2.3522})");
  made("Place__c", R"({"Name":"Nowhere"})");
  const std::string to_paris = "DISTANCE(At__c, GEOLOCATION(48.8566, 2.3522), 'km')";
  EXPECT_EQ(rows("SELECT Name FROM Place__c WHERE " + to_paris + " < 100"), json::parse(R"([{"Name":"Paris"}])"));
  EXPECT_EQ(rows("SELECT Name FROM Place__c WHERE " + to_paris + " > 870"), json::parse(R"([{"Name":"Berlin"}])"));
  EXPECT_EQ(rows("SELECT Name FROM Place__c WHERE " + to_paris + " > 880").size(), 0U);
  EXPECT_EQ(rows("SELECT Name FROM Place__c ORDER BY " + to_paris + " DESC NULLS LAST LIMIT 1"),
            json::parse(R"([{"Name":"Berlin"}])"));
  EXPECT_NEAR(great_circle(52.52, 13.405, {48.8566, 2.3522, true}), 545.3, 1);
  EXPECT_EQ(error("SELECT Name FROM Place__c WHERE " + to_paris + " = 1"), "MALFORMED_QUERY");
  EXPECT_EQ(error("SELECT " + to_paris + " FROM Place__c"), "MALFORMED_QUERY");
  EXPECT_EQ(error("SELECT Id FROM Place__c WHERE DISTANCE(Name, GEOLOCATION(1,2), 'km') < 1"), "MALFORMED_QUERY");
  EXPECT_EQ(error("SELECT Id FROM Place__c WHERE DISTANCE(At__c, GEOLOCATION(91,2), 'km') < 1"), "MALFORMED_QUERY");
  EXPECT_EQ(error("SELECT Id FROM Place__c WHERE DISTANCE(At__c, GEOLOCATION(1,2), 'nm') < 1"), "MALFORMED_QUERY");
}

TEST_F(SoqlShownTest, RollupAndCubeAddSubtotals) {
  for (const char* row :
       {R"({"Name":"1","Industry":"Energy","Rating":"Hot"})", R"({"Name":"2","Industry":"Energy","Rating":"Cold"})",
        R"({"Name":"3","Industry":"Media","Rating":"Hot"})"}) {
    made("Account", row);
  }
  EXPECT_EQ(rows("SELECT Industry, Rating, COUNT(Id) n, GROUPING(Industry) gi, GROUPING(Rating) gr FROM Account "
                 "GROUP BY ROLLUP(Industry, Rating) ORDER BY Industry NULLS LAST, Rating NULLS LAST"),
            json::parse(R"([
    {"Industry":"Energy","Rating":"Cold","n":1,"gi":0,"gr":0},{"Industry":"Energy","Rating":"Hot","n":1,"gi":0,"gr":0},
    {"Industry":"Energy","Rating":null,"n":2,"gi":0,"gr":1},{"Industry":"Media","Rating":"Hot","n":1,"gi":0,"gr":0},
    {"Industry":"Media","Rating":null,"n":1,"gi":0,"gr":1},{"Industry":null,"Rating":null,"n":3,"gi":1,"gr":1}])"));
  EXPECT_EQ(rows("SELECT Industry, Rating, COUNT(Id) FROM Account GROUP BY CUBE(Industry, Rating)").size(),
            3U + 2U + 2U + 1U);
  EXPECT_EQ(rows("SELECT Industry, COUNT(Id) FROM Account WHERE Name = 'x' GROUP BY ROLLUP(Industry)").size(), 0U);
  EXPECT_EQ(error("SELECT Industry, GROUPING(Industry) FROM Account GROUP BY Industry"), "MALFORMED_QUERY");
  EXPECT_EQ(error("SELECT COUNT(Id) FROM Account GROUP BY ROLLUP(Industry, Rating, Type, Site)"), "MALFORMED_QUERY");
  EXPECT_EQ(error("SELECT COUNT(Id) FROM Account GROUP BY ROLLUP(Industry"), "MALFORMED_QUERY");
}

TEST_F(SoqlShownTest, AChangeOfTypeThatLosesSomethingIsOneEventForAll) {
  ASSERT_TRUE(org_.apply_objects(json::parse(R"({"name":"Account","fields":[{"name":"T__c","length":20}]})")));
  const std::string id = made("Account", R"({"Name":"A","T__c":"123456789\u00e4"})");
  const auto before = org_.latest_replay_id();
  ASSERT_TRUE(org_.apply_objects(json::parse(R"({"name":"Account","fields":[{"name":"T__c","length":30}]})")));
  EXPECT_TRUE(events_after(before).empty());
  ASSERT_TRUE(org_.apply_objects(json::parse(R"({"name":"Account","fields":[{"name":"T__c","length":9}]})")));
  const auto events = events_after(before, "/data/AccountChangeEvent");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].type, ChangeType::gap_update);
  EXPECT_EQ(events[0].record_ids, std::vector<std::string>{"001*"});
  EXPECT_EQ(field("Account", id, "T__c"), Value{"123456789"});
  EXPECT_EQ(org_.history("Account", id)->size(), 2U);
}

TEST_F(SoqlShownTest, StorageRunsOut) {
  ASSERT_TRUE(apply_settings(org_.settings(), json::parse(R"({"data_storage_mb":1})")));
  ASSERT_TRUE(org_.generate("Account", {.count = 511}));
  EXPECT_EQ(error_of(insert("Account", R"({"Name":"A"})")), "STORAGE_LIMIT_EXCEEDED: storage limit exceeded");
  ASSERT_TRUE(apply_settings(org_.settings(), json::parse(R"({"data_storage_mb":2})")));
  EXPECT_TRUE(insert("Account", R"({"Name":"A"})").success);
  EXPECT_EQ(org_.data_storage_mb(), 1);
}

}  // namespace
}  // namespace orgsim
