#include "orgsim/core/formula.h"

#include <gtest/gtest.h>

#include <string>

#include "orgsim/core/time_text.h"

namespace orgsim {
namespace {

const std::int64_t kNow = *parse_datetime("2026-03-05T10:20:30Z");

FormulaValue field_value(const FormulaNode& node) {
  if (node.field == "Word") return std::string("grüße");
  if (node.field == "Two") return 2.0;
  if (node.field == "Day") return FormulaDate{*parse_date("2024-02-29")};
  if (node.field == "Stage") return std::string("Won");
  if (node.field == "Yes") return true;
  return {};
}

Outcome<FormulaKind> field_kind(const FormulaNode& node) {
  if (node.field == "Word" || node.field == "NoWord") return FormulaKind::text;
  if (node.field == "Two" || node.field == "NoNumber") return FormulaKind::number;
  if (node.field == "Day") return FormulaKind::date;
  if (node.field == "Stage") return FormulaKind::picklist;
  if (node.field == "Yes") return FormulaKind::boolean;
  return fail(codes::kFieldIntegrity, "Field " + node.field + " does not exist. Check spelling.");
}

/// The value as text, or the error of the definition.
std::string result(std::string_view text) {
  const auto formula = Formula::parse(text);
  if (!formula) return formula.error().message;
  if (const auto kind = (*formula)->check(field_kind); !kind) return kind.error().message;
  const FormulaValue value = (*formula)->evaluate({field_value, kNow});
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* words = std::get_if<std::string>(&value)) return *words;
  if (const auto* date = std::get_if<FormulaDate>(&value)) return date_text(date->days);
  if (const auto* moment = std::get_if<FormulaMoment>(&value)) return rest_datetime(moment->ms);
  if (std::holds_alternative<FormulaError>(value)) return "#Error!";
  if (value.index() == 0) return "blank";
  std::string number = std::to_string(std::get<double>(value));
  number.erase(number.find_last_not_of('0') + 1);
  if (number.ends_with('.')) number.pop_back();
  return number;
}

TEST(Formula, OperatorsBindAsInArithmetic) {
  EXPECT_EQ(result("1 + 2 * 3 ^ 2"), "19");
  EXPECT_EQ(result("10 - 4 - 3"), "3");
  EXPECT_EQ(result("-(2 + 3) / 2"), "-2.5");
  EXPECT_EQ(result("1 + 1 = 2 && 2 < 3 || 1 / 0 > 1"), "true") << "what is not needed is not computed";
  EXPECT_EQ(result("/* nothing */ !(1 <> 1)"), "true");
  EXPECT_EQ(result("\"a\" & 'b' + \"c\\\"\""), "abc\"");
}

TEST(Formula, FunctionsOfText) {
  EXPECT_EQ(result("UPPER(Word)"), "GRÜßE");
  EXPECT_EQ(result("lower(\"ÄB\")"), "äb");
  EXPECT_EQ(result("LEN(Word)"), "5");
  EXPECT_EQ(result("LEFT(Word, 3) & '|' & RIGHT(Word, 2) & '|' & MID(Word, 2, 2)"), "grü|ße|rü");
  EXPECT_EQ(result("LEFT(\"a😀b\", 2)"), "a") << "a pair is not cut";
  EXPECT_EQ(result("TEXT(1.50) & TEXT(Day) & TEXT(Stage)"), "1.52024-02-29Won");
  EXPECT_EQ(result("TEXT(NOW())"), "2026-03-05 10:20:30Z");
  EXPECT_EQ(result("SUBSTITUTE(\"aXbX\", \"X\", \"-\") & TEXT(FIND(\"b\", \"aXbX\"))"), "a-b-3");
  EXPECT_EQ(result("CONTAINS(Word, \"üß\")"), "true");
  EXPECT_EQ(result("VALUE(\" 12.5 \") * 2"), "25");
}

TEST(Formula, FunctionsOfNumbersAndDates) {
  EXPECT_EQ(result("ROUND(2.675, 2)"), "2.68");
  EXPECT_EQ(result("MOD(-7, 3) + MAX(1, 5, 2) + ABS(-1) + FLOOR(1.9) + CEILING(1.1)"), "11");
  EXPECT_EQ(result("TODAY() - Day"), "735");
  EXPECT_EQ(result("Day + 1"), "2024-03-01");
  EXPECT_EQ(result("NOW() + 0.5"), "2026-03-05T22:20:30.000+0000");
  EXPECT_EQ(result("YEAR(Day) * 10000 + MONTH(Day) * 100 + DAY(Day)"), "20240229");
  EXPECT_EQ(result("DATE(2023, 2, 29)"), "#Error!");
  EXPECT_EQ(result("DATEVALUE(NOW()) = TODAY()"), "true");
}

TEST(Formula, BlanksAndErrorsGoThroughArithmetic) {
  EXPECT_EQ(result("NoNumber + 1"), "blank");
  EXPECT_EQ(result("NoWord & \"x\""), "x");
  EXPECT_EQ(result("BLANKVALUE(NoNumber, 7) + BLANKVALUE(Two, 7)"), "9");
  EXPECT_EQ(result("ISBLANK(NoWord) && NOT(ISBLANK(Stage))"), "true");
  EXPECT_EQ(result("NoNumber > 1"), "false");
  EXPECT_EQ(result("1 / 0 + 1"), "#Error!");
  EXPECT_EQ(result("IF(Yes, Two, 1 / 0)"), "2");
  EXPECT_EQ(result("CASE(Stage, \"Lost\", 1, \"Won\", 2, 3)"), "2");
  EXPECT_EQ(result("ISPICKVAL(Stage, \"Won\")"), "true");
}

TEST(Formula, SaysWhatIsWrongAsTheEditorDoes) {
  EXPECT_EQ(result("Nope + 1"), "Field Nope does not exist. Check spelling.");
  EXPECT_EQ(result("FOO(1)"), "Unknown function FOO. Check spelling.");
  EXPECT_EQ(result("(1 + 2"), "Syntax error.  Missing ')'");
  EXPECT_EQ(result("1 2"), "Syntax error.  Extra '2'");
  EXPECT_EQ(result("1 + ]"), "Syntax error.  Found ']'");
  EXPECT_EQ(result(""), "Syntax error");
  EXPECT_EQ(result("IF(Yes, 1)"), "Incorrect number of parameters for function 'IF()'. Expected 3, received 2");
  EXPECT_EQ(result("IF(1, 1, 2)"), "Incorrect parameter type for function 'IF()'. Expected Boolean, received Number");
  EXPECT_EQ(result("1 + Word"), "Incorrect parameter type for operator '+'. Expected Number, received Text");
  EXPECT_EQ(result("Stage = 'Won'"),
            "Field Stage is a picklist field. Picklist fields are only supported in certain functions.");
}

TEST(Formula, HugeOnesAreRefused) {
  EXPECT_EQ(result(std::string(4'000, ' ') + "1"),
            "Formula is too long (4001 characters). Maximum length is 3900 characters.");
  EXPECT_TRUE(result(std::string(1'900, '(') + "1").starts_with("Compiled formula is too big"));
  EXPECT_TRUE(result(std::string(3'000, '-') + "1").starts_with("Compiled formula is too big"));
  std::string sum = "1";
  for (int i = 0; i < 1'000; ++i) sum += "+1";
  EXPECT_TRUE(result(sum).starts_with("Compiled formula is too big"));
}

}  // namespace
}  // namespace orgsim
