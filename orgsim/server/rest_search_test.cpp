#include "orgsim/server/org_server_test.h"
#include "orgsim/server/sosl.h"

namespace orgsim {
namespace {

TEST(SoslTest, ASearchIsReadInItsParts) {
  const auto search = parse_sosl(
      "FIND {acme corp OR \"blue sky\"} IN NAME FIELDS RETURNING Account(Id, Name WHERE Name LIKE 'a)%' ORDER BY Name "
      "LIMIT 5), "
      "Contact LIMIT 7");
  ASSERT_TRUE(search) << search.error().message;
  EXPECT_EQ(search->groups, (std::vector<std::vector<std::string>>{{"acme", "corp"}, {"blue sky"}}));
  EXPECT_EQ(search->scope, SearchScope::name);
  ASSERT_EQ(search->targets.size(), 2u);
  EXPECT_EQ(search->targets[0].fields, (std::vector<std::string>{"Id", "Name"}));
  EXPECT_EQ(search->targets[0].condition, " Name LIKE 'a)%' ");
  EXPECT_EQ(search->targets[0].limit, 5u);
  EXPECT_EQ(search->targets[1].object, "Contact");
  EXPECT_EQ(search->limit, 7u);
}

TEST(SoslTest, WhatIsNoSearchIsRefused) {
  for (const char* text :
       {"", "FIND", "FIND acme", "FIND {", "FIND {}", "FIND {a}", "FIND {acme} IN", "FIND {acme} IN SOME FIELDS",
        "FIND {acme} RETURNING", "FIND {acme} RETURNING Account(", "FIND {acme} RETURNING Account(Id LIMIT x)",
        "FIND {acme} RETURNING Account(Id,,Name)", "FIND {acme} LIMIT", "FIND {acme} nonsense", "\\"}) {
    const auto search = parse_sosl(text);
    ASSERT_FALSE(search) << text;
    EXPECT_EQ(search.error().code, "MALFORMED_SEARCH") << text;
  }
}

TEST(SoslTest, TermsAreWholeWordsWithWildcards) {
  EXPECT_TRUE(matches_term("the acme corp.", "acme"));
  EXPECT_FALSE(matches_term("acmetwo", "acme"));
  EXPECT_TRUE(matches_term("acmetwo", "acme*"));
  EXPECT_TRUE(matches_term("acmetwo", "*two"));
  EXPECT_TRUE(matches_term("acme", "ac?e"));
  EXPECT_FALSE(matches_term("ace", "ac?e"));
  EXPECT_TRUE(matches_term("a big blue sky here", "blue sky"));
  EXPECT_FALSE(matches_term("blue big sky", "blue sky"));
  EXPECT_TRUE(matches_term("joe@acme.com", "acme"));
}

class SearchTest : public ServerTest {
 protected:
  SearchTest() {
    acme_ = create("Account", {{"Name", "Acme Corporation"}, {"Description", "makes anvils"}});
    create("Account", {{"Name", "Anvil Works"}, {"Phone", "555 1234"}});
    contact_ = create("Contact", {{"LastName", "Acme"}, {"FirstName", "Joe"}, {"AccountId", acme_}});
  }
  json search(const std::string& sosl) {
    const Answer answer = get("search?q=" + url_encode(sosl));
    EXPECT_EQ(answer.status, 200) << answer.text;
    return answer.body["searchRecords"];
  }
  std::string acme_;
  std::string contact_;
};

TEST_F(SearchTest, FindsByWordsAndScope) {
  json found = search("FIND {ACME} IN NAME FIELDS RETURNING Account(Id, Name), Contact(Id, Account.Name)");
  ASSERT_EQ(found.size(), 2u) << found;
  EXPECT_EQ(found[0]["attributes"]["type"], "Account");
  EXPECT_EQ(found[0]["Name"], "Acme Corporation");
  EXPECT_EQ(found[1]["Account"]["Name"], "Acme Corporation");
  EXPECT_EQ(search("FIND {anvil*} RETURNING Account").size(), 2u);
  EXPECT_EQ(search("FIND {anvil*} IN NAME FIELDS RETURNING Account").size(), 1u);
  EXPECT_EQ(search("FIND {1234} IN PHONE FIELDS RETURNING Account").size(), 1u);
  EXPECT_EQ(search("FIND {acme} RETURNING Account(Id WHERE Name = 'Anvil Works')").size(), 0u);
  EXPECT_EQ(search("FIND {acme}").size(), 2u);
  EXPECT_EQ(search("FIND {acme} LIMIT 1").size(), 1u);
  EXPECT_EQ(get("search?q=nonsense").error_code(), "MALFORMED_SEARCH");
  EXPECT_EQ(get("search?q=" + url_encode("FIND {acme} RETURNING Nothing__c")).error_code(), "INVALID_TYPE");
  EXPECT_EQ(get("search?q=" + url_encode("FIND {acme} RETURNING Account(Nope)")).error_code(), "INVALID_FIELD");
}

TEST_F(SearchTest, ParameterizedSearch) {
  const json found = get("parameterizedSearch?q=acme&sobject=Account&Account.fields=Id,Name").body["searchRecords"];
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0]["Name"], "Acme Corporation");
  const Answer posted = call("POST", "parameterizedSearch",
                             {{"q", "acme"},
                              {"fields", {"Id"}},
                              {"in", "NAME"},
                              {"sobjects", {{{"name", "Contact"}, {"fields", {"Id", "LastName"}}}}}});
  EXPECT_EQ(posted.body["searchRecords"][0]["LastName"], "Acme");
  EXPECT_EQ(call("POST", "parameterizedSearch", {{"q", ""}}).status, 400);
  EXPECT_EQ(call("POST", "parameterizedSearch",
                 {{"q", "acme"}, {"sobjects", {{{"name", "Account"}, {"fields", {"Id FROM User --"}}}}}})
                .status,
            400);
}

