#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "salesforce/rest_org_fixture_test.h"

namespace duet::salesforce {
namespace {

using ports::SendBatch;
using ports::Transport;
using ports::Verdict;

TEST(RestOrgSend, upserts_a_collection_by_key_with_the_token) {
  Fixture f([](const httplib::Request&, httplib::Response& response) {
    json(response, 200, R"([{"id":"0014W000027f6V3QAI","success":true,"errors":[],"created":true},
                            {"success":false,"errors":[{"statusCode":"DUPLICATE_VALUE","message":"duplicate value found: Ext__c duplicates value","fields":[]}]}])");
  });
  SendBatch batch{.kind = AttemptKind::create, .transport = Transport::collection, .token = "duet-1", .records = {}};
  batch.records.push_back(
      {.sfid = {}, .external_id = "k-1", .fields = {{"Name", std::string("A\"b")}, {"Ext__c", std::string("k-1")}}});
  batch.records.push_back({.sfid = {}, .external_id = "k-2", .fields = {{"Name", Null{}}}});
  auto outcomes = f.org.send(account(), batch);
  ASSERT_EQ(outcomes.size(), 2u);
  EXPECT_EQ(outcomes[0].verdict, Verdict::accepted);
  EXPECT_EQ(outcomes[0].sfid, kId);
  EXPECT_TRUE(outcomes[0].created);
  EXPECT_EQ(outcomes[1].verdict, Verdict::rejected);
  EXPECT_EQ(outcomes[1].error->kind, ErrorKind::duplicate);
  auto seen = f.server.seen().at(0);
  EXPECT_EQ(seen.method, "PATCH");
  EXPECT_EQ(seen.target, "/services/data/v62.0/composite/sobjects/Account/Ext__c");
  EXPECT_EQ(
      seen.body,
      R"({"allOrNone":false,"records":[{"attributes":{"type":"Account"},"Ext__c":"k-1","Name":"A\"b"},{"attributes":{"type":"Account"},"Ext__c":"k-2","Name":null}]})");
  EXPECT_EQ(seen.headers.find("Sforce-Call-Options")->second, "client=duet-1");
}

TEST(RestOrgSend, updates_deletes_and_inserts_without_key_by_collections) {
  Fixture f([](const httplib::Request&, httplib::Response& response) {
    json(response, 200, R"([{"id":"0014W000027f6V3QAI","success":true,"errors":[]}])");
  });
  SendBatch batch{.kind = AttemptKind::update, .transport = Transport::collection, .token = "t", .records = {}};
  batch.records.push_back({.sfid = kId, .external_id = {}, .fields = {{"Name", std::string("x")}}});
  EXPECT_EQ(f.org.send(account(), batch)[0].verdict, Verdict::accepted);
  batch.kind = AttemptKind::remove;
  EXPECT_EQ(f.org.send(account(), batch)[0].verdict, Verdict::accepted);
  batch.kind = AttemptKind::create;
  EXPECT_EQ(f.org.send(account(), batch)[0].verdict, Verdict::accepted);
  auto seen = f.server.seen();
  ASSERT_EQ(seen.size(), 3u);
  EXPECT_EQ(seen[0].method + " " + seen[0].target, "PATCH /services/data/v62.0/composite/sobjects");
  EXPECT_NE(seen[0].body.find(R"("id":"0014W000027f6V3QAI")"), std::string::npos);
  EXPECT_EQ(seen[1].method + " " + seen[1].target,
            std::string("DELETE /services/data/v62.0/composite/sobjects?ids=") + kId + "&allOrNone=false");
  EXPECT_EQ(seen[2].method + " " + seen[2].target, "POST /services/data/v62.0/composite/sobjects");
}

/// Answers each collection of a composite request: `odd` tells what is in part 1.
std::string composite_answer(const std::string& request, const std::string& odd) {
  const auto asked = nlohmann::json::parse(request);
  auto parts = nlohmann::json::array();
  const auto refusal = nlohmann::json::parse(R"([{"errorCode":"INVALID_FIELD","message":"No such column"}])");
  // What was refused as a whole comes again in halves.
  if (!asked.contains("compositeRequest")) return refusal.dump();
  for (const auto& part : asked["compositeRequest"]) {
    const nlohmann::json result = {{"id", kId}, {"success", true}, {"errors", nlohmann::json::array()}};
    parts.push_back({{"referenceId", part["referenceId"]},
                     {"httpStatusCode", 200},
                     {"body", nlohmann::json(part["body"]["records"].size(), result)}});
  }
  if (odd == "missing") parts.erase(1);
  if (odd == "refused") {
    parts[1]["httpStatusCode"] = 400;
    parts[1]["body"] = refusal;
  }
  std::reverse(parts.begin(), parts.end());
  return nlohmann::json({{"compositeResponse", parts}}).dump();
}

SendBatch updates(int count) {
  SendBatch batch{.kind = AttemptKind::update, .transport = Transport::collection, .token = "t", .records = {}};
  for (int i = 0; i < count; ++i)
    batch.records.push_back({.sfid = kId, .external_id = {}, .fields = {{"Name", std::string("x")}}});
  return batch;
}

