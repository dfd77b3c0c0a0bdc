#include "orgsim/core/describe.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace orgsim {
namespace {

using nlohmann::json;

json field_of(const json& describe, const std::string& name) {
  for (const json& field : describe["fields"]) {
    if (field["name"] == name) return field;
  }
  return nullptr;
}

TEST(Describe, GlobalListsEveryObject) {
  const Schema schema = Schema::standard();
  const json global = describe_global(schema, "62.0");
  EXPECT_EQ(global["maxBatchSize"], 200);
  EXPECT_EQ(global["sobjects"].size(), 31U);
  EXPECT_EQ(global["sobjects"][0]["urls"]["describe"], "/services/data/v62.0/sobjects/Account/describe");
}

TEST(Describe, EveryFieldHasEveryAttribute) {
  const Schema schema = Schema::standard();
  for (const ObjectDef& object : schema.objects()) {
    const json describe = describe_object(object, "62.0");
    for (const json& field : describe["fields"]) ASSERT_EQ(field.size(), 57U) << field["name"];
  }
}

TEST(Describe, AttributesFollowTheType) {
  const Schema schema = Schema::standard();
  const json account = describe_object(*schema.object("Account"), "62.0");
  EXPECT_EQ(field_of(account, "Id")["soapType"], "tns:ID");
  EXPECT_EQ(field_of(account, "Id")["length"], 18);
  EXPECT_EQ(field_of(account, "Name")["byteLength"], 765);
  EXPECT_EQ(field_of(account, "AnnualRevenue")["soapType"], "xsd:double");
  EXPECT_EQ(field_of(account, "BillingAddress")["queryByDistance"], true);
  EXPECT_EQ(field_of(account, "BillingCity")["compoundFieldName"], "BillingAddress");
  EXPECT_EQ(field_of(account, "IsDeleted")["defaultValue"], false);
  EXPECT_EQ(field_of(account, "Industry")["picklistValues"][0].size(), 5U);
  const json task = describe_object(*schema.object("Task"), "62.0");
  EXPECT_EQ(field_of(task, "WhoId")["polymorphicForeignKey"], true);
}

TEST(Describe, CustomFieldsShowTheirDefinition) {
  Schema schema = Schema::standard();
  ASSERT_TRUE(schema.apply(json::parse(
      R"({"name":"Foo__c","fields":[{"name":"Ext__c","length":36,"externalId":true,"unique":true,"caseSensitive":true}]})")));
  const json field = field_of(describe_object(*schema.object("Foo__c"), "62.0"), "Ext__c");
  for (const char* flag : {"custom", "externalId", "unique", "caseSensitive", "idLookup", "createable", "updateable"}) {
    EXPECT_EQ(field[flag], true) << flag;
  }
  EXPECT_EQ(field["length"], 36);
  EXPECT_EQ(field["byteLength"], 108);
}

}  // namespace
}  // namespace orgsim
