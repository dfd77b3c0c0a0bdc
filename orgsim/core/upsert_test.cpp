#include "orgsim/core/org_test_base.h"

namespace orgsim {
namespace {

using UpsertTest = OrgTest;

TEST_F(UpsertTest, CreatesThenUpdates) {
  const SaveResult first = upsert("Thing__c", "Key__c", "K-1", R"({"Amount__c":1})");
  EXPECT_TRUE(first.success);
  EXPECT_TRUE(first.created);
  const SaveResult second = upsert("Thing__c", "key__c", "k-1", R"({"Amount__c":2})");
  EXPECT_TRUE(second.success);
  EXPECT_FALSE(second.created);
  EXPECT_EQ(second.id, first.id);
  EXPECT_EQ(field("Thing__c", first.id, "Amount__c"), Value(2.0));
  EXPECT_EQ(field("Thing__c", first.id, "Key__c"), Value("K-1")) << "an update by key leaves the key alone";
  EXPECT_EQ(org_.record_count("Thing__c"), 1U);
}

TEST_F(UpsertTest, SeveralMatchesAreListed) {
  const std::string a = made("Thing__c", R"({"Loose__c":"L"})");
  const std::string b = made("Thing__c", R"({"Loose__c":"l"})");
  const SaveResult result = upsert("Thing__c", "Loose__c", "L", "{}");
  EXPECT_FALSE(result.success);
  EXPECT_EQ(result.candidates, (std::vector<std::string>{a, b}));
  EXPECT_EQ(result.errors.at(0).code, codes::kDuplicateExternalId);
}

TEST_F(UpsertTest, Errors) {
  EXPECT_EQ(error_of(upsert("Thing__c", "Note__c", "x", "{}")),
            "NOT_FOUND: Provided external ID field does not exist or is not accessible: Note__c");
  EXPECT_EQ(error_of(upsert("Thing__c", "Key__c", "x", R"({"Key__c":"y"})")),
            "INVALID_FIELD: The Key__c field should not be specified in the sobject data.");
  EXPECT_EQ(error_of(upsert("Thing__c", "Key__c", "", "{}")), "MISSING_ARGUMENT: Key__c not specified");
  Transaction transaction = org_.begin(writer_);
  EXPECT_EQ(error_of(transaction.upsert("Thing__c", "Key__c", Value("new"), {}, {.update_only = true})),
            "NOT_FOUND: The requested resource does not exist");
}

TEST_F(UpsertTest, ByIdIsAnUpdate) {
  const std::string id = made("Account", R"({"Name":"A"})");
  EXPECT_TRUE(upsert("Account", "Id", id, R"({"Name":"B"})").success);
  EXPECT_EQ(field("Account", id, "Name"), Value("B"));
  EXPECT_FALSE(upsert("Account", "Id", "001000000000000", R"({"Name":"B"})").success);
}

TEST_F(UpsertTest, TheRaceOfTwoFirstUpserts) {
  Transaction one = org_.begin(writer_);
  Transaction two = org_.begin(writer_);
  const auto looked_one = one.find_upsert_target("Thing__c", "Key__c", Value("K"));
  const auto looked_two = two.find_upsert_target("Thing__c", "Key__c", Value("K"));
  ASSERT_TRUE(looked_one->ids.empty());
  ASSERT_TRUE(looked_two->ids.empty());
  const SaveResult winner = one.upsert_at(*looked_one, "Thing__c", "Key__c", Value("K"), {});
  EXPECT_TRUE(winner.created);
  one.commit();
  const SaveResult loser = two.upsert_at(*looked_two, "Thing__c", "Key__c", Value("K"), {});
  EXPECT_EQ(error_of(loser), "DUPLICATE_VALUE: duplicate value found: Key__c duplicates value on record with id: " +
                                 winner.id.substr(0, 15));
}

TEST_F(UpsertTest, WithoutAUniqueIndexTheRaceMakesTwoRecords) {
  Transaction one = org_.begin(writer_);
  Transaction two = org_.begin(writer_);
  const auto looked_one = one.find_upsert_target("Thing__c", "Loose__c", Value("L"));
  const auto looked_two = two.find_upsert_target("Thing__c", "Loose__c", Value("L"));
  EXPECT_TRUE(one.upsert_at(*looked_one, "Thing__c", "Loose__c", Value("L"), {}).success);
  EXPECT_TRUE(two.upsert_at(*looked_two, "Thing__c", "Loose__c", Value("L"), {}).success);
  one.commit();
  two.commit();
  EXPECT_EQ(org_.find_by_field("Thing__c", "Loose__c", Value("l"))->size(), 2U);
}

class BatchTest : public OrgTest {
 protected:
  static BatchRecord item(std::string object, const std::string& body) { return {std::move(object), record(body)}; }
  std::vector<SaveResult> write(Operation operation, const std::vector<BatchRecord>& records, bool all_or_none,
                                std::string_view key = {}) {
    Transaction transaction = org_.begin(writer_);
    auto results = write_batch(transaction, operation, records, all_or_none, key);
    commit_ = transaction.commit();
    return results;
  }
  CommitResult commit_;
};

TEST_F(BatchTest, PartialSuccessCommitsTheGoodOnes) {
  const auto position = org_.latest_replay_id();
  const auto results =
      write(Operation::insert,
            {item("Account", R"({"Name":"A"})"), item("Account", "{}"), item("Contact", R"({"LastName":"C"})")}, false);
  EXPECT_TRUE(results[0].success);
  EXPECT_EQ(error_of(results[1]), "REQUIRED_FIELD_MISSING: Required fields are missing: [Name]");
  EXPECT_TRUE(results[2].success);
  const auto events = events_after(position);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].transaction_key, events[1].transaction_key);
  EXPECT_EQ(events[0].sequence_number, 1);
  EXPECT_EQ(events[1].sequence_number, 2);
}