TEST(RestOrgSend, five_collections_are_one_composite_call) {
  Fixture f([](const httplib::Request& request, httplib::Response& response) {
    json(response, 200, composite_answer(request.body, ""));
  });
  const auto outcomes = f.org.send(account(), updates(1'000));
  ASSERT_EQ(f.server.seen().size(), 1u);
  EXPECT_EQ(f.server.seen()[0].target, "/services/data/v62.0/composite");
  ASSERT_EQ(outcomes.size(), 1'000u);
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome.verdict, Verdict::accepted);
}

TEST(RestOrgSend, a_composite_calls_parts_are_told_apart) {
  std::string odd;
  Fixture f([&](const httplib::Request& request, httplib::Response& response) {
    const bool composite = request.body.find("compositeRequest") != std::string::npos;
    json(response, composite ? 200 : 400, composite_answer(request.body, odd));
  });
  for (const auto& [what, verdict] : {std::pair{"missing", Verdict::unknown}, {"refused", Verdict::rejected}}) {
    odd = what;
    const auto outcomes = f.org.send(account(), updates(401));
    EXPECT_EQ(outcomes[199].verdict, Verdict::accepted) << what;
    EXPECT_EQ(outcomes[200].verdict, verdict) << what;
    EXPECT_EQ(outcomes[399].verdict, verdict) << what;
    EXPECT_EQ(outcomes[400].verdict, Verdict::accepted) << what;
  }
}

TEST(RestOrgSend, a_record_that_cannot_be_written_does_not_hold_back_the_others) {
  Fixture f([](const httplib::Request&, httplib::Response& response) {
    json(response, 200, R"([{"id":"0014W000027f6V4QAI","success":true,"errors":[]}])");
  });
  SendBatch batch{.kind = AttemptKind::update, .transport = Transport::collection, .token = "t", .records = {}};
  batch.records.push_back({.sfid = kId, .external_id = {}, .fields = {{"Name", std::string("\xff")}}});
  batch.records.push_back({.sfid = kOther, .external_id = {}, .fields = {{"Name", std::string("x")}}});
  auto outcomes = f.org.send(account(), batch);
  EXPECT_EQ(outcomes[0].verdict, Verdict::rejected);
  EXPECT_EQ(outcomes[0].error->kind, ErrorKind::bad_data);
  EXPECT_EQ(outcomes[1].verdict, Verdict::accepted);
  EXPECT_EQ(outcomes[1].sfid, kOther);
}

TEST(RestOrgSend, tells_every_record_of_a_call_that_failed_as_a_whole) {
  int status = 503;
  std::string body = "<html>";
  Fixture f([&](const httplib::Request&, httplib::Response& response) { json(response, status, body); });
  SendBatch batch{.kind = AttemptKind::update, .transport = Transport::collection, .token = "t", .records = {}};
  for (int i = 0; i < 2; ++i)
    batch.records.push_back({.sfid = kId, .external_id = {}, .fields = {{"Name", std::string("x")}}});
  for (const auto& outcome : f.org.send(account(), batch)) EXPECT_EQ(outcome.verdict, Verdict::unknown);
  status = 403;
  body = R"([{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}])";
  for (const auto& outcome : f.org.send(account(), batch)) {
    EXPECT_EQ(outcome.verdict, Verdict::rejected);
    EXPECT_EQ(outcome.error->kind, ErrorKind::throttled);
  }
  status = 200;
  body = "[]";
  for (const auto& outcome : f.org.send(account(), batch)) EXPECT_EQ(outcome.verdict, Verdict::unknown);
}

TEST(RestOrgSend, sends_nothing_to_an_org_that_cannot_be_reached) {
  ConnectionSettings settings;
  {
    ScriptedServer closed([](const httplib::Request&, httplib::Response&) {});
    settings = closed.settings();
  }
  RestOrg org(std::make_shared<Session>(settings), std::make_shared<NoPubSub>());
  SendBatch batch{.kind = AttemptKind::update,
                  .transport = Transport::single_row,
                  .token = "t",
                  .records = {{.sfid = kId, .external_id = {}, .fields = {}}}};
  EXPECT_EQ(org.send(account(), batch)[0].verdict, Verdict::not_sent);
}

TEST(RestOrgSend, sends_single_rows) {
  Fixture f([](const httplib::Request& request, httplib::Response& response) {
    if (request.method == "PATCH" && request.has_header("If-Unmodified-Since")) return json(response, 412, "");
    if (request.method == "DELETE")
      return json(response, 404, R"([{"message":"entity is deleted","errorCode":"ENTITY_IS_DELETED","fields":[]}])");
    json(response, 201, R"({"id":"0014W000027f6V3QAI","success":true,"errors":[],"created":true})");
  });
  SendBatch batch{
      .kind = AttemptKind::create, .transport = Transport::single_row, .token = "bad\r\ntoken", .records = {}};
  batch.records.push_back(
      {.sfid = kId, .external_id = "a/b ü", .fields = {{"Name", std::string("x")}, {"Ext__c", std::string("a/b ü")}}});
  EXPECT_EQ(f.org.send(account(), batch)[0].sfid, kId);
  batch.kind = AttemptKind::update;
  batch.records[0].if_unmodified_since = 1'439'164'800'999;
  EXPECT_EQ(f.org.send(account(), batch)[0].error->code, "PRECONDITION_FAILED");
  batch.kind = AttemptKind::remove;
  EXPECT_EQ(f.org.send(account(), batch)[0].verdict, Verdict::accepted);
  Mapping keyless = account();
  keyless.upsert_field.clear();
  batch.kind = AttemptKind::create;
  EXPECT_EQ(f.org.send(keyless, batch)[0].verdict, Verdict::accepted);
  auto seen = f.server.seen();
  EXPECT_EQ(seen[0].target, "/services/data/v62.0/sobjects/Account/Ext__c/a%2Fb%20%C3%BC");
  EXPECT_EQ(seen[0].body, R"({"Name":"x"})");
  EXPECT_FALSE(seen[0].headers.contains("Sforce-Call-Options"));
  EXPECT_EQ(seen[1].headers.find("If-Unmodified-Since")->second, "Mon, 10 Aug 2015 00:00:00 GMT");
  EXPECT_EQ(seen[3].method + " " + seen[3].target, "POST /services/data/v62.0/sobjects/Account");
}

TEST(RestOrgSend, segment_flaw_1_a_batch_that_is_refused_as_a_whole_is_halved_until_the_record_is_found) {
  Fixture f([](const httplib::Request& request, httplib::Response& response) {
    if (request.body.find("poison") != std::string::npos)
      return json(response, 400, R"([{"errorCode":"JSON_PARSER_ERROR","message":"Cannot deserialize"}])");
    const auto count = nlohmann::json::parse(request.body)["records"].size();
    auto answer = nlohmann::json::array();
    for (std::size_t i = 0; i < count; ++i)
      answer.push_back({{"id", kId}, {"success", true}, {"errors", nlohmann::json::array()}});
    json(response, 200, answer.dump());
  });
  SendBatch batch{.kind = AttemptKind::update, .transport = Transport::collection, .token = "t", .records = {}};
  for (int i = 0; i < 100; ++i)
    batch.records.push_back(
        {.sfid = kId, .external_id = {}, .fields = {{"Name", std::string(i == 37 ? "poison" : "good")}}});
  const auto outcomes = f.org.send(account(), batch);
  for (std::size_t i = 0; i < outcomes.size(); ++i)
    EXPECT_EQ(outcomes[i].verdict, i == 37 ? Verdict::rejected : Verdict::accepted) << i;
  EXPECT_LE(f.server.seen().size(), 15U);
}

TEST(RestOrgSend, sends_conditional_rows_in_one_composite_request) {
  Fixture f([](const httplib::Request&, httplib::Response& response) {
    json(response, 200,
         R"({"compositeResponse":[{"body":null,"httpHeaders":{},"httpStatusCode":204,"referenceId":"c0"},
             {"body":null,"httpHeaders":{},"httpStatusCode":412,"referenceId":"c1"}]})");
  });
  SendBatch batch{.kind = AttemptKind::update, .transport = Transport::rows, .token = "duet-1", .records = {}};
  batch.records.push_back({.sfid = kId, .external_id = {}, .fields = {{"Name", std::string("x")}}});
  batch.records.push_back({.sfid = kOther, .external_id = {}, .fields = {{"Name", Null{}}}});
  batch.records.push_back({.sfid = kOther, .external_id = {}, .fields = {{"Name", std::string("y")}}});
  for (auto& record : batch.records) record.if_unmodified_since = 1'439'164'800'000;
  const auto outcomes = f.org.send(account(), batch);
  ASSERT_EQ(outcomes.size(), 3u);
  EXPECT_EQ(outcomes[0].verdict, Verdict::accepted);
  EXPECT_EQ(outcomes[1].verdict, Verdict::rejected);
  EXPECT_EQ(outcomes[1].error->code, "PRECONDITION_FAILED");
  EXPECT_EQ(outcomes[2].verdict, Verdict::unknown) << "the answer does not speak of it";
  const auto seen = f.server.seen();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].target, "/services/data/v62.0/composite");
  const auto sent = nlohmann::json::parse(seen[0].body);
  EXPECT_FALSE(sent["allOrNone"].get<bool>());
  ASSERT_EQ(sent["compositeRequest"].size(), 3u);
  EXPECT_EQ(sent["compositeRequest"][1]["httpHeaders"]["If-Unmodified-Since"], "Mon, 10 Aug 2015 00:00:00 GMT");
  EXPECT_TRUE(sent["compositeRequest"][1]["body"]["Name"].is_null());
}

}  // namespace
}  // namespace duet::salesforce