TEST_F(SearchTest, RecentItemsAreThoseThatACallAskedToNote) {
  EXPECT_EQ(get("recent").body, json::array());
  get("sobjects/Account/" + acme_, {{"Sforce-Mru", "updateMru=true"}});
  get("sobjects/Contact/" + contact_);
  const Answer made = call("POST", "sobjects/Contact", {{"LastName", "New"}}, {{"Sforce-Mru", "updateMru=true"}});
  json recent = get("recent").body;
  ASSERT_EQ(recent.size(), 2u) << recent;
  EXPECT_EQ(recent[0]["Id"], made.body["id"]);
  EXPECT_EQ(recent[1]["Name"], "Acme Corporation");
  EXPECT_EQ(get("recent?limit=1").body.size(), 1u);
  EXPECT_EQ(get("sobjects/Account").body["recentItems"].size(), 1u);
  call("DELETE", "sobjects/Account/" + acme_);
  EXPECT_EQ(get("recent").body.size(), 1u);
}

TEST_F(SearchTest, LayoutsAndListViews) {
  const json layouts = get("sobjects/Account/describe/layouts").body;
  ASSERT_EQ(layouts["layouts"].size(), 1u);
  EXPECT_GT(layouts["layouts"][0]["editLayoutSections"][0]["layoutRows"].size(), 5u);
  const std::string record_type = layouts["recordTypeMappings"][0]["recordTypeId"];
  EXPECT_EQ(get("sobjects/Account/describe/layouts/" + record_type).body["id"], layouts["layouts"][0]["id"]);
  EXPECT_EQ(get("sobjects/Account/describe/compactLayouts").body["compactLayouts"][0]["name"], "SYSTEM");
  EXPECT_EQ(get("sobjects/User/describe/namedLayouts/UserAlt").status, 200);
  EXPECT_EQ(get("sobjects/User/describe/namedLayouts/Nope").status, 404);

  const json views = get("sobjects/Account/listviews").body;
  ASSERT_EQ(views["size"], 1);
  const std::string id = views["listviews"][0]["id"];
  const json results = get("sobjects/Account/listviews/" + id + "/results").body;
  EXPECT_EQ(results["size"], 2);
  EXPECT_EQ(results["records"][0]["columns"][1], json({{"fieldNameOrPath", "Name"}, {"value", "Acme Corporation"}}));
  const std::string soql = get("sobjects/Account/listviews/" + id + "/describe").body["query"];
  EXPECT_EQ(query(soql).body["totalSize"], 2);
  EXPECT_EQ(get("query?explain=" + id).body["plans"][0]["sobjectType"], "Account");
  EXPECT_EQ(get("sobjects/Account/listviews/00B000000000009AAA").status, 404);
}

TEST_F(SearchTest, ExplainAndColumns) {
  const json plans =
      get("query?explain=" + url_encode("SELECT Id FROM Account WHERE Name = 'Anvil Works' AND Phone != 'x'"))
          .body["plans"];
  ASSERT_EQ(plans.size(), 2u) << plans;
  EXPECT_EQ(plans[0]["leadingOperationType"], "Index");
  EXPECT_EQ(plans[0]["fields"], json::array({"Name"}));
  EXPECT_EQ(plans[1]["sobjectCardinality"], 2);
  EXPECT_EQ(get("query?explain=nonsense").status, 400);

  const json columns =
      get("query?columns=true&q=" + url_encode("SELECT Id, Owner.Name, Owner.Email, AnnualRevenue FROM Account")).body;
  EXPECT_EQ(columns["entityName"], "Account");
  EXPECT_EQ(columns["idSelected"], true);
  ASSERT_EQ(columns["columnMetadata"].size(), 3u) << columns;
  EXPECT_EQ(columns["columnMetadata"][1]["columnName"], "Owner");
  EXPECT_EQ(columns["columnMetadata"][1]["foreignKeyName"], "OwnerId");
  EXPECT_TRUE(columns["columnMetadata"][1]["apexType"].is_null());
  EXPECT_EQ(columns["columnMetadata"][1]["joinColumns"][1]["columnName"], "Email");
  EXPECT_EQ(columns["columnMetadata"][2]["numberType"], true);
}

}  // namespace
}  // namespace orgsim
