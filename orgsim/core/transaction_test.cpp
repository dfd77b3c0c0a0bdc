#include "orgsim/core/transaction.h"

#include "orgsim/core/ids.h"
#include "orgsim/core/org_test_base.h"

namespace orgsim {
namespace {

using TransactionTest = OrgTest;

TEST_F(TransactionTest, InsertSetsDefaultsAndStamps) {
  const std::string id = made("Lead", R"({"LastName":" Doe ","FirstName":"Jane","Company":"X"})");
  EXPECT_TRUE(id.starts_with("00Q"));
  const auto lead = org_.find("Lead", id);
  ASSERT_TRUE(lead);
  EXPECT_EQ(lead->get("LastName"), Value("Doe"));
  EXPECT_EQ(lead->get("Name"), Value("Jane Doe"));
  EXPECT_EQ(lead->get("Status"), Value("Open - Not Contacted"));
  EXPECT_EQ(lead->get("IsConverted"), Value(false));
  EXPECT_EQ(lead->get("OwnerId"), Value(org_.integration_user_id()));
  for (const char* stamp : {"CreatedDate", "LastModifiedDate", "SystemModstamp"})
    EXPECT_EQ(lead->get(stamp), Value(org_.now()));
}

TEST_F(TransactionTest, NothingIsVisibleBeforeCommitAndStampsAreOfTheStatement) {
  Transaction transaction = org_.begin(writer_);
  const auto ran = org_.now();
  const SaveResult result = transaction.insert("Account", record(R"({"Name":"A"})"));
  ASSERT_TRUE(result.success);
  EXPECT_EQ(org_.find("Account", result.id).error().code, codes::kNotFound);
  org_.advance(65'400);
  const CommitResult commit = transaction.commit();
  EXPECT_TRUE(commit.changed);
  EXPECT_EQ(commit.commit_ms, ran + 65'400);
  EXPECT_EQ(field("Account", result.id, "SystemModstamp"), Value(ran)) << "the stamp is older than the commit";
  EXPECT_FALSE(transaction.open());
  EXPECT_EQ(transaction.insert("Account", record(R"({"Name":"B"})")).success, false);
}

TEST_F(TransactionTest, RollBackAndDestructionLeaveNothing) {
  const std::string id = made("Account", R"({"Name":"A","Ext__c":"k"})");
  {
    Transaction transaction = org_.begin(writer_);
    EXPECT_TRUE(transaction.update("Account", id, record(R"({"Name":"B"})")).success);
    EXPECT_TRUE(transaction.insert("Account", record(R"({"Name":"C","Ext__c":"c"})")).success);
  }
  EXPECT_EQ(field("Account", id, "Name"), Value("A"));
  EXPECT_EQ(org_.record_count("Account"), 1U);
  EXPECT_TRUE(insert("Account", R"({"Name":"D","Ext__c":"c"})").success) << "the key is free again";
  EXPECT_TRUE(update("Account", id, R"({"Name":"E"})").success) << "the lock is gone";
}

TEST_F(TransactionTest, ErrorsOfTheWriteTable) {
  EXPECT_EQ(error_of(insert("Account", "{}")), "REQUIRED_FIELD_MISSING: Required fields are missing: [Name]");
  EXPECT_EQ(insert("Account", "{}").errors[0].fields, std::vector<std::string>{"Name"});
  EXPECT_EQ(error_of(insert("Account", R"({"Name":"A","Nope":1})")),
            "INVALID_FIELD: No such column 'Nope' on sobject of type Account");
  EXPECT_EQ(error_of(insert("Account", R"({"Name":"A","CreatedById":"005000000000000"})")),
            "INVALID_FIELD_FOR_INSERT_UPDATE: Unable to create/update fields: CreatedById. Please check the security "
            "settings of "
            "this field and verify that it is read/write for your profile or permission set.");
  EXPECT_EQ(error_of(insert("Account", R"({"Name":"A","Id":"001000000000000"})")),
            "INVALID_FIELD_FOR_INSERT_UPDATE: cannot specify Id in an insert call");
  EXPECT_EQ(error_of(insert("Nope__c", "{}")), "NOT_FOUND: The requested resource does not exist");
  EXPECT_EQ(error_of(update("Account", "xyz", "{}")),
            "NOT_FOUND: Provided external ID field does not exist or is not accessible: xyz");
  EXPECT_EQ(error_of(update("Account", make_id("001", 999), "{}")), "NOT_FOUND: The requested resource does not exist");
  const std::string id = made("Account", R"({"Name":"A"})");
  EXPECT_EQ(error_of(update("Account", id, R"({"Name":""})")),
            "REQUIRED_FIELD_MISSING: Required fields are missing: [Name]");
  EXPECT_EQ(error_of(insert("Organization", "{}")),
            "INVALID_TYPE_FOR_OPERATION: entity type Organization does not support create");
  writer_.transport = Transport::collections;
  EXPECT_EQ(error_of(update("Account", "xyz", "{}")), "MALFORMED_ID: malformed id xyz");
  EXPECT_EQ(error_of(update("Account", make_id("001", 999), "{}")),
            "INVALID_CROSS_REFERENCE_KEY: invalid cross reference id");
}

TEST_F(TransactionTest, ForeignKeysById) {
  const std::string account = made("Account", R"({"Name":"A"})");
  const std::string contact = made("Contact", R"({"LastName":"C","AccountId":")" + account.substr(0, 15) + R"("})");
  EXPECT_EQ(field("Contact", contact, "AccountId"), Value(account)) << "15 characters are good, 18 are kept";
  EXPECT_EQ(error_of(insert("Contact", R"({"LastName":"C","AccountId":")" + contact + R"("})")),
            "MALFORMED_ID: Account ID: id value of incorrect type: " + contact);
  EXPECT_EQ(error_of(insert("Contact", R"({"LastName":"C","AccountId":")" + make_id("001", 999) + R"("})")),
            "INVALID_CROSS_REFERENCE_KEY: invalid cross reference id");
  EXPECT_TRUE(update("Contact", contact, R"({"AccountId":null})").success);
  EXPECT_EQ(field("Contact", contact, "AccountId"), Value());
}

TEST_F(TransactionTest, ForeignKeysByExternalId) {
  const std::string account = made("Account", R"({"Name":"A","Ext__c":"A-1"})");
  const std::string contact = made("Contact", R"({"LastName":"C","Account":{"Ext__c":"a-1"}})");
  EXPECT_EQ(field("Contact", contact, "AccountId"), Value(account));
  EXPECT_EQ(error_of(insert("Contact", R"({"LastName":"C","Account":{"Ext__c":"a-2"}})")),
            "INVALID_FIELD: Foreign key external ID: a-2 not found for field Ext__c in entity Account");
  EXPECT_EQ(error_of(insert("Contact", R"({"LastName":"C","Account":{"Phone":"1"}})")),
            "INVALID_FIELD: Field Phone is not an external ID or indexed field for Account");
  const std::string thing = made("Thing__c", R"({"Account__r":{"Ext__c":"A-1"}})");
  EXPECT_EQ(field("Thing__c", thing, "Account__c"), Value(account));
  const auto polymorphic = R"({"Subject":"S","What":{"attributes":{"type":"Account"},"Ext__c":"A-1"}})";
  EXPECT_EQ(field("Task", made("Task", polymorphic), "WhatId"), Value(account));
  EXPECT_NE(error_of(insert("Task", R"({"Subject":"S","What":{"Ext__c":"A-1"}})")), "success");
}

TEST_F(TransactionTest, UniqueKeys) {
  const std::string first = made("Thing__c", R"({"Key__c":"K","Case__c":"K"})");
  EXPECT_EQ(
      error_of(insert("Thing__c", R"({"Key__c":"k"})")),
      "DUPLICATE_VALUE: duplicate value found: Key__c duplicates value on record with id: " + first.substr(0, 15));
  EXPECT_TRUE(insert("Thing__c", R"({"Case__c":"k"})").success);
  EXPECT_TRUE(update("Thing__c", first, R"({"Key__c":"k"})").success) << "a record does not collide with itself";
  EXPECT_TRUE(remove("Thing__c", first).success);
  EXPECT_TRUE(insert("Thing__c", R"({"Key__c":"K"})").success) << "the recycle bin holds no keys";
}

TEST_F(TransactionTest, UniqueKeysWithinAndBetweenTransactions) {
  const std::string holder = made("Thing__c", R"({"Key__c":"K"})");
  Transaction one = org_.begin(writer_);
  EXPECT_TRUE(one.update("Thing__c", holder, record(R"({"Key__c":null})")).success);
  EXPECT_TRUE(one.insert("Thing__c", record(R"({"Key__c":"K"})")).success) << "freed in the same transaction";
  EXPECT_FALSE(one.insert("Thing__c", record(R"({"Key__c":"k"})")).success);
  Transaction two = org_.begin(writer_);
  EXPECT_EQ(two.insert("Thing__c", record(R"({"Key__c":"K"})")).errors[0].code, codes::kDuplicateValue);
  EXPECT_TRUE(one.insert("Thing__c", record(R"({"Key__c":"L"})")).success);
  EXPECT_EQ(two.insert("Thing__c", record(R"({"Key__c":"L"})")).errors[0].code, codes::kUnableToLockRow);
  EXPECT_EQ(two.update("Thing__c", holder, record(R"({"Note__c":"x"})")).errors[0].message,
            "unable to obtain exclusive access to this record or 1 records: " + holder);
  one.commit();
  EXPECT_TRUE(two.update("Thing__c", holder, record(R"({"Note__c":"x"})")).success);
  EXPECT_EQ(two.insert("Thing__c", record(R"({"Key__c":"L"})")).errors[0].code, codes::kDuplicateValue);
}

TEST_F(TransactionTest, AnUpdateThatChangesNothingLeavesNoTrace) {
  const std::string id = made("Account", R"({"Name":"A","Phone":"1"})");
  const Value stamp = field("Account", id, "SystemModstamp");
  const auto position = org_.latest_replay_id();
  org_.advance(5000);
  EXPECT_TRUE(update("Account", id, R"({"Name":" A ","Phone":"1","Fax":""})").success);
  EXPECT_EQ(field("Account", id, "SystemModstamp"), stamp);
  EXPECT_EQ(org_.latest_replay_id(), position);
  EXPECT_EQ(org_.history("Account", id)->size(), 1U);
}

TEST_F(TransactionTest, IfUnmodifiedSince) {
  const std::string id = made("Account", R"({"Name":"A"})");
  const auto version = std::get<std::int64_t>(field("Account", id, "LastModifiedDate"));
  org_.advance(2000);
  EXPECT_TRUE(update("Account", id, R"({"Name":"B"})", {.if_unmodified_since_ms = version}).success);
  const SaveResult stale = update("Account", id, R"({"Name":"C"})", {.if_unmodified_since_ms = version});
  EXPECT_EQ(stale.errors.at(0).code, codes::kPreconditionFailed);
  EXPECT_EQ(http_status(stale.errors[0].code), 412);
  EXPECT_EQ(field("Account", id, "Name"), Value("B"));
}

TEST_F(TransactionTest, RulesChangePutBackAndRefuse) {
  const std::string id = made("Account", R"({"Name":"A","Phone":"1"})");
  const auto rule = org_.add_rule([](RuleRecord& record) -> std::optional<Error> {
    if (record.after("Name") == Value("bad")) return Error{"FIELD_CUSTOM_VALIDATION_EXCEPTION", "no", {"Name"}};
    record.set("Phone", record.before("Phone"));
    record.set("Rating", Value("Hot"));
    return std::nullopt;
  });
  EXPECT_TRUE(update("Account", id, R"({"Phone":"2","Fax":"3"})").success);
  EXPECT_EQ(field("Account", id, "Phone"), Value("1"));
  EXPECT_EQ(field("Account", id, "Rating"), Value("Hot"));
  EXPECT_EQ(field("Account", id, "Fax"), Value("3"));
  EXPECT_EQ(error_of(update("Account", id, R"({"Name":"bad"})")), "FIELD_CUSTOM_VALIDATION_EXCEPTION: no");
  org_.remove_rule(rule);
  EXPECT_TRUE(update("Account", id, R"({"Name":"bad"})").success);
}

TEST_F(TransactionTest, DerivedFields) {
  const std::string id =
      made("Opportunity", R"({"Name":"O","StageName":"Closed Won","CloseDate":"2026-05-04","Amount":10})");
  EXPECT_EQ(field("Opportunity", id, "IsWon"), Value(true));
  EXPECT_EQ(field("Opportunity", id, "Probability"), Value(100.0));
  EXPECT_EQ(field("Opportunity", id, "FiscalQuarter"), Value(std::int64_t{2}));
  EXPECT_TRUE(update("Opportunity", id, R"({"StageName":"Prospecting"})").success);
  EXPECT_EQ(field("Opportunity", id, "IsClosed"), Value(false));
  const std::string first = made("Case", R"({"Subject":"x"})");
  const std::string second = made("Case", R"({"Subject":"y","Status":"Closed"})");
  EXPECT_EQ(field("Case", first, "CaseNumber"), Value("00001001"));
  EXPECT_EQ(field("Case", second, "CaseNumber"), Value("00001002"));
  EXPECT_EQ(field("Case", second, "IsClosed"), Value(true));
  const std::string thing = made("Thing__c", "{}");
  EXPECT_EQ(field("Thing__c", thing, "Name"), Value(thing.substr(0, 15)));
}

TEST_F(TransactionTest, BulkWordsTypeErrorsItsOwnWay) {
  RecordInput input;
  add_csv_cell(input, "Name", "A");
  add_csv_cell(input, "NumberOfEmployees", "many");
  add_csv_cell(input, "Fax", "");
  Transaction transaction = org_.begin(writer_);
  EXPECT_EQ(error_of(transaction.insert("Account", input)),
            "INVALID_TYPE_ON_FIELD_IN_RECORD: NumberOfEmployees: value not of required type: many");
  RecordInput parent;
  add_csv_cell(parent, "LastName", "L");
  add_csv_cell(parent, "Account.Ext__c", "none");
  add_csv_cell(parent, "Phone", "#N/A");
  EXPECT_EQ(transaction.insert("Contact", parent).errors.at(0).code, codes::kInvalidField);
}

}  // namespace
}  // namespace orgsim
