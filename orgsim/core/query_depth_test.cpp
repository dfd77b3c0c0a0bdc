// Sub-queries, groups, functions, semi-joins, TYPEOF and FIELDS().
#include "orgsim/core/org_test_base.h"
#include "orgsim/core/query.h"

namespace orgsim {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

class QueryDepthTest : public OrgTest {
 protected:
  QueryDepthTest() {
    a_ = made("Account", R"({"Name":"A","NumberOfEmployees":10,"AnnualRevenue":1.5,"Rating":"Hot","Ext__c":"a"})");
    b_ = made("Account", R"({"Name":"B","NumberOfEmployees":30,"AnnualRevenue":2.5,"Rating":"hot"})");
    c_ = made("Account", R"({"Name":"C","Rating":"Cold","ParentId":")" + a_ + R"("})");
    for (const char* name : {"x", "y", "z"}) {
      made("Contact", R"({"LastName":")" + std::string(name) + R"(","AccountId":")" + a_ + R"("})");
    }
    other_ = made("Contact", R"({"LastName":"w","AccountId":")" + b_ + R"("})");
  }

  /// All rows without attributes, or the error code and the last line of its message.
  std::string rows(std::string_view soql, const QueryOptions& options = {}) {
    auto cursor = org_.query(soql, options);
    if (!cursor) {
      const std::string& message = cursor.error().message;
      return cursor.error().code + ": " + message.substr(message.rfind('\n') + 1);
    }
    json out = json::array();
    while (cursor->next()) out.push_back(json::parse(cursor->record_json("62.0").dump()));
    strip(out);
    return out.dump();
  }
  static void strip(json& value) {
    if (value.is_object()) value.erase("attributes");
    if (value.is_structured()) {
      for (json& one : value) strip(one);
    }
  }

