#include <gtest/gtest.h>

#include "orgsim/core/soql_ast.h"

namespace orgsim {
namespace {

SoqlQuery parsed(std::string_view text) {
  auto query = parse_soql(text);
  EXPECT_TRUE(query) << (query ? "" : query.error().message);
  return query ? std::move(*query) : SoqlQuery{};
}

std::string error_of(std::string_view text) {
  const auto query = parse_soql(text);
  return query ? "parsed" : query.error().message;
}

TEST(SoqlParser, ReadsEveryClause) {
  const SoqlQuery query = parsed(
      " select Id, Account.Name from Contact WHERE (A = 'x' OR NOT b > -1.5) AND c NOT IN (null, true) "
      "order by Name desc nulls last, Id LIMIT 10 offset 5 FOR VIEW ");
  EXPECT_EQ(query.select.size(), 2U);
  EXPECT_EQ(query.select[1].path.text, "Account.Name");
  EXPECT_EQ(query.object.text, "Contact");
  ASSERT_TRUE(query.where);
  EXPECT_EQ(query.where->kind, SoqlCondition::Kind::all);
  EXPECT_EQ(query.where->children[0].kind, SoqlCondition::Kind::any);
  EXPECT_EQ(query.where->children[0].children[1].kind, SoqlCondition::Kind::negation);
  EXPECT_EQ(query.where->children[0].children[1].children[0].values[0].value, Value(-1.5));
  EXPECT_EQ(query.where->children[1].op, SoqlOperator::not_in);
  EXPECT_EQ(query.order.size(), 2U);
  EXPECT_TRUE(query.order[0].descending);
  EXPECT_EQ(query.order[0].nulls_first, false);
  EXPECT_EQ(query.limit, 10U);
  EXPECT_EQ(query.offset, 5U);
  EXPECT_TRUE(parsed("SELECT COUNT() FROM Account ALL ROWS").count);
}

TEST(SoqlParser, SubqueriesFunctionsAndAliases) {
  const SoqlQuery query = parsed(
      "SELECT a.Name, COUNT(a.Id) many, (SELECT Id FROM a.Contacts LIMIT 2), TYPEOF What WHEN Account THEN Phone, Name "
      "ELSE Name END, FIELDS(ALL) FROM Account AS a USING SCOPE everything WHERE a.Id NOT IN (SELECT AccountId FROM "
      "Contact c WHERE c.Name = 'x') GROUP BY a.Name HAVING COUNT(a.Id) > 1 ORDER BY COUNT(a.Id) DESC");
  ASSERT_EQ(query.select.size(), 5U);
  EXPECT_EQ(query.select[0].path.text, "Name");
  EXPECT_EQ(query.select[1].path.function, SoqlFunction::count);
  EXPECT_EQ(query.select[1].path.text, "Id");
  EXPECT_EQ(query.select[1].alias, "many");
  EXPECT_EQ(query.select[2].subquery->object.text, "Contacts");
  EXPECT_EQ(query.select[2].subquery->limit, 2U);
  EXPECT_EQ(query.select[3].type_of->branches[0].fields.size(), 2U);
  EXPECT_EQ(query.select[3].type_of->otherwise.size(), 1U);
  EXPECT_EQ(query.select[4].fields, SoqlFieldSet::all);
  EXPECT_EQ(query.where->op, SoqlOperator::not_in);
  EXPECT_EQ(query.where->subquery->where->path.text, "Name");
  EXPECT_EQ(query.group[0].text, "Name");
  EXPECT_EQ(query.having->path.function, SoqlFunction::count);
  EXPECT_EQ(query.order[0].path.function, SoqlFunction::count);
  EXPECT_FALSE(parsed("SELECT COUNT() FROM A").select.size());
}

TEST(SoqlParser, Literals) {
  const auto literal = [](const std::string& text) {
    return parsed("SELECT Id FROM A WHERE f = " + text).where->values[0];
  };
  EXPECT_EQ(literal("'it\\'s \\u00e4\\n'").value, Value("it's ä\n"));
  EXPECT_EQ(literal("2026-01-01").kind, SoqlLiteralKind::date);
  EXPECT_EQ(literal("2026-01-01T00:00:00.000+00:00").kind, SoqlLiteralKind::datetime);
  EXPECT_EQ(literal("2026-01-01T00:00:00Z").value, Value(std::int64_t{1'767'225'600'000}));
  EXPECT_EQ(literal("null").kind, SoqlLiteralKind::null);
  EXPECT_EQ(literal("FALSE").value, Value(false));
  EXPECT_EQ(literal("1e3").value, Value(1000.0));
  EXPECT_EQ(literal("LAST_N_DAYS:30").range.first, -30);
  EXPECT_EQ(literal("this_Fiscal_quarter").range.unit, SoqlDateRange::Unit::quarter);
}

TEST(SoqlParser, ErrorsNameThePlace) {
  EXPECT_EQ(error_of("SELECT Id FROM Account WHER Name = 'x'"),
            "\nSELECT Id FROM Account WHER Name = 'x'\n                            ^\nERROR at Row:1:Column:29\n"
            "unexpected token: 'Name'")
      << "WHER is an alias";
  EXPECT_NE(error_of("SELECT Id\nFROM A\nWHERE").find("ERROR at Row:3:Column:6\nunexpected token: '<EOF>'"),
            std::string::npos);
  for (const char* bad : {"",
                          "SELECT",
                          "SELECT FROM A",
                          "SELECT Id A",
                          "SELECT Id FROM A LIMIT x",
                          "SELECT Id FROM A WHERE a = 'x",
                          "SELECT Id FROM A WHERE a",
                          "SELECT Id FROM A WHERE a = ",
                          "SELECT Id FROM A WHERE (a = 1",
                          "SELECT Id FROM A WHERE a = 1 AND b = 2 OR c = 3",
                          "SELECT Id FROM A WHERE a IN ()",
                          "SELECT Id, FROM A",
                          "SELECT Id FROM A WHERE a = 1x",
                          "SELECT Id FROM A;",
                          "SELECT Id FROM A WHERE a = '\\q'",
                          "SELECT Id FROM A ORDER Id",
                          "SELECT Id FROM A ALL",
                          "SELECT (SELECT Id FROM B FROM A",
                          "SELECT Nope(Id) FROM A",
                          "SELECT FIELDS(SOME) FROM A",
                          "SELECT TYPEOF What WHEN A THEN b FROM A",
                          "SELECT Id FROM A WHERE b IN (SELECT Id)",
                          "SELECT Id FROM A GROUP a",
                          "SELECT COUNT(Id FROM A",
                          "SELECT Id FROM A WHERE c = LAST_N_MOONS:3",
                          "SELECT Id FROM A WHERE c = LAST_N_DAYS:x",
                          "SELECT Id FROM A WHERE a = '\\u12"}) {
    const auto query = parse_soql(bad);
    ASSERT_FALSE(query) << bad;
    EXPECT_EQ(query.error().code, codes::kMalformedQuery);
  }
}

TEST(SoqlParser, HostileDepthAndLength) {
  EXPECT_FALSE(parse_soql("SELECT Id FROM A WHERE " + std::string(10'000, '(') + "a = 1"));
  std::string nots;
  for (int i = 0; i < 10'000; ++i) nots += "NOT ";
  EXPECT_FALSE(parse_soql("SELECT Id FROM A WHERE " + nots + "a = 1"));
  std::string deep;
  for (int i = 0; i < 1'000; ++i) deep += "SELECT (";
  EXPECT_FALSE(parse_soql(deep));
  deep.clear();
  for (int i = 0; i < 1'000; ++i) deep += "SELECT Id FROM A WHERE Id IN (";
  EXPECT_FALSE(parse_soql(deep));
  EXPECT_FALSE(parse_soql("SELECT Id FROM A WHERE a = '" + std::string(200'000, 'x') + "'"));
}

}  // namespace
}  // namespace orgsim
