#include "orgsim/core/schema.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "orgsim/core/org.h"

namespace orgsim {
namespace {

using nlohmann::json;

TEST(Schema, HasTheStandardObjects) {
  const Schema schema = Schema::standard();
  EXPECT_EQ(schema.objects().size(), 32U);
  const ObjectDef* account = schema.object("account");
  ASSERT_NE(account, nullptr);
  EXPECT_EQ(account->name, "Account");
  EXPECT_EQ(account->key_prefix, "001");
  EXPECT_TRUE(account->cdc_selected);
  EXPECT_EQ(schema.object_by_prefix("003xx"), schema.object("Contact"));
  EXPECT_EQ(schema.object_by_change_event("ContactChangeEvent"), schema.object("Contact"));
  EXPECT_EQ(schema.object("Nothing__c"), nullptr);
}

TEST(Schema, FieldsCarryTheirFacts) {
  const Schema schema = Schema::standard();
  const ObjectDef* contact = schema.object("Contact");
  const FieldDef* last_name = contact->field("LASTNAME");
  ASSERT_NE(last_name, nullptr);
  EXPECT_EQ(last_name->length, 80);
  EXPECT_TRUE(last_name->required_on_create());
  EXPECT_EQ(last_name->compound_name, "Name");
  EXPECT_EQ(contact->relationship("account"), contact->field("AccountId"));
  EXPECT_FALSE(contact->field("OwnerId")->required_on_create());
  EXPECT_EQ(contact->parts("MailingAddress").size(), 8U);
  EXPECT_FALSE(contact->field("Description")->filterable);
  const FieldDef* status = schema.object("Lead")->field("Status");
  ASSERT_FALSE(status->picklist.empty());
  EXPECT_TRUE(std::ranges::any_of(status->picklist, [](const auto& entry) { return entry.is_default; }));
}

TEST(Schema, CreatesACustomObject) {
  Schema schema = Schema::standard();
  const auto made = schema.apply(json::parse(R"({"name":"Foo__c","fields":[
    {"name":"Ext__c","type":"string","length":36,"externalId":true,"unique":true},
    {"name":"Parent__c","type":"reference","referenceTo":"Account","masterDetail":true},
    {"name":"Where__c","type":"location"},
    {"name":"On__c","type":"boolean","defaultValue":true}]})"));
  ASSERT_TRUE(made) << made.error().message;
  const ObjectDef* foo = *made;
  EXPECT_EQ(foo->key_prefix, "a00");
  for (const char* name : {"Id", "IsDeleted", "Name", "OwnerId", "CreatedDate", "CreatedById", "LastModifiedDate",
                           "LastModifiedById", "SystemModstamp"}) {
    EXPECT_NE(foo->field(name), nullptr) << name;
  }
  EXPECT_TRUE(foo->field("ext__c")->id_lookup);
  EXPECT_EQ(foo->field("Parent__c")->relationship_name, "Parent__r");
  EXPECT_EQ(foo->parts("Where__c").size(), 2U);
  EXPECT_EQ(foo->change_event_name(), "Foo__ChangeEvent");
  EXPECT_EQ(schema.object_by_change_event("Foo__ChangeEvent"), foo);
  EXPECT_EQ(schema.object("Account")->children.back().relationship_name, "Foos__r");
  EXPECT_TRUE(schema.object("Account")->children.back().cascade_delete);
  EXPECT_EQ((*schema.apply({{"name", "Bar__c"}, {"cdc", false}}))->key_prefix, "a01");
  EXPECT_FALSE(schema.object("Bar__c")->cdc_selected);
}

TEST(Schema, AltersFieldsAndKeepsTheirPlace) {
  Schema schema = Schema::standard();
  ASSERT_TRUE(
      schema.apply(json::parse(R"({"name":"Account","fields":[{"name":"Score__c","type":"double","scale":2}]})")));
  const ObjectDef* account = schema.object("Account");
  const auto index = account->field("Score__c")->index;
  const auto version = account->version;
  ASSERT_TRUE(schema.apply(json::parse(R"({"name":"Account","fields":[{"name":"Score__c","scale":4,"label":"S"}]})")));
  EXPECT_EQ(account->field("Score__c")->index, index);
  EXPECT_EQ(account->field("Score__c")->scale, 4);
  EXPECT_GT(account->version, version);
  ASSERT_TRUE(schema.apply(json::parse(R"({"name":"Account","fields":[{"name":"Score__c","remove":true}]})")));
  EXPECT_EQ(account->field("Score__c"), nullptr);
  ASSERT_TRUE(schema.apply(json::parse(R"({"name":"Account","fields":[{"name":"Score__c","type":"string"}]})")));
  EXPECT_NE(account->field("Score__c")->index, index) << "a field made anew does not see the old one's cells";
}

TEST(Schema, SaysWhatIsWrongAndChangesNothing) {
  Schema schema = Schema::standard();
  const auto revision = schema.revision();
  for (const char* bad :
       {R"([])", R"({"label":"x"})", R"({"name":"Foo"})", R"({"name":"Foo__c","colour":1})",
        R"({"name":"Foo__c","fields":[{"name":"A__c","type":"int"}]})",
        R"({"name":"Foo__c","fields":[{"name":"A__c","type":"magic"}]})",
        R"({"name":"Foo__c","fields":[{"name":"A__c","lenght":3}]})",
        R"({"name":"Foo__c","fields":[{"name":"A__c","length":0}]})", R"({"name":"Foo__c","fields":[{"name":"Name"}]})",
        R"({"name":"Foo__c","fields":[{"name":"A__c","type":"reference","referenceTo":"No__c"}]})",
        R"({"name":"Foo__c","fields":[{"name":"A__c","type":"boolean","externalId":true}]})",
        R"({"name":"Account","fields":[{"name":"Name","type":"double"}]})",
        R"({"name":"Account","fields":[{"name":"Name","remove":true}]})"}) {
    const auto outcome = schema.apply(json::parse(bad));
    ASSERT_FALSE(outcome) << bad;
    EXPECT_FALSE(outcome.error().message.empty());
  }
  EXPECT_EQ(schema.revision(), revision);
  EXPECT_EQ(schema.object("Foo__c"), nullptr);
}

TEST(FieldSecurity, AHiddenFieldIsOutOfSightAndKeepsItsValues) {
  Org org;
  ASSERT_TRUE(org.select_for_events("Account", true));
  Transaction first = org.begin({});
  RecordInput input;
  input.set("Name", Value("A"));
  input.set("Phone", Value("7"));
  const std::string id = first.insert("Account", input).id;
  first.commit();
  const auto readable = [&](bool yes) {
    return org.apply_objects({{"name", "Account"}, {"fields", {{{"name", "phone"}, {"readable", yes}}}}});
  };
  const auto shown = org.topic_schema("/data/AccountChangeEvent");
  ASSERT_TRUE(readable(false)) << readable(false).error().message;
  EXPECT_EQ(org.query("SELECT Phone FROM Account").error().code, "INVALID_FIELD");
  Transaction second = org.begin({});
  RecordInput change;
  change.set("Phone", Value("8"));
  EXPECT_EQ(second.update("Account", id, change).errors.at(0).code, "INVALID_FIELD");
  RecordInput other;
  other.set("Fax", Value("9"));
  EXPECT_TRUE(second.update("Account", id, other).success);
  second.commit();
  ASSERT_NE(shown, nullptr);
  EXPECT_NE(org.topic_schema("/data/AccountChangeEvent")->id, shown->id);
  ASSERT_TRUE(readable(true));
  EXPECT_EQ(org.find("Account", id)->get("Phone"), Value("7"));
  for (const char* never : {"Id", "Name", "OwnerId", "SystemModstamp", "Nope__c"}) {
    EXPECT_FALSE(org.apply_objects({{"name", "Account"}, {"fields", {{{"name", never}, {"readable", false}}}}}))
        << never;
  }
}

}  // namespace
}  // namespace orgsim
