#include "orgsim/core/access.h"

#include "orgsim/core/org_test_base.h"

namespace orgsim {
namespace {

using nlohmann::json;

class AccessTest : public OrgTest {
 protected:
  /// A user who may do this and nothing else.
  std::string user(const char* definition) {
    json wanted = json::parse(definition);
    wanted["username"] = "limited@orgsim.example";
    const auto made = org_.apply_users(wanted);
    EXPECT_TRUE(made) << made.error().message;
    return made ? (*made)["id"].get<std::string>() : std::string();
  }
  SaveResult write_as(const std::string& user_id, std::string_view object, const std::string& id,
                      const std::string& body) {
    Transaction transaction = org_.begin({.user_id = user_id});
    SaveResult result =
        id.empty() ? transaction.insert(object, record(body)) : transaction.update(object, id, record(body));
    transaction.commit();
    return result;
  }
  std::string query_as(const std::string& user_id, const std::string& soql) {
    auto cursor = org_.query(soql, {.user_id = user_id});
    if (!cursor) return cursor.error().code;
    std::string out = std::to_string(cursor->total_size());
    while (cursor->next()) out += " " + cursor->record_json("62.0").dump();
    return out;
  }
};

TEST_F(AccessTest, AHiddenFieldIsNotThereForThisUserOnly) {
  const std::string limited = user(R"({"objects":{"Account":{}},"fields":{"Account.Phone":"hidden"}})");
  const std::string id = made("Account", R"({"Name":"A","Phone":"1","Fax":"2"})");
  EXPECT_EQ(query_as(limited, "SELECT Phone FROM Account"), "INVALID_FIELD");
  EXPECT_EQ(query_as(limited, "SELECT Id FROM Account WHERE Phone = '1'"), "INVALID_FIELD");
  EXPECT_EQ(query_as(limited, "SELECT Id FROM Account ORDER BY Phone"), "INVALID_FIELD");
  EXPECT_EQ(query_as(org_.other_user_id(), "SELECT COUNT() FROM Account WHERE Phone = '1'"), "1");
  const auto found = org_.find("Account", id, false, limited);
  ASSERT_TRUE(found);
  const auto shown = org_.record_json(*found, "62.0");
  EXPECT_FALSE(shown->contains("Phone"));
  EXPECT_EQ((*shown)["Fax"], "2");
  EXPECT_EQ(org_.schema_for(limited)->object("Account")->field("Phone"), nullptr);
  EXPECT_EQ(error_of(write_as(limited, "Account", id, R"({"Phone":"3"})")),
            "INVALID_FIELD: No such column 'Phone' on sobject of type Account");
  // Rules and values that the user cannot see stay as they are.
  EXPECT_TRUE(write_as(limited, "Account", id, R"({"Fax":"4"})").success);
  EXPECT_EQ(field("Account", id, "Phone"), Value{"1"});
}

TEST_F(AccessTest, AReadOnlyFieldIsReadAndNotWritten) {
  const std::string limited = user(R"({"objects":{"Account":{}},"fields":{"Account.Phone":"read"}})");
  const std::string id = made("Account", R"({"Name":"A","Phone":"1"})");
  EXPECT_NE(query_as(limited, "SELECT Phone FROM Account").find("\"Phone\":\"1\""), std::string::npos);
  const SaveResult result = write_as(limited, "Account", id, R"({"Phone":"2"})");
  EXPECT_EQ(result.errors.at(0).code, "INVALID_FIELD_FOR_INSERT_UPDATE");
  EXPECT_EQ(result.errors.at(0).fields, std::vector<std::string>{"Phone"});
  EXPECT_FALSE(org_.schema_for(limited)->object("Account")->field("Phone")->updateable);
}

TEST_F(AccessTest, AnObjectWithoutPermissionDoesNotExist) {
  const std::string limited = user(R"({"objects":{"Contact":{"create":false,"delete":false}}})");
  const std::string account = made("Account", R"({"Name":"A"})");
  const std::string contact = made("Contact", R"({"LastName":"L","AccountId":")" + account + "\"}");
  EXPECT_EQ(query_as(limited, "SELECT Id FROM Account"), "INVALID_TYPE");
  EXPECT_EQ(query_as(limited, "SELECT Account.Name FROM Contact"), "INVALID_FIELD");
  EXPECT_EQ(org_.find("Account", account, false, limited).error().code, "NOT_FOUND");
  EXPECT_EQ(error_of(write_as(limited, "Account", "", R"({"Name":"B"})")),
            "NOT_FOUND: The requested resource does not exist");
  EXPECT_EQ(error_of(write_as(limited, "Contact", "", R"({"LastName":"M"})")),
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY: entity type cannot be inserted: Contact");
  EXPECT_TRUE(write_as(limited, "Contact", contact, R"({"LastName":"M"})").success);
  Transaction transaction = org_.begin({.user_id = limited});
  EXPECT_EQ(error_of(transaction.remove("Contact", contact)),
            "INSUFFICIENT_ACCESS_OR_READONLY: insufficient access rights on object id");
}

TEST_F(AccessTest, PrivateRecordsAreTheirOwners) {
  ASSERT_TRUE(org_.apply_objects(json::parse(R"({"name":"Account","sharing":"Private"})")));
  const std::string limited = user(R"({"objects":{"Account":{"viewAll":false},"Contact":{}}})");
  const std::string theirs = made("Account", R"({"Name":"A"})");
  const SaveResult own = write_as(limited, "Account", "", R"({"Name":"B"})");
  ASSERT_TRUE(own.success) << error_of(own);
  EXPECT_EQ(query_as(limited, "SELECT COUNT() FROM Account"), "1");
  EXPECT_EQ(query_as(org_.integration_user_id(), "SELECT COUNT() FROM Account"), "2");
  EXPECT_EQ(org_.find("Account", theirs, false, limited).error().code, "NOT_FOUND");
  EXPECT_TRUE(org_.find("Account", own.id, false, limited));
  EXPECT_EQ(write_as(limited, "Account", theirs, R"({"Phone":"1"})").errors.at(0).code,
            "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY");
  EXPECT_EQ(error_of(write_as(limited, "Contact", "", R"({"LastName":"L","AccountId":")" + theirs + "\"}")),
            "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY: insufficient access rights on cross-reference id: " +
                theirs.substr(0, 15));
  EXPECT_FALSE(org_.may_subscribe(limited, "Account"));
  // A record changes hands: it is gone, without a trace in its stamps.
  EXPECT_TRUE(update("Account", own.id, R"({"OwnerId":")" + org_.other_user_id() + "\"}").success);
  EXPECT_EQ(query_as(limited, "SELECT COUNT() FROM Account"), "0");
  // Read by all, written by its owner.
  ASSERT_TRUE(org_.apply_objects(json::parse(R"({"name":"Account","sharing":"Read"})")));
  EXPECT_EQ(query_as(limited, "SELECT COUNT() FROM Account"), "2");
  EXPECT_EQ(write_as(limited, "Account", theirs, R"({"Phone":"1"})").errors.at(0).code,
            "INSUFFICIENT_ACCESS_OR_READONLY");
}