TEST_F(BatchTest, AllOrNoneRollsBackAndSaysSo) {
  const std::string id = made("Account", R"({"Name":"old"})");
  const auto results = write(Operation::update,
                             {item("Account", R"({"id":")" + id + R"(","Name":"new"})"),
                              item("Account", R"({"id":")" + id.substr(0, 15) + R"(","Name":"x"})")},
                             true);
  EXPECT_FALSE(results[0].success);
  EXPECT_EQ(results[0].id, id);
  EXPECT_EQ(results[0].errors.at(0).code, codes::kAllOrNone);
  EXPECT_EQ(results[1].errors.at(0).code, codes::kDuplicateValue) << "the same record twice, 15 and 18 characters";
  EXPECT_FALSE(commit_.changed);
  EXPECT_EQ(field("Account", id, "Name"), Value("old"));
}

TEST_F(BatchTest, RolledBackUpsertsKeepCreated) {
  const auto results =
      write(Operation::upsert, {item("Thing__c", R"({"Key__c":"a"})"), item("Thing__c", R"({"Key__c":"A"})")}, true,
            "Key__c");
  EXPECT_FALSE(results[0].success);
  EXPECT_TRUE(results[0].created);
  EXPECT_EQ(error_of(results[1]), "DUPLICATE_VALUE: Duplicate external id specified: a");
  EXPECT_EQ(org_.record_count("Thing__c"), 0U);
  EXPECT_TRUE(write(Operation::upsert, {item("Thing__c", R"({"Key__c":"a"})")}, true, "Key__c")[0].created);
}

TEST_F(BatchTest, DeletesAndPurges) {
  const std::string id = made("Account", R"({"Name":"A"})");
  EXPECT_TRUE(write(Operation::remove, {item("Account", R"({"id":")" + id + R"("})")}, false)[0].success);
  EXPECT_EQ(error_of(write(Operation::remove, {item("Account", R"({"id":")" + id + R"("})")}, false)[0]),
            "ENTITY_IS_DELETED: entity is deleted");
  EXPECT_TRUE(write(Operation::undelete, {item("Account", R"({"id":")" + id + R"("})")}, false)[0].success);
  EXPECT_TRUE(write(Operation::purge, {item("Account", R"({"id":")" + id + R"("})")}, false)[0].success);
  EXPECT_EQ(org_.find("Account", id, true).error().code, codes::kNotFound);
}

}  // namespace
}  // namespace orgsim
