#include "orgsim/core/query.h"

#include "orgsim/core/org_test_base.h"
#include "orgsim/core/query_filter.h"

namespace orgsim {
namespace {

using nlohmann::json;

class QueryTest : public OrgTest {
 protected:
  /// First columns of the result, joined.
  std::string run(std::string_view soql, const QueryOptions& options = {}) {
    auto cursor = org_.query(soql, options);
    if (!cursor) return cursor.error().code;
    std::string out;
    while (cursor->next()) {
      const Value value = to_value(cursor->cells()[0]);
      const auto* text = std::get_if<std::string>(&value);
      out += (out.empty() ? "" : " ") + (text != nullptr ? *text : std::string("-"));
    }
    return out;
  }
  std::string error_of_query(std::string_view soql) {
    auto cursor = org_.query(soql);
    return cursor ? "ok" : cursor.error().message;
  }
  void three_accounts() {
    one_ = made("Account", R"({"Name":"one","NumberOfEmployees":1,"Phone":"x","Ext__c":"E1"})");
    org_.advance(1000);
    two_ = made("Account", R"({"Name":"Two","NumberOfEmployees":2,"ParentId":")" + one_ + R"("})");
    org_.advance(1000);
    three_ = made("Account", R"({"Name":"three","AnnualRevenue":3.5,"Rating":"Hot"})");
  }
  std::string one_, two_, three_;
};

TEST_F(QueryTest, Comparisons) {
  three_accounts();
  const std::string from = "SELECT Name FROM Account WHERE ";
  EXPECT_EQ(run(from + "Name = 'TWO'"), "Two");
  EXPECT_EQ(run(from + "Name != 'two'"), "one three");
  EXPECT_EQ(run(from + "Name > 'oz'"), "Two three");
  EXPECT_EQ(run(from + "NumberOfEmployees >= 2"), "Two") << "null is not greater than anything";
  EXPECT_EQ(run(from + "NumberOfEmployees != 1"), "Two three") << "but null differs from everything";
  EXPECT_EQ(run(from + "NumberOfEmployees = null"), "three");
  EXPECT_EQ(run(from + "Phone != ''"), "one");
  EXPECT_EQ(run(from + "AnnualRevenue < 4.5"), "three");
  EXPECT_EQ(run(from + "Name LIKE 't%'"), "Two three");
  EXPECT_EQ(run(from + "Name IN ('one','THREE')"), "one three");
  EXPECT_EQ(run(from + "Rating NOT IN ('Hot')"), "one Two");
  EXPECT_EQ(run(from + "IsDeleted = false AND (NOT Name = 'one')"), "Two three");
  EXPECT_EQ(run(from + "(Name = 'one' AND Phone = 'x') OR Rating = 'hot'"), "one three");
  EXPECT_EQ(run(from + "Id = '" + two_.substr(0, 15) + "'"), "Two");
  EXPECT_EQ(run(from + "Id > '" + one_ + "' AND Id <= '" + three_ + "'"), "Two three");
  EXPECT_EQ(run(from + "ParentId = '" + one_ + "'"), "Two");
  EXPECT_EQ(run(from + "Parent.Ext__c = 'e1'"), "Two");
  EXPECT_EQ(run(from + "Parent.Name = null"), "one three");
  EXPECT_EQ(run(from + "Ext__c = 'e1'"), "one");
  EXPECT_EQ(run(from + "Ext__c IN ('nope','E1')"), "one");
  EXPECT_EQ(run(from + "CreatedDate = TODAY"), "one Two three");
  EXPECT_EQ(run(from + "CreatedDate < YESTERDAY"), "");
  EXPECT_EQ(run(from + "CreatedDate >= 2026-01-01T00:00:01Z"), "Two three");
}

TEST_F(QueryTest, OrderLimitOffset) {
  three_accounts();
  EXPECT_EQ(run("SELECT Name FROM Account ORDER BY Name"), "one three Two");
  EXPECT_EQ(run("SELECT Name FROM Account ORDER BY NumberOfEmployees"), "three one Two");
  EXPECT_EQ(run("SELECT Name FROM Account ORDER BY NumberOfEmployees DESC"), "Two one three");
  EXPECT_EQ(run("SELECT Name FROM Account ORDER BY NumberOfEmployees NULLS LAST"), "one Two three");
  EXPECT_EQ(run("SELECT Name FROM Account ORDER BY IsDeleted, Name DESC LIMIT 2"), "Two three");
  EXPECT_EQ(run("SELECT Name FROM Account ORDER BY Id DESC LIMIT 1 OFFSET 1"), "Two");
  EXPECT_EQ(run("SELECT Name FROM Account ORDER BY Parent.Name DESC, Id LIMIT 2"), "Two one");
  EXPECT_EQ(run("SELECT Name FROM Account LIMIT 0"), "");
  EXPECT_EQ(run("SELECT Id FROM Account OFFSET 2001"), "NUMBER_OUTSIDE_VALID_RANGE");
}

TEST_F(QueryTest, PagesByStampAndId) {
  three_accounts();
  EXPECT_TRUE(update("Account", one_, R"({"Phone":"new"})").success);
  EXPECT_EQ(run("SELECT Name FROM Account ORDER BY SystemModstamp, Id"), "Two one three");
  EXPECT_EQ(
      run("SELECT Name FROM Account WHERE SystemModstamp >= 2026-01-01T00:00:02Z ORDER BY SystemModstamp, Id LIMIT 1"),
      "one");
  EXPECT_EQ(run("SELECT Name FROM Account WHERE SystemModstamp > 2026-01-01T00:00:00Z AND SystemModstamp < "
                "2026-01-01T00:00:02Z"),
            "Two");
  EXPECT_EQ(run("SELECT Name FROM Account WHERE SystemModstamp = 2026-01-01T00:00:02Z AND Id > '" + one_ +
                "' ORDER BY SystemModstamp ASC, Id ASC"),
            "three");
  EXPECT_EQ(run("SELECT Name FROM Account WHERE Id IN ('" + three_ + "','" + two_ + "') ORDER BY SystemModstamp"),
            "Two three");
  EXPECT_EQ(run("SELECT Name FROM Account WHERE SystemModstamp <= 2026-01-01T00:00:01Z ORDER BY Id"), "Two");
}

TEST_F(QueryTest, RecordsAsRestShowsThem) {
  three_accounts();
  const std::string contact =
      made("Contact", R"({"LastName":"L","FirstName":"F","MailingCity":"Bonn","AccountId":")" + two_ + R"("})");
  auto cursor = org_.query(
      "select id, name, account.parent.name, account.name, owner.name, mailingaddress, birthdate from contact");
  ASSERT_TRUE(cursor) << cursor.error().message;
  EXPECT_EQ(cursor->columns()[2].path, "Account.Parent.Name");
  ASSERT_TRUE(cursor->next());
  const json row = cursor->record_json("62.0");
  EXPECT_EQ(row["attributes"]["url"], "/services/data/v62.0/sobjects/Contact/" + contact);
  EXPECT_EQ(row["Name"], "F L");
  EXPECT_EQ(row["Account"]["Name"], "Two");
  EXPECT_EQ(row["Account"]["attributes"]["type"], "Account");
  EXPECT_EQ(row["Account"]["Parent"]["Name"], "one");
  EXPECT_EQ(row["Owner"]["attributes"]["type"], "User");
  EXPECT_EQ(row["MailingAddress"]["city"], "Bonn");
  EXPECT_TRUE(row["MailingAddress"]["street"].is_null());
  EXPECT_TRUE(row["Birthdate"].is_null());
  auto orphan = org_.query("SELECT Account.Name, OtherAddress FROM Contact");
  ASSERT_TRUE(update("Contact", contact, R"({"AccountId":null})").success);
  auto cleared = org_.query("SELECT Account.Name, OtherAddress FROM Contact");
  ASSERT_TRUE(cleared->next());
  EXPECT_EQ(json(cleared->record_json("62.0"))["Account"], nullptr);
  EXPECT_EQ(json(cleared->record_json("62.0"))["OtherAddress"], nullptr);
  ASSERT_TRUE(orphan->next());
  EXPECT_EQ(json(orphan->record_json("62.0"))["Account"]["Name"], "Two") << "the cursor opened before the change";
}

TEST_F(QueryTest, CursorsAreSnapshots) {
  three_accounts();
  auto cursor = org_.query("SELECT Name FROM Account");
  EXPECT_TRUE(update("Account", two_, R"({"Name":"changed"})").success);
  EXPECT_TRUE(remove("Account", three_).success);
  made("Account", R"({"Name":"four"})");
  EXPECT_EQ(cursor->total_size(), 3U);
  std::vector<std::string> names;
  while (cursor->next()) names.emplace_back(std::get<std::string_view>(cursor->cells()[0]));
  EXPECT_EQ(names, (std::vector<std::string>{"one", "Two", "three"}));
  EXPECT_TRUE(cursor->done());
  cursor->seek(1);
  ASSERT_TRUE(cursor->next());
  EXPECT_EQ(std::get<std::string_view>(cursor->cells()[0]), "Two");
}

TEST_F(QueryTest, CountsAndDeletedRows) {
  three_accounts();
  EXPECT_TRUE(remove("Account", two_).success);
  auto count = org_.query("SELECT COUNT() FROM Account WHERE Name LIKE 't%'");
  EXPECT_TRUE(count->is_count());
  EXPECT_EQ(count->total_size(), 1U);
  EXPECT_TRUE(count->done());
  EXPECT_EQ(run("SELECT Name FROM Account"), "one three");
  EXPECT_EQ(run("SELECT Name FROM Account", {.include_deleted = true}), "one Two three");
  EXPECT_EQ(run("SELECT Name FROM Account WHERE IsDeleted = true ALL ROWS"), "Two");
}

TEST_F(QueryTest, Errors) {
  EXPECT_EQ(error_of_query("SELECT Foo FROM Account"),
            "\nSELECT Foo FROM Account\n       ^\nERROR at Row:1:Column:8\nNo such column 'Foo' on entity 'Account'. "
            "If you are "
            "attempting to use a custom field, be sure to append the '__c' after the custom field name. Please "
            "reference your WSDL "
            "or the describe call for the appropriate names.");
  EXPECT_NE(error_of_query("SELECT Id FROM X").find("sObject type 'X' is not supported."), std::string::npos);
  EXPECT_EQ(run("SELECT Id FROM X"), "INVALID_TYPE");
  EXPECT_EQ(run("SELECT Foo.Name FROM Account"), "INVALID_FIELD");
  EXPECT_EQ(run("SELECT Id FROM Account WHERE Description = 'x'"), "INVALID_FIELD");
  EXPECT_EQ(run("SELECT Id FROM Account ORDER BY Description"), "MALFORMED_QUERY");
  EXPECT_EQ(run("SELECT Id FROM Account WHERE Id = 'xyz'"), "INVALID_QUERY_FILTER_OPERATOR");
  EXPECT_EQ(run("SELECT Id FROM Account WHERE AnnualRevenue LIKE 'x'"), "INVALID_QUERY_FILTER_OPERATOR");
  EXPECT_NE(error_of_query("SELECT Id FROM Account WHERE Name = 5")
                .find("must be of type string and should be enclosed in quotes"),
            std::string::npos);
  EXPECT_NE(error_of_query("SELECT Id FROM Account WHERE AnnualRevenue = '5'").find("should not be enclosed in quotes"),
            std::string::npos);
  EXPECT_EQ(run("SELECT Id FROM Account WHERE CreatedDate > 2026-01-01"), "INVALID_FIELD")
      << "a date-time field takes no date";
}

TEST(Like, Matches) {
  EXPECT_TRUE(like_matches("", ""));
  EXPECT_TRUE(like_matches("", "%%"));
  EXPECT_TRUE(like_matches("abc", "a_c"));
  EXPECT_TRUE(like_matches("äb", "_b")) << "a character, not a byte";
  EXPECT_TRUE(like_matches("a.b.c", "%.%c"));
  EXPECT_TRUE(like_matches("50% off", "50\\% %"));
  EXPECT_FALSE(like_matches("50 off", "50\\% %"));
  EXPECT_FALSE(like_matches("abc", "a_"));
  EXPECT_FALSE(like_matches("abc", "%d"));
}

TEST_F(OrgTest, QueriesMaySeeCommitsLater) {
  const std::string old_one = made("Account", R"({"Name":"old","Phone":"1"})");
  org_.settings().visibility_delay_ms = 5'000;
  org_.advance(10'000);
  made("Account", R"({"Name":"new"})");
  ASSERT_TRUE(update("Account", old_one, R"({"Phone":"2"})").success);
  const auto phones = [this](const std::string& where) {
    auto cursor = org_.query("SELECT Phone FROM Account" + where);
    std::vector<std::string> out;
    while (cursor && cursor->next()) {
      const auto* text = std::get_if<std::string_view>(&cursor->cells()[0]);
      out.emplace_back(text != nullptr ? *text : "-");
    }
    return out;
  };
  EXPECT_EQ(phones(""), std::vector<std::string>{"1"});
  EXPECT_TRUE(phones(" WHERE Name = 'new'").empty());
  EXPECT_EQ(org_.find("Account", old_one)->get("Phone"), Value("2")) << "a read by id sees it at once";
  org_.advance(5'000);
  EXPECT_EQ(phones(" ORDER BY Id"), (std::vector<std::string>{"2", "-"}));
}

}  // namespace
}  // namespace orgsim
