#include "orgsim/core/ids.h"
#include "orgsim/core/org_test_base.h"

namespace orgsim {
namespace {

class DeleteTest : public OrgTest {
 protected:
  DeleteTest() {
    account_ = made("Account", R"({"Name":"A"})");
    contact_ = made("Contact", R"({"LastName":"C","AccountId":")" + account_ + R"("})");
    thing_ = made("Thing__c", R"({"Account__c":")" + account_ + R"(","Key__c":"K"})");
    part_ = made("Part__c", R"({"Thing__c":")" + thing_ + R"("})");
  }
  SaveResult undelete(std::string_view object, std::string_view id) {
    Transaction transaction = org_.begin(writer_);
    SaveResult result = transaction.undelete(object, id);
    transaction.commit();
    return result;
  }
  bool is_deleted(std::string_view object, std::string_view id) {
    return field(object, id, "IsDeleted") == Value(true);
  }
  std::string account_, contact_, thing_, part_;
};

TEST_F(DeleteTest, CascadesAndClearsLookups) {
  const auto position = org_.latest_replay_id();
  org_.advance(3000);
  EXPECT_TRUE(remove("Account", account_).success);
  EXPECT_TRUE(is_deleted("Account", account_));
  EXPECT_EQ(field("Account", account_, "SystemModstamp"), Value(org_.now())) << "a delete moves the stamp";
  EXPECT_TRUE(is_deleted("Contact", contact_)) << "a cascading lookup of the standard schema";
  EXPECT_FALSE(is_deleted("Thing__c", thing_));
  EXPECT_EQ(field("Thing__c", thing_, "Account__c"), Value()) << "a plain lookup is cleared";
  EXPECT_EQ(field("Thing__c", thing_, "LastModifiedDate"), Value(org_.now()));
  std::map<std::string, ChangeType> by_record;
  for (const ChangeEvent& event : events_after(position)) by_record[event.record_ids[0]] = event.type;
  EXPECT_EQ(by_record,
            (std::map<std::string, ChangeType>{
                {account_, ChangeType::remove}, {contact_, ChangeType::remove}, {thing_, ChangeType::update}}));
  EXPECT_EQ(error_of(remove("Account", account_)), "ENTITY_IS_DELETED: entity is deleted");
  EXPECT_EQ(error_of(update("Account", account_, R"({"Name":"x"})")), "ENTITY_IS_DELETED: entity is deleted");
  EXPECT_EQ(org_.find("Account", account_).error().code, codes::kEntityIsDeleted);
  EXPECT_EQ(http_status(codes::kEntityIsDeleted), 404);
}

TEST_F(DeleteTest, MasterDetailChildrenGoAndComeBackWithTheParent) {
  const std::string gone_before = made("Part__c", R"({"Thing__c":")" + thing_ + R"("})");
  EXPECT_TRUE(remove("Part__c", gone_before).success);
  EXPECT_TRUE(remove("Thing__c", thing_).success);
  EXPECT_TRUE(is_deleted("Part__c", part_));
  const auto position = org_.latest_replay_id();
  EXPECT_TRUE(undelete("Thing__c", thing_).success);
  EXPECT_FALSE(is_deleted("Thing__c", thing_));
  EXPECT_FALSE(is_deleted("Part__c", part_));
  EXPECT_TRUE(is_deleted("Part__c", gone_before)) << "deleted on its own, earlier";
  const auto events = events_after(position);
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].type, ChangeType::undelete);
  EXPECT_FALSE(events[0].fields.empty()) << "an undelete has the full body";
  EXPECT_EQ(error_of(undelete("Thing__c", thing_)), "UNDELETE_FAILED: Entity is not in the recycle bin");
}

TEST_F(DeleteTest, UndeleteFailsWhenTheKeyIsTaken) {
  EXPECT_TRUE(remove("Thing__c", thing_).success);
  made("Thing__c", R"({"Key__c":"K"})");
  EXPECT_EQ(undelete("Thing__c", thing_).errors.at(0).code, codes::kDuplicateValue);
  EXPECT_TRUE(is_deleted("Thing__c", thing_));
}

