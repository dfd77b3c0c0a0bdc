#include "rules/formula_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace duet::rules {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

MappedField plain(const std::string& name) {
  MappedField field;
  field.schema.name = name;
  field.column = to_lower(name);
  return field;
}

MappedField formula(const std::string& name, const std::string& text) {
  MappedField field = plain(name);
  field.schema.calculated = true;
  field.schema.formula = text;
  return field;
}

MappedField reference(const std::string& name, const std::string& relationship, std::vector<std::string> to) {
  MappedField field = plain(name);
  field.schema.type = FieldType::reference;
  field.schema.relationship_name = relationship;
  field.schema.reference_to = std::move(to);
  return field;
}

Mapping mapping(const std::string& object, std::vector<MappedField> fields) {
  Mapping made;
  made.object = object;
  made.fields = std::move(fields);
  return made;
}

std::set<std::string, std::less<>> changed(std::initializer_list<std::string> names) { return {names}; }

TEST(FormulaGraph, IsEmptyWithoutCalculatedFields) {
  const std::vector<Mapping> mappings{mapping("Account", {plain("Name")}),
                                      mapping("Contact", {reference("AccountId", "Account", {"Account"})})};
  const FormulaGraph graph(mappings);
  EXPECT_EQ(graph.effects_of(mappings[0]), nullptr);
  EXPECT_EQ(graph.effects_of(mappings[1]), nullptr);
  EXPECT_THAT(graph.calculated(), IsEmpty());
}

TEST(FormulaGraph, LeadsFromAParentToItsChildren) {
  const std::vector<Mapping> mappings{
      mapping("Account", {plain("Name"), plain("Phone")}),
      mapping("Contact", {reference("AccountId", "Account", {"Account"}), plain("LastName"), plain("Email"),
                          formula("Card__c", "LastName & account.NAME")})};
  const FormulaGraph graph(mappings);
  const FormulaEffects* account = graph.effects_of(mappings[0]);
  ASSERT_TRUE(account);
  EXPECT_FALSE(account->self);
  ASSERT_EQ(account->dependents.size(), 1U);
  EXPECT_THAT(account->dependents[0].path, ElementsAre(FormulaLink{&mappings[1], "AccountId"}));
  EXPECT_TRUE(account->dependents[0].trigger.fires(changed({"Name"})));
  EXPECT_FALSE(account->dependents[0].trigger.fires(changed({"Phone", "SystemModstamp"})));
  const FormulaEffects* contact = graph.effects_of(mappings[1]);
  ASSERT_TRUE(contact && contact->self);
  EXPECT_TRUE(contact->self->fires(changed({"AccountId"})));
  EXPECT_TRUE(contact->self->fires(changed({"LastName"})));
  EXPECT_FALSE(contact->self->fires(changed({"Email"})));
  EXPECT_THAT(graph.notes(), IsEmpty());
}

TEST(FormulaGraph, FollowsSeveralLinksAndSeesEachOfThem) {
  const std::vector<Mapping> mappings{
      mapping("Account", {reference("ParentId", "Parent", {"Account"}), plain("Name")}),
      mapping("Contact", {reference("AccountId", "Account", {"Account"}), formula("Top__c", "Account.Parent.Name")})};
  const FormulaGraph graph(mappings);
  const FormulaEffects* account = graph.effects_of(mappings[0]);
  ASSERT_TRUE(account);
  ASSERT_EQ(account->dependents.size(), 2U);
  EXPECT_THAT(account->dependents[0].path, ElementsAre(FormulaLink{&mappings[1], "AccountId"}));
  EXPECT_THAT(account->dependents[0].trigger.fields, UnorderedElementsAre("ParentId"));
  EXPECT_THAT(account->dependents[1].path,
              ElementsAre(FormulaLink{&mappings[1], "AccountId"}, FormulaLink{&mappings[0], "ParentId"}));
  EXPECT_THAT(account->dependents[1].trigger.fields, UnorderedElementsAre("Name"));
}

TEST(FormulaGraph, CountsEveryChangeWhenAFieldIsNotMapped) {
  const std::vector<Mapping> mappings{mapping("Account", {plain("Phone")}),
                                      mapping("Contact", {reference("AccountId", "Account", {"Account"}),
                                                          formula("Card__c", "Account.Name & Nick__c")})};
  const FormulaGraph graph(mappings);
  EXPECT_TRUE(graph.effects_of(mappings[0])->dependents[0].trigger.fires(changed({"SystemModstamp"})));
  EXPECT_TRUE(graph.effects_of(mappings[1])->self->fires(changed({"SystemModstamp"})));
}

TEST(FormulaGraph, ChoosesThePolymorphicParentThatTheFormulaNames) {
  const std::vector<Mapping> mappings{
      mapping("User", {plain("Alias")}), mapping("Group", {plain("Alias")}),
      mapping("Case", {reference("OwnerId", "Owner", {"Group", "User"}), formula("By__c", "Owner:User.Alias")})};
  const FormulaGraph graph(mappings);
  EXPECT_TRUE(graph.effects_of(mappings[0]));
  EXPECT_FALSE(graph.effects_of(mappings[1]));
}

TEST(FormulaGraph, SeesTheEventPartsOfACompound) {
  MappedField last = plain("LastName");
  last.schema.compound_field = "Name";
  const std::vector<Mapping> mappings{
      mapping("Contact", {plain("Name"), last}),
      mapping("Case", {reference("ContactId", "Contact", {"Contact"}), formula("Who__c", "Contact.Name")})};
  EXPECT_TRUE(FormulaGraph(mappings).effects_of(mappings[0])->dependents[0].trigger.fires(changed({"LastName"})));
}

TEST(FormulaGraph, LeadsFromADetailToItsMastersRollUps) {
  MappedField total = formula("Total__c", "");
  MappedField master = reference("Order__c", "Order__r", {"Order__c"});
  master.schema.cascade_delete = true;
  const std::vector<Mapping> mappings{mapping("Order__c", {total, formula("Count__c", "")}),
                                      mapping("Line__c", {master, plain("Price__c")}),
                                      mapping("Note__c", {reference("Order__c", "Order__r", {"Order__c"})})};
  const FormulaGraph graph(mappings);
  const FormulaEffects* line = graph.effects_of(mappings[1]);
  ASSERT_TRUE(line);
  ASSERT_EQ(line->roll_ups.size(), 1U);
  EXPECT_EQ(line->roll_ups[0].parent, &mappings[0]);
  EXPECT_EQ(line->roll_ups[0].reference, "Order__c");
  EXPECT_EQ(graph.effects_of(mappings[2]), nullptr) << "a look-up has no roll-ups";
  EXPECT_THAT(graph.calculated(), ElementsAre(&mappings[0]));
}

TEST(FormulaGraph, SaysWhatNoEventCanTell) {
  const std::vector<Mapping> mappings{mapping(
      "Contact",
      {reference("AccountId", "Account", {"Account"}), formula("A__c", "Account.Name"), formula("B__c", "Boss__r.Name"),
       formula("C__c", "TODAY()"), formula("D__c", "$User.Id"), formula("E__c", "")})};
  const FormulaGraph graph(mappings);
  ASSERT_EQ(graph.notes().size(), 5U);
  const std::vector<std::string> words{"not mapped", "no mapped field for Boss__r", "reads the clock", "$User.Id",
                                       "no child"};
  for (std::size_t i = 0; i < words.size(); ++i) {
    EXPECT_EQ(graph.notes()[i].object, "Contact");
    EXPECT_THAT(graph.notes()[i].text, HasSubstr(words[i]));
  }
}

}  // namespace
}  // namespace duet::rules