TEST_F(AccessTest, AGuardedFieldWaitsForAPermission) {
  ASSERT_TRUE(org_.apply_objects(
      json::parse(R"({"name":"Contact","fields":[{"name":"Duet_Id__c","length":36,"guarded":true}]})")));
  const std::string admin = org_.integration_user_id();
  EXPECT_EQ(query_as(admin, "SELECT Duet_Id__c FROM Contact"), "INVALID_FIELD");
  EXPECT_EQ(error_of(insert("Contact", R"({"LastName":"L","Duet_Id__c":"1"})")),
            "INVALID_FIELD: No such column 'Duet_Id__c' on sobject of type Contact");
  const std::string set = made("PermissionSet", R"({"Name":"Duet","Label":"Duet"})");
  made("FieldPermissions", R"({"ParentId":")" + set +
                               R"(","SobjectType":"Contact","Field":"Contact.Duet_Id__c","PermissionsRead":true,
                                   "PermissionsEdit":true})");
  EXPECT_EQ(query_as(admin, "SELECT Duet_Id__c FROM Contact"), "INVALID_FIELD");
  made("PermissionSetAssignment", R"({"PermissionSetId":")" + set + R"(","AssigneeId":")" + admin + "\"}");
  EXPECT_EQ(query_as(admin, "SELECT Duet_Id__c FROM Contact"), "0");
  made("Contact", R"({"LastName":"L","Duet_Id__c":"1"})");
  EXPECT_EQ(query_as(org_.other_user_id(), "SELECT Duet_Id__c FROM Contact"), "INVALID_FIELD");
}

TEST_F(AccessTest, EventsLeaveOutWhatTheSubscriberCannotSee) {
  const std::string limited =
      user(R"({"objects":{"Account":{}},"fields":{"Account.Phone":"hidden","Account.BillingAddress":"hidden"}})");
  const std::string id = made("Account", R"({"Name":"A"})");
  const std::uint64_t before = org_.latest_replay_id();
  update("Account", id, R"({"Phone":"1","Fax":"2","BillingCity":"X"})");
  auto events = events_after(before);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_TRUE(org_.may_subscribe(limited, "Account"));
  EXPECT_FALSE(org_.may_subscribe(limited, "Contact"));
  org_.hide_fields(events[0], limited);
  EXPECT_EQ(std::ranges::count(events[0].changed_fields, "Phone"), 0);
  EXPECT_EQ(std::ranges::count(events[0].changed_fields, "BillingCity"), 0);
  EXPECT_EQ(std::ranges::count(events[0].changed_fields, "Fax"), 1);
  EXPECT_EQ(std::ranges::count(events[0].fields, "Phone", &EventField::name), 0);
}

TEST_F(AccessTest, PermissionsCanBeChanged) {
  const std::string limited = user(R"({"objects":{"Account":{},"Contact":{}}})");
  EXPECT_EQ(query_as(limited, "SELECT Phone FROM Account"), "0");
  EXPECT_EQ(user(R"({"objects":{"Account":{}},"fields":{"Account.Phone":"hidden"}})"), limited);
  EXPECT_EQ(query_as(limited, "SELECT Phone FROM Account"), "INVALID_FIELD");
  EXPECT_EQ(query_as(limited, "SELECT Id FROM Contact"), "INVALID_TYPE");
  EXPECT_EQ(user(R"({"admin":true})"), limited);
  EXPECT_EQ(query_as(limited, "SELECT Phone FROM Account"), "0");
  for (const char* wrong :
       {R"({})", R"({"username":"u","objects":{"Nope":{}}})", R"({"username":"u","fields":{"Account.Nope":"read"}})",
        R"({"username":"u","fields":{"Account.Phone":"some"}})",
        R"({"username":"u","objects":{"Account":{"fly":true}}})", R"({"username":"u","x":1})"}) {
    EXPECT_FALSE(org_.apply_users(json::parse(wrong))) << wrong;
  }
}

}  // namespace
}  // namespace orgsim
