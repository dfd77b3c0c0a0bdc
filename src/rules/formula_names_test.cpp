#include "rules/formula_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace duet::rules {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Path = std::vector<std::string>;

TEST(FormulaNames, AreFieldsAndTheWaysToThem) {
  const FormulaNames names = formula_names("IF(ISBLANK(Parent__r.Owner__r.X__c), Account.Name & Net__c, Account.Name)");
  EXPECT_THAT(names.paths, ElementsAre(Path{"Parent__r", "Owner__r", "X__c"}, Path{"Account", "Name"}, Path{"Net__c"}));
  EXPECT_FALSE(names.follows_the_clock);
}

TEST(FormulaNames, AreNotWhatStandsInTextsAndComments) {
  EXPECT_THAT(formula_names(R"("Account.Name \" still.text" & 'It\'s.one' /* Account.Phone * / */ & A__c)").paths,
              ElementsAre(Path{"A__c"}));
  EXPECT_THAT(formula_names("\"never ends Account.Name").paths, IsEmpty());
  EXPECT_THAT(formula_names("A__c /* never ends Account.Name").paths, ElementsAre(Path{"A__c"}));
  EXPECT_THAT(formula_names("\"ends with \\").paths, IsEmpty());
}

TEST(FormulaNames, AreNoFunctionsNumbersOrConstants) {
  EXPECT_THAT(formula_names("ROUND (1.5e3 * 2 , 0) > 10 && TRUE || null = FALSE").paths, IsEmpty());
  EXPECT_THAT(formula_names("x1_c*2.5-1.A").paths, ElementsAre(Path{"x1_c"}, Path{"A"}));
}

TEST(FormulaNames, KeepWhatAGlobalOrAPolymorphicParentIsCalled) {
  EXPECT_THAT(formula_names("$User.Id = Owner:User . Alias").paths,
              ElementsAre(Path{"$User", "Id"}, Path{"Owner:User", "Alias"}));
}

TEST(FormulaNames, TellWhetherTheClockMovesTheValue) {
  EXPECT_TRUE(formula_names("today () - Birthdate").follows_the_clock);
  EXPECT_TRUE(formula_names("NOW()").follows_the_clock);
  EXPECT_FALSE(formula_names("Now__c").follows_the_clock);
  EXPECT_FALSE(formula_names("\"NOW()\"").follows_the_clock);
}

}  // namespace
}  // namespace duet::rules
