#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "salesforce/rest_org_fixture_test.h"

namespace duet::salesforce {
namespace {

std::string decoded_query(const ScriptedServer::Seen& seen) {
  auto at = seen.target.find("q=");
  return at == std::string::npos ? std::string() : httplib::detail::decode_url(seen.target.substr(at + 2), false);
}

TEST(RestOrgRead, reads_by_id_and_says_what_is_gone) {
  Fixture f([](const httplib::Request&, httplib::Response& response) {
    json(
        response, 200,
        R"([null,{"attributes":{},"Id":"0014W000027f6V4QAI","Name":"x","SystemModstamp":"2020-10-22T21:03:23.000+0000"}])");
  });
  std::vector<std::string> ids = {kId, kOther};
  auto records = f.org.read(account(), ids);
  ASSERT_TRUE(records) << describe(records.error());
  EXPECT_TRUE((*records)[0].deleted);
  EXPECT_EQ((*records)[1].stamp, 1'603'400'603'000);
  EXPECT_EQ(
      f.server.seen()[0].body,
      R"({"fields":["Id","Name","Ext__c","SystemModstamp","LastModifiedById"],"ids":["0014W000027f6V3QAI","0014W000027f6V4QAI"]})");
  std::vector<std::string> hostile = {"x' OR Id != '"};
  EXPECT_FALSE(f.org.read(account(), hostile));
}

TEST(RestOrgRead, does_without_the_actor_where_an_object_has_none) {
  Fixture f([](const httplib::Request& request, httplib::Response& response) {
    if (request.body.find("LastModifiedById") != std::string::npos) {
      return json(
          response, 400,
          R"([{"message":"No such column 'LastModifiedById' on sobject of type Account","errorCode":"INVALID_FIELD"}])");
    }
    json(response, 200, "[null]");
  });
  std::vector<std::string> ids = {kId};
  EXPECT_TRUE(f.org.read(account(), ids));
  EXPECT_TRUE(f.org.read(account(), ids));
  EXPECT_EQ(f.server.seen().size(), 3u);
}

TEST(RestOrgRead, reads_by_key_with_escaped_literals) {
  Fixture f([](const httplib::Request&, httplib::Response& response) {
    json(response, 200, R"({"totalSize":1,"done":true,"records":[{"Id":"0014W000027f6V3QAI","Ext__c":"o'k"}]})");
  });
  std::vector<std::string> keys = {"o'k", "b\\"};
  auto records = f.org.read_by_key(account(), keys);
  ASSERT_TRUE(records) << describe(records.error());
  EXPECT_EQ(records->size(), 1u);
  EXPECT_EQ(
      decoded_query(f.server.seen()[0]),
      R"(SELECT Id,Name,Ext__c,SystemModstamp,LastModifiedById FROM Account WHERE Ext__c IN ('o\'k','b\\') LIMIT 2000)");
}

TEST(RestOrgRead, splits_keys_that_do_not_fit_an_address) {
  Fixture f([](const httplib::Request& request, httplib::Response& response) {
    EXPECT_LT(request.target.size(), 14'000u);
    json(response, 200, R"({"totalSize":0,"done":true,"records":[]})");
  });
  std::vector<std::string> keys;
  for (int i = 0; i < 200; ++i) keys.push_back(std::string(100, 'k') + std::to_string(i));
  ASSERT_TRUE(f.org.read_by_key(account(), keys));
  EXPECT_GT(f.server.seen().size(), 2u);
}

TEST(RestOrgRead, polls_by_stamp_and_id_and_follows_pages) {
  Fixture f([](const httplib::Request& request, httplib::Response& response) {
    if (request.target.find("/query/01g-1") != std::string::npos) {
      return json(
          response, 200,
          R"({"totalSize":2,"done":true,"records":[{"Id":"0014W000027f6V4QAI","IsDeleted":true,"SystemModstamp":"2020-10-22T21:03:24.000+0000"}]})");
    }
    json(
        response, 200,
        R"({"totalSize":2,"done":false,"nextRecordsUrl":"/services/data/v62.0/query/01g-1","records":[{"Id":"0014W000027f6V3QAI","SystemModstamp":"2020-10-22T21:03:23.000+0000"}]})");
  });
  auto page = f.org.changed(account(), 1'603'400'603'000, 1'603'400'700'000, kId);
  ASSERT_TRUE(page) << describe(page.error());
  EXPECT_TRUE(page->done);
  ASSERT_EQ(page->records.size(), 2u);
  EXPECT_TRUE(page->records[1].deleted);
  auto seen = f.server.seen();
  EXPECT_TRUE(seen[0].target.starts_with("/services/data/v62.0/queryAll?q="));
  EXPECT_EQ(decoded_query(seen[0]),
            "SELECT Id,Name,Ext__c,SystemModstamp,IsDeleted,LastModifiedById FROM Account WHERE (SystemModstamp > "
            "2020-10-22T21:03:23.000Z OR "
            "(SystemModstamp = 2020-10-22T21:03:23.000Z AND Id > '0014W000027f6V3QAI')) AND SystemModstamp < "
            "2020-10-22T21:05:00.000Z "
            "ORDER BY SystemModstamp ASC, Id ASC LIMIT 2000");
}

TEST(RestOrgRead, asks_for_ids_first_when_the_fields_do_not_fit_an_address) {
  Mapping wide = account();
  for (int i = 0; i < 500; ++i) {
    MappedField field;
    field.schema.name = "A_field_with_a_rather_long_name_" + std::to_string(i) + "__c";
    wide.fields.push_back(field);
  }
  Fixture f([](const httplib::Request& request, httplib::Response& response) {
    if (request.method == "POST")
      return json(response, 200,
                  R"([{"Id":"0014W000027f6V3QAI","Name":"x","SystemModstamp":"2020-10-22T21:03:59.000+0000"}])");
    json(
        response, 200,
        R"({"totalSize":2,"done":true,"records":[{"Id":"0014W000027f6V3QAI","IsDeleted":false,"SystemModstamp":"2020-10-22T21:03:23.000+0000"},
                            {"Id":"0014W000027f6V4QAI","IsDeleted":true,"SystemModstamp":"2020-10-22T21:03:24.000+0000"}]})");
  });
  auto page = f.org.changed(wide, 0, 1'703'400'700'000, {});
  ASSERT_TRUE(page) << describe(page.error());
  ASSERT_EQ(page->records.size(), 2u);
  EXPECT_EQ(value_of(page->records[0].fields, "Name"), Value(std::string("x")));
  EXPECT_EQ(page->records[0].stamp, 1'603'400'603'000) << "the page's order is the listed one";
  EXPECT_TRUE(page->records[1].deleted);
}

TEST(RestOrgRead, lists_deleted_records_by_whole_minutes) {
  Fixture f([](const httplib::Request&, httplib::Response& response) {
    json(
        response, 200,
        R"({"deletedRecords":[{"id":"0014W000027f6V3","deletedDate":"2015-05-18T22:31:17.000+0000"}],"earliestDateAvailable":"2015-04-11T06:44:00.000+0000","latestDateCovered":"2015-05-18T22:31:00.000+0000"})");
  });
  auto page = f.org.deleted(account(), 1'603'400'603'000, 1'603'400'604'000);
  ASSERT_TRUE(page) << describe(page.error());
  EXPECT_EQ(page->records.at(0).sfid, kId);
  EXPECT_EQ(format_timestamp(page->covered_until), "2015-05-18T22:31:00.000Z");
  EXPECT_EQ(f.server.seen()[0].target,
            "/services/data/v62.0/sobjects/Account/deleted/"
            "?start=2020-10-22T21%3A03%3A00.000Z&end=2020-10-22T21%3A04%3A00.000Z");
}

TEST(RestOrg, counts_and_names_itself) {
  Fixture f([](const httplib::Request& request, httplib::Response& response) {
    response.set_header("Sforce-Limit-Info", "api-usage=7/100");
    if (request.path == "/services/oauth2/userinfo")
      return json(response, 200, R"({"user_id":"0054W00000BZkk0","organization_id":"00D4W0000008abc"})");
    json(response, 200, R"({"totalSize":1234,"done":true,"records":[]})");
  });
  EXPECT_EQ(*f.org.count(account()), 1'234);
  auto identity = f.org.identity();
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->org_id, "00D4W0000008abcUAA");
  EXPECT_EQ(identity->user_id, "0054W00000BZkk0QAD");
  EXPECT_EQ(f.org.api_usage()->used, 7);
  EXPECT_TRUE(*f.org.has_change_events("Account"));
  EXPECT_TRUE(*f.org.has_change_events("Foo__c"));
  EXPECT_FALSE(*f.org.has_change_events("Bar__c"));
  EXPECT_FALSE(f.org.has_change_events("Broken"));
  EXPECT_FALSE(f.org.describe("../x"));
}

}  // namespace
}  // namespace duet::salesforce
