#include "salesforce/describe_json.h"

#include <gtest/gtest.h>

namespace duet::salesforce {
namespace {

TEST(DescribeJson, reads_the_list_of_objects) {
  auto objects = read_object_list(R"({"encoding":"UTF-8","maxBatchSize":200,"sobjects":[
    {"name":"Account","label":"Account","keyPrefix":"001","queryable":true,"createable":true,"updateable":true,"deletable":true,"replicateable":true},
    {"name":"AccountChangeEvent","label":"x","keyPrefix":null,"queryable":false}]})");
  ASSERT_TRUE(objects);
  ASSERT_EQ(objects->size(), 2u);
  EXPECT_EQ((*objects)[0].key_prefix, "001");
  EXPECT_TRUE((*objects)[0].replicateable);
  EXPECT_FALSE((*objects)[1].queryable);
  EXPECT_EQ((*objects)[1].key_prefix, "");
}

TEST(DescribeJson, reads_an_objects_fields) {
  auto schema = read_describe(
      R"({"name":"Account","label":"Account","keyPrefix":"001","custom":false,"createable":true,"queryable":true,"fields":[
    {"name":"BillingCity","label":"City","type":"string","length":40,"nillable":true,"createable":true,"updateable":true,"compoundFieldName":"BillingAddress"},
    {"name":"Name","type":"string","compoundFieldName":"Name","nillable":false},
    {"name":"ParentId","type":"reference","referenceTo":["Account"],"relationshipName":"Parent"},
    {"name":"Amount__c","type":"currency","precision":18,"scale":2,"calculated":true,"defaultedOnCreate":true},
    {"name":"Ext__c","type":"string","externalId":true,"unique":true,"caseSensitive":true,"idLookup":true,"compoundFieldName":null}]})");
  ASSERT_TRUE(schema);
  ASSERT_EQ(schema->fields.size(), 5u);
  EXPECT_EQ(schema->find("billingcity")->compound_field, "BillingAddress");
  EXPECT_EQ(schema->find("BillingCity")->length, 40);
  EXPECT_EQ(schema->find("Name")->compound_field, "");
  EXPECT_EQ(schema->find("ParentId")->reference_to, std::vector<std::string>{"Account"});
  EXPECT_EQ(schema->find("Amount__c")->type, FieldType::currency);
  EXPECT_EQ(schema->find("Amount__c")->scale, 2);
  EXPECT_TRUE(schema->find("Ext__c")->external_id && schema->find("Ext__c")->unique &&
              schema->find("Ext__c")->case_sensitive);
}

TEST(DescribeJson, refuses_anything_else) {
  for (const char* body :
       {"", "[]", "{}", "<html>", R"({"sobjects":[{}]})", R"({"name":"A","fields":[{}]})", R"({"fields":[]})"}) {
    EXPECT_FALSE(read_object_list(body)) << body;
    EXPECT_FALSE(read_describe(body)) << body;
  }
}

}  // namespace
}  // namespace duet::salesforce
