#include "orgsim/core/describe.h"
#include "orgsim/core/org_test_base.h"

namespace orgsim {
namespace {

using nlohmann::json;

class CurrenciesTest : public OrgTest {
 protected:
  void currencies(const char* text) {
    const auto made = org_.apply_currencies(json::parse(text));
    EXPECT_TRUE(made) << made.error().message;
  }
  void switch_on() {
    currencies(R"({"multiCurrency":true,"corporate":"USD","currencies":[{"isoCode":"EUR","conversionRate":0.5},
                   {"isoCode":"JPY","conversionRate":100,"decimalPlaces":0},
                   {"isoCode":"CHF","conversionRate":0.9,"active":false}]})");
  }
  double amount(const std::string& soql, const QueryOptions& options = {}) {
    auto cursor = org_.query(soql, options);
    EXPECT_TRUE(cursor) << (cursor ? "" : cursor.error().message);
    if (!cursor || !cursor->next()) return -1;
    const auto* value = std::get_if<double>(&cursor->cells()[0]);
    return value != nullptr ? *value : -1;
  }
};

TEST_F(CurrenciesTest, OffThereIsNoCurrency) {
  EXPECT_EQ(org_.schema().object("CurrencyType"), nullptr);
  EXPECT_EQ(org_.schema().object("Opportunity")->field("CurrencyIsoCode"), nullptr);
  EXPECT_EQ(org_.query("SELECT IsoCode FROM CurrencyType").error().code, "INVALID_TYPE");
  EXPECT_EQ(describe_global(org_.schema(), "62.0")["sobjects"].size(), 31U + 2U);  // with Thing__c and Part__c
}

TEST_F(CurrenciesTest, SwitchedOnRecordsNameTheirCurrency) {
  const std::string old = made("Account", R"({"Name":"Before"})");
  switch_on();
  EXPECT_EQ(field("Account", old, "CurrencyIsoCode"), Value{"USD"});
  EXPECT_EQ(field("Thing__c", made("Thing__c", "{}"), "CurrencyIsoCode"), Value{"USD"});
  EXPECT_EQ(field("Account", made("Account", R"({"Name":"A","CurrencyIsoCode":"EUR"})"), "CurrencyIsoCode"),
            Value{"EUR"});
  for (const char* wrong : {"CHF", "ZZZ"}) {
    EXPECT_EQ(error_of(insert("Account", R"({"Name":"A","CurrencyIsoCode":")" + std::string(wrong) + "\"}")),
              "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST: Currency ISO Code: bad value for restricted picklist field: " +
                  std::string(wrong));
  }
  auto rows = org_.query("SELECT IsoCode FROM CurrencyType WHERE IsActive = true ORDER BY IsoCode");
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(rows->total_size(), 3U);
  // An object that is made later has it too, a platform event has not.
  ASSERT_TRUE(org_.apply_objects(json::parse(R"([{"name":"Late__c"},{"name":"Late__e"}])")));
  EXPECT_NE(org_.schema().object("Late__c")->field("CurrencyIsoCode"), nullptr);
  EXPECT_EQ(org_.schema().object("Late__e")->field("CurrencyIsoCode"), nullptr);
}

TEST_F(CurrenciesTest, EventsCarryTheCurrency) {
  switch_on();
  const std::uint64_t before = org_.latest_replay_id();
  made("Account", R"({"Name":"A"})");
  const auto events = events_after(before);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(std::ranges::count(events[0].fields, "CurrencyIsoCode", &EventField::name), 1);
}

TEST_F(CurrenciesTest, AmountsAreConverted) {
  switch_on();
  made("Thing__c", R"({"Amount__c":10,"CurrencyIsoCode":"EUR"})");
  EXPECT_DOUBLE_EQ(amount("SELECT Amount__c FROM Thing__c"), 10);
  EXPECT_DOUBLE_EQ(amount("SELECT convertCurrency(Amount__c) FROM Thing__c"), 20);
  ASSERT_TRUE(org_.apply_users(json::parse(R"({"username":"j@orgsim.example","admin":true,"currency":"JPY"})")));
  const auto japanese = org_.find_by_field("User", "Username", Value{"j@orgsim.example"});
  ASSERT_EQ(japanese->size(), 1U);
  EXPECT_DOUBLE_EQ(amount("SELECT convertCurrency(Amount__c) FROM Thing__c", {.user_id = japanese->front()}), 2000);
  made("Thing__c", R"({"Amount__c":5,"CurrencyIsoCode":"USD"})");
  EXPECT_DOUBLE_EQ(amount("SELECT SUM(Amount__c) FROM Thing__c"), 25);
  const auto count = [&](const char* condition) {
    return org_.query(std::string("SELECT COUNT() FROM Thing__c WHERE ") + condition)->total_size();
  };
  EXPECT_EQ(count("Amount__c > 6"), 1U);
  EXPECT_EQ(count("Amount__c >= USD20"), 1U);
  EXPECT_EQ(count("Amount__c >= EUR2.5"), 2U);
  EXPECT_EQ(org_.query("SELECT Id FROM Thing__c WHERE Name > USD5").error().code, "MALFORMED_QUERY");
  EXPECT_EQ(org_.query("SELECT Id FROM Thing__c WHERE Amount__c > XYZ5").error().code, "MALFORMED_QUERY");
}

TEST_F(CurrenciesTest, ItCanBeSwitchedOffAgainAndRefusesNonsense) {
  switch_on();
  currencies(R"({"multiCurrency":false})");
  EXPECT_EQ(org_.schema().object("Account")->field("CurrencyIsoCode"), nullptr);
  made("Account", R"({"Name":"A"})");
  for (const char* wrong : {"[]", R"({"x":1})", R"({"corporate":"usd"})", R"({"currencies":[{"isoCode":"E"}]})",
                            R"({"currencies":[{"isoCode":"EUR","conversionRate":0}]})", R"({"currencies":[7]})"}) {
    EXPECT_FALSE(org_.apply_currencies(json::parse(wrong))) << wrong;
  }
}

}  // namespace
}  // namespace orgsim
