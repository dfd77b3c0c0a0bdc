#include "orgsim/core/org_test_base.h"

namespace orgsim {
namespace {

/// Whether a write of another transaction to the parent has to wait for the first one's end.
class ParentLocksTest : public OrgTest {
 protected:
  ParentLocksTest() : account_(made("Account", R"({"Name":"A"})")), other_(made("Account", R"({"Name":"B"})")) {}

  bool locked(const std::string& account) {
    Transaction transaction = org_.begin(writer_);
    const SaveResult result = transaction.update("Account", account, record(R"({"Phone":"1"})"));
    if (result.success) return false;
    EXPECT_EQ(result.errors[0].code, "UNABLE_TO_LOCK_ROW");
    EXPECT_NE(result.errors[0].message.find(account), std::string::npos);
    return true;
  }
  std::string with(const char* field, const std::string& id, const std::string& more = {}) {
    return std::string("{\"") + field + "\":\"" + id + "\"" + more + "}";
  }

  std::string account_;
  std::string other_;
};

TEST_F(ParentLocksTest, AContactLocksItsAccountWhenItComesMovesOrGoes) {
  const std::string contact = made("Contact", with("AccountId", account_, R"(,"LastName":"L")"));
  {
    Transaction transaction = org_.begin(writer_);
    ASSERT_TRUE(transaction.insert("Contact", record(with("AccountId", account_, R"(,"LastName":"M")"))).success);
    EXPECT_TRUE(locked(account_));
    EXPECT_FALSE(locked(other_));
  }
  EXPECT_FALSE(locked(account_)) << "the end of a transaction gives its locks back";
  {
    Transaction transaction = org_.begin(writer_);
    ASSERT_TRUE(transaction.update("Contact", contact, record(R"({"Phone":"1"})")).success);
    EXPECT_FALSE(locked(account_)) << "an update that leaves AccountId alone";
    ASSERT_TRUE(transaction.update("Contact", contact, record(with("AccountId", other_))).success);
    EXPECT_TRUE(locked(account_));
    EXPECT_TRUE(locked(other_));
  }
  Transaction transaction = org_.begin(writer_);
  ASSERT_TRUE(transaction.remove("Contact", contact).success);
  EXPECT_TRUE(locked(account_));
}

TEST_F(ParentLocksTest, ADetailLocksItsMasterAtEveryWrite) {
  const std::string thing = made("Thing__c", "{}");
  const std::string part = made("Part__c", with("Thing__c", thing));
  Transaction transaction = org_.begin(writer_);
  ASSERT_TRUE(transaction.update("Part__c", part, record(R"({"Label__c":"x"})")).success);
  Transaction other = org_.begin(writer_);
  EXPECT_EQ(error_of(other.update("Thing__c", thing, record(R"({"Note__c":"n"})"))).substr(0, 18),
            "UNABLE_TO_LOCK_ROW");
}

TEST_F(ParentLocksTest, ACustomLookupLocksOnlyWhenItChanges) {
  const std::string thing = made("Thing__c", with("Account__c", account_));
  Transaction transaction = org_.begin(writer_);
  ASSERT_TRUE(transaction.update("Thing__c", thing, record(R"({"Note__c":"n"})")).success);
  EXPECT_FALSE(locked(account_));
  ASSERT_TRUE(transaction.update("Thing__c", thing, record(with("Account__c", other_))).success);
  EXPECT_TRUE(locked(other_));
}

TEST_F(ParentLocksTest, AnOpenTaskWithADateLocksItsAccount) {
  for (const bool counts : {true, false}) {
    Transaction transaction = org_.begin(writer_);
    const std::string more =
        counts ? R"(,"ActivityDate":"2026-01-02")" : R"(,"ActivityDate":"2026-01-02","Status":"Completed")";
    const SaveResult made_task = transaction.insert("Task", record(with("WhatId", account_, more)));
    ASSERT_TRUE(made_task.success) << error_of(made_task);
    EXPECT_EQ(locked(account_), counts);
  }
}

TEST_F(ParentLocksTest, TwoChildrenOfOneParentMeetAndTheSettingEndsIt) {
  Transaction first = org_.begin(writer_);
  ASSERT_TRUE(first.insert("Contact", record(with("AccountId", account_, R"(,"LastName":"1")"))).success);
  Transaction second = org_.begin(writer_);
  EXPECT_EQ(second.insert("Contact", record(with("AccountId", account_, R"(,"LastName":"2")"))).errors.at(0).code,
            "UNABLE_TO_LOCK_ROW");
  org_.settings().parent_locks = false;
  EXPECT_TRUE(second.insert("Contact", record(with("AccountId", account_, R"(,"LastName":"2")"))).success);
}

}  // namespace
}  // namespace orgsim