TEST_F(DeleteTest, RestrictedDeletesFailWithoutATrace) {
  made("Case", R"({"Subject":"S","AccountId":")" + account_ + R"("})");
  EXPECT_EQ(remove("Account", account_).errors.at(0).code, codes::kDeleteFailed);
  EXPECT_FALSE(is_deleted("Account", account_));
  EXPECT_FALSE(is_deleted("Contact", contact_));
  EXPECT_EQ(field("Thing__c", thing_, "Account__c"), Value(account_));
}

TEST_F(DeleteTest, PurgeHasNoEvent) {
  EXPECT_TRUE(remove("Part__c", part_).success);
  const auto position = org_.latest_replay_id();
  Transaction transaction = org_.begin(writer_);
  EXPECT_TRUE(transaction.purge("Part__c", part_).success);
  transaction.commit();
  EXPECT_TRUE(events_after(position).empty());
  const auto history = org_.history("Part__c", part_);
  ASSERT_TRUE(history);
  EXPECT_TRUE(history->back().purged);
  int seen = 0;
  EXPECT_TRUE(org_.for_each_record("Part__c", [&seen](const auto&) { ++seen; }));
  EXPECT_EQ(seen, 0);
}

TEST_F(DeleteTest, TheBinIsEmptiedAfterFifteenDays) {
  EXPECT_TRUE(remove("Part__c", part_).success);
  org_.advance(14LL * 86'400'000);
  EXPECT_TRUE(org_.find("Part__c", part_, true));
  org_.advance(2LL * 86'400'000);
  EXPECT_FALSE(org_.find("Part__c", part_, true));
}

TEST_F(DeleteTest, InsertAndDeleteInOneTransactionIsNothing) {
  const auto position = org_.latest_replay_id();
  Transaction transaction = org_.begin(writer_);
  const SaveResult result = transaction.insert("Account", record(R"({"Name":"short-lived"})"));
  EXPECT_TRUE(transaction.remove("Account", result.id).success);
  EXPECT_FALSE(transaction.commit().changed);
  EXPECT_TRUE(events_after(position).empty());
  EXPECT_EQ(org_.find("Account", result.id, true).error().code, codes::kNotFound);
}

TEST_F(DeleteTest, GetDeletedCutsOffSeconds) {
  const std::int64_t minute = 60'000;
  const std::int64_t start = org_.now();
  org_.advance(31 * minute + 17'000);
  EXPECT_TRUE(remove("Part__c", part_).success);
  org_.advance(13'000);
  const auto deleted = org_.deleted("Part__c", start, org_.now());
  ASSERT_TRUE(deleted) << deleted.error().message;
  ASSERT_EQ(deleted->records.size(), 1U);
  EXPECT_EQ(deleted->records[0].id, part_);
  EXPECT_EQ(deleted->records[0].deleted_ms, start + 31 * minute + 17'000);
  EXPECT_EQ(deleted->latest_date_covered_ms, start + 31 * minute) << "earlier than the row that was returned";
  EXPECT_EQ(org_.deleted("Part__c", start, start + 30'000).error().code, codes::kInvalidReplicationDate);
  EXPECT_EQ(org_.deleted("Part__c", start - 40LL * 86'400'000, org_.now()).error().code,
            codes::kInvalidReplicationDate);
  EXPECT_TRUE(org_.deleted("Part__c", start - 5 * minute, start - minute)->records.empty());
}

TEST_F(DeleteTest, GetUpdatedStopsBeforeOpenTransactions) {
  const std::int64_t start = org_.now();
  org_.advance(10 * 60'000);
  Transaction slow = org_.begin(writer_);
  EXPECT_TRUE(slow.update("Account", account_, record(R"({"Name":"slow"})")).success);
  const std::int64_t began = org_.now();
  org_.advance(5 * 60'000);
  EXPECT_TRUE(update("Contact", contact_, R"({"FirstName":"F"})").success);
  const auto updated = org_.updated("Contact", start + 60'000, org_.now() + 60'000);
  EXPECT_EQ(updated->ids, std::vector<std::string>{contact_});
  EXPECT_EQ(updated->latest_date_covered_ms, began);
  slow.commit();
  EXPECT_EQ(org_.updated("Contact", start, org_.now() + 60'000)->latest_date_covered_ms, org_.now());
}

}  // namespace
}  // namespace orgsim