  std::string a_, b_, c_, other_;
};

TEST_F(QueryDepthTest, SubqueriesNestTheirRecords) {
  EXPECT_EQ(rows("SELECT Name, (SELECT LastName FROM Contacts ORDER BY LastName DESC LIMIT 2) FROM Account"),
            R"([{"Contacts":{"done":true,"records":[{"LastName":"z"},{"LastName":"y"}],"totalSize":2},"Name":"A"},)"
            R"({"Contacts":{"done":true,"records":[{"LastName":"w"}],"totalSize":1},"Name":"B"},)"
            R"({"Contacts":null,"Name":"C"}])");
  EXPECT_EQ(rows("SELECT Name, (SELECT Id FROM contacts WHERE LastName = 'x' OFFSET 1) FROM Account WHERE Name = 'A'"),
            R"([{"Contacts":null,"Name":"A"}])");
  EXPECT_EQ(
      rows("SELECT (SELECT Name, (SELECT Name FROM ChildAccounts) FROM ChildAccounts) FROM Account WHERE Name = 'A'"),
      R"([{"ChildAccounts":{"done":true,"records":[{"ChildAccounts":null,"Name":"C"}],"totalSize":1}}])");
  EXPECT_TRUE(rows("SELECT (SELECT Id FROM Foos) FROM Account")
                  .starts_with("INVALID_TYPE: Didn't understand relationship 'Foos'"));
  EXPECT_EQ(rows("SELECT (SELECT Id FROM Contacts), (SELECT Name FROM Contacts) FROM Account"),
            "MALFORMED_QUERY: duplicate alias: Contacts");
  EXPECT_EQ(rows("SELECT (SELECT COUNT(Id) FROM Contacts) FROM Account"),
            "MALFORMED_QUERY: Only root queries support aggregate expressions");
}

TEST_F(QueryDepthTest, SubqueriesAreOfTheSnapshot) {
  auto cursor = org_.query("SELECT (SELECT LastName FROM Contacts) FROM Account WHERE Name = 'B'");
  ASSERT_TRUE(cursor) << cursor.error().message;
  ASSERT_TRUE(remove("Contact", other_).success);
  ASSERT_TRUE(cursor->next());
  EXPECT_TRUE(cursor->is_nested());
  EXPECT_EQ(cursor->record_json("62.0")["Contacts"]["records"][0]["LastName"], "w");
  const ordered_json shown =
      cursor->record_json("62.0", [](QueryCursor children) -> ordered_json { return children.total_size(); });
  EXPECT_EQ(shown["Contacts"], 1);
}

TEST_F(QueryDepthTest, Aggregates) {
  EXPECT_EQ(rows("SELECT COUNT(Id), COUNT(NumberOfEmployees) n, SUM(NumberOfEmployees), AVG(AnnualRevenue), MIN(Name), "
                 "MAX(Name) "
                 "FROM Account"),
            R"([{"expr0":3,"expr1":40,"expr2":2.5,"expr3":"A","expr4":"C","n":2}])");
  EXPECT_EQ(rows("SELECT Rating, COUNT(Id) FROM Account GROUP BY Rating ORDER BY COUNT(Id) DESC"),
            R"([{"Rating":"Hot","expr0":2},{"Rating":"Cold","expr0":1}])")
      << "groups ignore case";
  EXPECT_EQ(
      rows("SELECT Account.Name, COUNT_DISTINCT(LastName) FROM Contact GROUP BY Account.Name HAVING COUNT(Id) > 1"),
      R"([{"Name":"A","expr0":3}])");
  EXPECT_EQ(rows("SELECT COUNT(Id), MAX(AnnualRevenue) FROM Account WHERE Name = 'none'"),
            R"([{"expr0":0,"expr1":null}])");
  EXPECT_EQ(rows("SELECT Rating FROM Account GROUP BY Rating HAVING Rating LIKE 'c%'"), R"([{"Rating":"Cold"}])");
  EXPECT_EQ(rows("SELECT Rating FROM Account GROUP BY Rating ORDER BY Rating LIMIT 1 OFFSET 1"),
            R"([{"Rating":"Hot"}])");
  EXPECT_EQ(rows("SELECT COUNT(Id) FROM Account GROUP BY CALENDAR_YEAR(CreatedDate)"), R"([{"expr0":3}])");
  EXPECT_EQ(rows("SELECT COUNT() FROM Account"), "[]");
  EXPECT_EQ(org_.query("SELECT COUNT(Id) FROM Account")->total_size(), 1U);

  EXPECT_EQ(rows("SELECT Name, COUNT(Id) FROM Account"), "MALFORMED_QUERY: Field must be grouped or aggregated: Name");
  EXPECT_EQ(rows("SELECT Name FROM Account GROUP BY Rating"),
            "MALFORMED_QUERY: Field must be grouped or aggregated: Name");
  EXPECT_EQ(rows("SELECT SUM(Name) FROM Account"),
            "MALFORMED_QUERY: field Name does not support this aggregate operator");
  EXPECT_EQ(rows("SELECT COUNT(Id) FROM Account GROUP BY Description"),
            "MALFORMED_QUERY: field 'Description' can not be grouped in a query call");
  EXPECT_EQ(rows("SELECT Id FROM Account WHERE COUNT(Id) > 1"),
            "MALFORMED_QUERY: Aggregate functions are not allowed in WHERE");
  EXPECT_EQ(rows("SELECT Name n FROM Account"), "MALFORMED_QUERY: only aggregate expressions use field aliasing");
}

TEST_F(QueryDepthTest, SemiJoins) {
  EXPECT_EQ(rows("SELECT Name FROM Account WHERE Id IN (SELECT AccountId FROM Contact WHERE LastName IN ('x','w'))"),
            R"([{"Name":"A"},{"Name":"B"}])");
  EXPECT_EQ(rows("SELECT Name FROM Account WHERE Id NOT IN (SELECT AccountId FROM Contact)"), R"([{"Name":"C"}])");
  EXPECT_EQ(rows("SELECT LastName FROM Contact WHERE AccountId IN (SELECT Id FROM Account WHERE Name = 'B')"),
            R"([{"LastName":"w"}])");
  EXPECT_TRUE(rows("SELECT Name FROM Account WHERE Name IN (SELECT Id FROM Contact)").starts_with("MALFORMED_QUERY"));
  EXPECT_TRUE(rows("SELECT Name FROM Account WHERE Id IN (SELECT Name FROM Contact)").starts_with("MALFORMED_QUERY"));
  EXPECT_TRUE(rows("SELECT Name FROM Account WHERE Id IN (SELECT Id FROM Nope)").starts_with("INVALID_TYPE"));
  std::string list;
  for (int i = 0; i < 500; ++i) list += "'n" + std::to_string(i) + "',";
  EXPECT_EQ(rows("SELECT Name FROM Account WHERE Name IN (" + list + "'a')"), R"([{"Name":"A"}])")
      << "long lists fold too";
  EXPECT_EQ(rows("SELECT Name FROM Account WHERE Name NOT IN (" + list + "'a','b')"), R"([{"Name":"C"}])");
}

TEST_F(QueryDepthTest, FunctionsOnFields) {
  org_.advance(24LL * 3600 * 1000 * 40);
  made("Account", R"({"Name":"later"})");
  EXPECT_EQ(rows("SELECT Name FROM Account WHERE CALENDAR_MONTH(CreatedDate) = 2"), R"([{"Name":"later"}])");
  EXPECT_EQ(rows("SELECT Name FROM Account WHERE DAY_ONLY(CreatedDate) > 2026-01-31"), R"([{"Name":"later"}])");
  EXPECT_EQ(rows("SELECT toLabel(Rating) FROM Account WHERE Name = 'A'"), R"([{"Rating":"Hot"}])");
  EXPECT_TRUE(rows("SELECT CALENDAR_YEAR(Name) FROM Account").starts_with("MALFORMED_QUERY"));
  EXPECT_EQ(rows("SELECT Name FROM Account WHERE CreatedDate = LAST_MONTH AND Name = 'A'"), R"([{"Name":"A"}])");
}

TEST_F(QueryDepthTest, TypeofAndFieldSets) {
  made("Task", R"({"Subject":"call","WhatId":")" + a_ + R"("})");
  const auto task = [&](const std::string& clause) { return rows("SELECT TYPEOF What " + clause + " END FROM Task"); };
  EXPECT_EQ(task("WHEN Account THEN NumberOfEmployees, Parent.Name ELSE Name"),
            R"([{"What":{"NumberOfEmployees":10,"Parent.Name":null}}])");
  EXPECT_EQ(task("WHEN Opportunity THEN Amount ELSE Name"), R"([{"What":{"Name":"A"}}])");
  EXPECT_EQ(rows("SELECT TYPEOF Account WHEN Account THEN Name END FROM Contact").substr(0, 13), "INVALID_FIELD");
  const auto all = json::parse(rows("SELECT FIELDS(ALL) FROM Account WHERE Name = 'A' LIMIT 200"));
  EXPECT_EQ(all[0]["Ext__c"], "a");
  EXPECT_EQ(all[0]["NumberOfEmployees"], 10);
  const auto custom = json::parse(rows("SELECT Id, FIELDS(CUSTOM) FROM Account WHERE Name = 'A' LIMIT 1"));
  EXPECT_EQ(custom[0].size(), 2u) << custom.dump();
  EXPECT_FALSE(json::parse(rows("SELECT FIELDS(STANDARD) FROM Account"))[0].contains("Ext__c"));
  EXPECT_EQ(rows("SELECT FIELDS(ALL) FROM Account"),
            "MALFORMED_QUERY: The SOQL FIELDS function must have a LIMIT of at most 200");
  EXPECT_EQ(rows("SELECT Id, FIELDS(ALL) FROM Account LIMIT 1"), "INVALID_FIELD: duplicate field selected: Id");
}

TEST_F(QueryDepthTest, FieldSetsLeaveHiddenFieldsOut) {
  ASSERT_TRUE(org_.apply_objects(json::parse(R"({"name":"Account","fields":[{"name":"Ext__c","readable":false}]})")));
  const auto all = json::parse(rows("SELECT FIELDS(ALL) FROM Account WHERE Name = 'A' LIMIT 1"));
  EXPECT_FALSE(all[0].contains("Ext__c"));
  EXPECT_EQ(all[0]["Name"], "A");
}

TEST_F(QueryDepthTest, AliasesAndAllRows) {
  EXPECT_EQ(rows("SELECT a.Name FROM Account a WHERE a.Name = 'A' ORDER BY a.Name"), R"([{"Name":"A"}])");
  EXPECT_EQ(rows("SELECT Id FROM Account ALL ROWS", {.allow_all_rows = false}),
            "MALFORMED_QUERY: ALL ROWS not allowed in this context");
}

}  // namespace
}  // namespace orgsim
