#include "orgsim/core/org.h"

#include "orgsim/core/ids.h"
#include "orgsim/core/org_test_base.h"

namespace orgsim {
namespace {

using nlohmann::json;

class OrgReadTest : public OrgTest {};

TEST_F(OrgReadTest, StartsWithItsUsersAndOrganization) {
  EXPECT_TRUE(org_.organization_id().starts_with("00D"));
  EXPECT_EQ(canonical_id(org_.organization_id()), org_.organization_id());
  EXPECT_NE(org_.integration_user_id(), org_.other_user_id());
  for (const std::string& id : {org_.integration_user_id(), org_.other_user_id()}) {
    const auto user = org_.find("User", id);
    ASSERT_TRUE(user);
    EXPECT_EQ(user->get("IsActive"), Value(true));
    EXPECT_FALSE(is_null(user->get("Username")));
  }
  EXPECT_EQ(org_.find("Organization", org_.organization_id())->get("IsSandbox"), Value(false));
  EXPECT_EQ(org_.latest_replay_id(), *org_.start_position("/data/ChangeEvents", ReplayPreset::earliest, {}));
}

TEST_F(OrgReadTest, FindByBothIdLengthsAndTheErrorsOfAPath) {
  const std::string id = made("Account", R"({"Name":"A"})");
  EXPECT_EQ(org_.find("account", id.substr(0, 15))->id, id);
  EXPECT_EQ(org_.find("Account", "xyz").error().message,
            "Provided external ID field does not exist or is not accessible: xyz");
  EXPECT_EQ(org_.find("Account", make_id("001", 12345)).error().code, codes::kNotFound);
  EXPECT_EQ(org_.find("Contact", id).error().code, codes::kNotFound);
  EXPECT_EQ(org_.find("Nope", id).error().code, codes::kNotFound);
}

TEST_F(OrgReadTest, FindByField) {
  const std::string id = made("Account", R"({"Name":"A","Ext__c":"E-1","Phone":"1"})");
  EXPECT_EQ(*org_.find_by_field("Account", "ext__c", Value("e-1")), std::vector<std::string>{id});
  EXPECT_EQ(*org_.find_by_field("Account", "Phone", Value("1")), std::vector<std::string>{id})
      << "no key, found by a scan";
  EXPECT_EQ(*org_.find_by_field("Account", "Id", Value(id.substr(0, 15))), std::vector<std::string>{id});
  EXPECT_TRUE(org_.find_by_field("Account", "Ext__c", Value("no"))->empty());
  EXPECT_EQ(org_.find_by_field("Account", "Nope__c", Value("1")).error().message,
            "Provided external ID field does not exist or is not accessible: Nope__c");
  EXPECT_TRUE(remove("Account", id).success);
  EXPECT_TRUE(org_.find_by_field("Account", "Ext__c", Value("E-1"))->empty());
}

TEST_F(OrgReadTest, RecordsAsJson) {
  const std::string id = made("Account", R"({"Name":"A","BillingCity":"Bonn","AnnualRevenue":5})");
  const auto record = org_.find("Account", id);
  const json all = *org_.record_json(*record, "62.0");
  EXPECT_EQ(all["attributes"], json({{"type", "Account"}, {"url", "/services/data/v62.0/sobjects/Account/" + id}}));
  EXPECT_EQ(all["Id"], id);
  EXPECT_EQ(all["CreatedDate"], "2026-01-01T00:00:00.000+0000");
  EXPECT_EQ(all["BillingAddress"]["city"], "Bonn");
  EXPECT_TRUE(all["ShippingAddress"].is_null());
  EXPECT_EQ(all["AnnualRevenue"], 5.0);
  EXPECT_EQ(json(*org_.record_json(*record, "62.0", {"name", "Id"})).size(), 3U);
  EXPECT_EQ(org_.record_json(*record, "62.0", {"Nope"}).error().message,
            "No such column 'Nope' on sobject of type Account");
}

TEST_F(OrgReadTest, TheOracleSeesDeletedRecords) {
  const std::string a = made("Account", R"({"Name":"A"})");
  const std::string b = made("Account", R"({"Name":"B"})");
  EXPECT_TRUE(remove("Account", a).success);
  std::vector<std::string> seen;
  ASSERT_TRUE(org_.for_each_record("Account", [&seen](const auto& record) {
    seen.push_back(record["Id"].template get<std::string>() + (record["IsDeleted"] == true ? " deleted" : ""));
    EXPECT_TRUE(record.contains("Phone")) << "null fields are there too";
  }));
  EXPECT_EQ(seen, (std::vector<std::string>{a + " deleted", b}));
  EXPECT_EQ(org_.record_count("Account"), 1U);
  EXPECT_EQ(org_.record_count("Account", true), 2U);
}

TEST_F(OrgReadTest, ALateBooleanIsNeverNull) {
  const std::string id = made("Account", R"({"Name":"A"})");
  ASSERT_TRUE(org_.apply_objects(
      json::parse(R"({"name":"Account","fields":[{"name":"On__c","type":"boolean","defaultValue":true},
    {"name":"Off__c","type":"boolean"}]})")));
  EXPECT_EQ(field("Account", id, "On__c"), Value(true));
  auto cursor = org_.query("SELECT On__c, Off__c FROM Account WHERE Off__c = false");
  ASSERT_TRUE(cursor->next());
  EXPECT_EQ(cursor->cells()[0], CellView(true));
  EXPECT_EQ(cursor->cells()[1], CellView(false));
  const auto position = org_.latest_replay_id();
  EXPECT_TRUE(update("Account", id, R"({"Off__c":false})").success);
  EXPECT_TRUE(events_after(position).empty()) << "it was false already";
}

TEST_F(OrgReadTest, AListOfObjectsIsAppliedWholeOrNotAtAll) {
  const auto outcome = org_.apply_objects(json::parse(R"({"objects":[{"name":"One__c"},{"name":"wrong"}]})"));
  EXPECT_FALSE(outcome);
  EXPECT_EQ(org_.schema().object("One__c"), nullptr);
  const auto answer = org_.apply_objects(json::parse(R"({"objects":[{"name":"One__c"},{"name":"Two__c"}]})"));
  EXPECT_EQ(answer->size(), 2U);
  EXPECT_TRUE(insert("Two__c", "{}").success);
}

TEST_F(OrgReadTest, AFieldMayBecomeCaseSensitive) {
  made("Thing__c", R"({"Key__c":"k"})");
  EXPECT_FALSE(insert("Thing__c", R"({"Key__c":"K"})").success);
  ASSERT_TRUE(
      org_.apply_objects(json::parse(R"({"name":"Thing__c","fields":[{"name":"Key__c","caseSensitive":true}]})")));
  EXPECT_TRUE(insert("Thing__c", R"({"Key__c":"K"})").success);
  EXPECT_FALSE(insert("Thing__c", R"({"Key__c":"k"})").success);
}

TEST_F(OrgReadTest, FieldsAddedWhileATransactionIsOpen) {
  const std::string id = made("Account", R"({"Name":"A"})");
  Transaction transaction = org_.begin(writer_);
  EXPECT_TRUE(transaction.update("Account", id, record(R"({"Phone":"1"})")).success);
  ASSERT_TRUE(org_.apply_objects(json::parse(R"({"name":"Account","fields":[{"name":"New__c"}]})")));
  EXPECT_TRUE(transaction.update("Account", id, record(R"({"New__c":"x"})")).success);
  EXPECT_TRUE(transaction.commit().changed);
  EXPECT_EQ(field("Account", id, "New__c"), Value("x"));
}

TEST(OrgDeterminism, TheSameSeedAndStepsGiveTheSameHistory) {
  const auto run = [](std::uint64_t seed) {
    Org org({.seed = seed});
    std::string trace;
    for (int i = 0; i < 20; ++i) {
      org.advance(137);
      Transaction transaction = org.begin({});
      RecordInput input;
      input.set("Name", "A" + std::to_string(i));
      trace += transaction.insert("Account", input).id;
      trace += transaction.commit().transaction_key;
    }
    for (const ChangeEvent& event : org.read_events("/data/ChangeEvents", 0, 100)) {
      trace += event.uuid + std::to_string(event.replay_id) + std::to_string(event.commit_number);
    }
    return trace;
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

}  // namespace
}  // namespace orgsim
