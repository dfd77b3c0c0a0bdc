#include "orgsim/core/org_test_base.h"

namespace orgsim {
namespace {

class MergeTest : public OrgTest {
 protected:
  MergeResult merge(std::string_view object, const std::string& winner, const std::vector<std::string>& losers,
                    const std::string& fields = "{}") {
    Transaction transaction = org_.begin(writer_);
    MergeResult result = transaction.merge(object, winner, losers, record(fields));
    transaction.commit();
    return result;
  }
};

TEST_F(MergeTest, LosersGoAndTheirChildrenMove) {
  const std::string winner = made("Account", R"({"Name":"W"})");
  const std::string loser = made("Account", R"({"Name":"L","Phone":"7"})");
  const std::string contact = made("Contact", R"({"LastName":"C","AccountId":")" + loser + "\"}");
  const std::string thing = made("Thing__c", R"({"Account__c":")" + loser + "\"}");
  const auto position = org_.latest_replay_id();
  const MergeResult result = merge("Account", winner, {loser}, R"({"Phone":"7"})");
  ASSERT_TRUE(result.result.success) << error_of(result.result);
  EXPECT_EQ(result.merged, std::vector<std::string>{loser});
  EXPECT_EQ(result.related, (std::vector<std::string>{contact, thing}));
  EXPECT_EQ(field("Contact", contact, "AccountId"), Value(winner));
  EXPECT_EQ(field("Account", winner, "Phone"), Value("7"));
  EXPECT_EQ(field("Account", loser, "MasterRecordId"), Value(winner));
  EXPECT_EQ(org_.find("Account", loser).error().code, "ENTITY_IS_DELETED");
  std::map<std::string, ChangeType> types;
  std::string transaction;
  for (const ChangeEvent& event : events_after(position)) {
    types[event.record_ids[0]] = event.type;
    EXPECT_TRUE(transaction.empty() || transaction == event.transaction_key);
    transaction = event.transaction_key;
  }
  EXPECT_EQ(types, (std::map<std::string, ChangeType>{{winner, ChangeType::update},
                                                      {loser, ChangeType::remove},
                                                      {contact, ChangeType::update},
                                                      {thing, ChangeType::update}}));
}

TEST_F(MergeTest, WhatCannotBeMergedChangesNothing) {
  const std::string a = made("Account", R"({"Name":"A"})");
  const std::string b = made("Account", R"({"Name":"B"})");
  const std::string thing = made("Thing__c", "{}");
  EXPECT_FALSE(merge("Account", a, {a}).result.success);
  EXPECT_FALSE(merge("Account", a, {}).result.success);
  EXPECT_FALSE(merge("Account", a, {b, b}).result.success) << "the second time it is deleted";
  EXPECT_TRUE(org_.find("Account", b));
  EXPECT_FALSE(merge("Account", a, {b, thing, b}).result.success);
  EXPECT_FALSE(merge("Thing__c", thing, {thing}).result.success);
  EXPECT_FALSE(merge("Nope", a, {b}).result.success);
  Transaction open = org_.begin(writer_);
  ASSERT_TRUE(open.update("Account", b, record(R"({"Phone":"1"})")).success);
  EXPECT_EQ(merge("Account", a, {b}).result.errors.at(0).code, "UNABLE_TO_LOCK_ROW");
}

TEST_F(MergeTest, AConvertedLeadBecomesThreeRecords) {
  const std::string lead = made("Lead", R"({"LastName":"L","FirstName":"F","Company":"Acme","Email":"a@b.cd"})");
  const auto position = org_.latest_replay_id();
  Transaction transaction = org_.begin(writer_);
  const ConvertResult result = transaction.convert_lead({.lead_id = lead});
  ASSERT_TRUE(result.result.success) << error_of(result.result);
  transaction.commit();
  EXPECT_EQ(field("Account", result.account_id, "Name"), Value("Acme"));
  EXPECT_EQ(field("Contact", result.contact_id, "AccountId"), Value(result.account_id));
  EXPECT_EQ(field("Contact", result.contact_id, "Email"), Value("a@b.cd"));
  EXPECT_EQ(field("Opportunity", result.opportunity_id, "AccountId"), Value(result.account_id));
  EXPECT_EQ(field("Lead", lead, "IsConverted"), Value(true));
  EXPECT_EQ(field("Lead", lead, "ConvertedContactId"), Value(result.contact_id));
  const auto events = events_after(position);
  ASSERT_EQ(events.size(), 4U);
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].transaction_key, events[0].transaction_key);
    EXPECT_EQ(events[i].sequence_number, static_cast<int>(i) + 1);
  }
  Transaction again = org_.begin(writer_);
  EXPECT_EQ(again.convert_lead({.lead_id = lead}).result.errors.at(0).code, "CANNOT_UPDATE_CONVERTED_LEAD");
  const std::string second = made("Lead", R"({"LastName":"M","Company":"Acme"})");
  Transaction into = org_.begin(writer_);
  const ConvertResult joined =
      into.convert_lead({.lead_id = second, .account_id = result.account_id, .create_opportunity = false});
  EXPECT_EQ(joined.account_id, result.account_id);
  EXPECT_TRUE(joined.opportunity_id.empty());
}

}  // namespace
}  // namespace orgsim
