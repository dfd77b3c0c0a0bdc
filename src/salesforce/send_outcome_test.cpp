#include "salesforce/send_outcome.h"

#include <gtest/gtest.h>

namespace duet::salesforce {
namespace {

using ports::SendOutcome;
using ports::Verdict;

HttpResponse answer(int status, std::string body = {}) {
  HttpResponse response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

const RestCall kPatch{.method = "PATCH", .path = "/services/data/v62.0/sobjects/Account/001"};

TEST(RowAnswer, tells_created_updated_and_done) {
  SendOutcome created =
      read_row_answer(kPatch, answer(201, R"({"id":"0014W000027f6V3QAI","success":true,"errors":[],"created":true})"));
  EXPECT_EQ(created.verdict, Verdict::accepted);
  EXPECT_TRUE(created.created);
  EXPECT_EQ(created.sfid, "0014W000027f6V3QAI");
  SendOutcome updated =
      read_row_answer(kPatch, answer(200, R"({"id":"0014W000027f6V3QAI","success":true,"errors":[],"created":false})"));
  EXPECT_EQ(updated.verdict, Verdict::accepted);
  EXPECT_FALSE(updated.created);
  EXPECT_EQ(read_row_answer(kPatch, answer(204)).verdict, Verdict::accepted);
}

TEST(RowAnswer, several_records_with_the_key_are_named) {
  SendOutcome outcome = read_row_answer(
      kPatch,
      answer(
          300,
          R"(["/services/data/v62.0/sobjects/Foo__c/a004W000027f6V3QAI","/services/data/v62.0/sobjects/Foo__c/a004W000027f6V4QAI"])"));
  EXPECT_EQ(outcome.verdict, Verdict::rejected);
  EXPECT_EQ(outcome.error->kind, ErrorKind::duplicate) << "looked up by the key and parked (rule 8)";
  EXPECT_EQ(outcome.error->code, "DUPLICATE_EXTERNAL_ID");
  EXPECT_NE(outcome.error->detail.find(", "), std::string::npos);
}

TEST(RowAnswer, a_server_error_or_an_odd_success_leaves_the_outcome_unknown) {
  for (int status : {500, 502, 503, 504})
    EXPECT_EQ(read_row_answer(kPatch, answer(status, "<html>")).verdict, Verdict::unknown) << status;
  EXPECT_EQ(read_row_answer(kPatch, answer(503, R"([{"errorCode":"SERVER_UNAVAILABLE","message":"x"}])")).error->kind,
            ErrorKind::outcome_unknown);
  EXPECT_EQ(read_row_answer(kPatch, answer(200, "<html>")).verdict, Verdict::unknown);
  EXPECT_EQ(read_row_answer(kPatch, answer(202)).verdict, Verdict::unknown);
}

TEST(RowAnswer, a_refusal_is_a_refusal) {
  SendOutcome outcome =
      read_row_answer(kPatch, answer(400, R"([{"errorCode":"STRING_TOO_LONG","message":"m","fields":["Name"]}])"));
  EXPECT_EQ(outcome.verdict, Verdict::rejected);
  EXPECT_EQ(outcome.error->code, "STRING_TOO_LONG");
  SendOutcome stale = read_row_answer(kPatch, answer(412));
  EXPECT_EQ(stale.verdict, Verdict::rejected);
  EXPECT_EQ(stale.error->code, "PRECONDITION_FAILED");
}

TEST(CollectionAnswer, tells_each_record_apart) {
  auto outcomes = read_collection_answer(R"([{"id":"0014W000027f6V3QAI","success":true,"errors":[],"created":true},
    {"id":"0014W000027f6V3QAI","success":false,"created":true,"errors":[{"statusCode":"REQUIRED_FIELD_MISSING","message":"m","fields":["Name","Type"]}]},
    {"success":false,"errors":[]}])",
                                         3);
  ASSERT_EQ(outcomes.size(), 3u);
  EXPECT_EQ(outcomes[0].verdict, Verdict::accepted);
  EXPECT_TRUE(outcomes[0].created);
  EXPECT_EQ(outcomes[1].verdict, Verdict::rejected);
  EXPECT_TRUE(outcomes[1].sfid.empty()) << "id means nothing without success";
  EXPECT_FALSE(outcomes[1].created);
  EXPECT_EQ(outcomes[1].error->detail, "Name, Type");
  EXPECT_EQ(outcomes[2].verdict, Verdict::rejected);
}

TEST(CollectionAnswer, an_answer_that_cannot_be_read_leaves_all_unknown) {
  for (const char* body :
       {"", "<html>", "{}", "[]", R"([{"success":true}])", R"([{"success":true},{"success":true},{"success":true}])"}) {
    auto outcomes = read_collection_answer(body, 2);
    ASSERT_EQ(outcomes.size(), 2u);
    for (const SendOutcome& outcome : outcomes) EXPECT_EQ(outcome.verdict, Verdict::unknown) << body;
  }
  EXPECT_EQ(read_collection_answer("[7]", 1)[0].verdict, Verdict::unknown);
}

SendOutcome rejected(ErrorKind kind, std::string code, std::string message = {}) {
  SendOutcome outcome;
  outcome.verdict = Verdict::rejected;
  outcome.error = Error{kind, std::move(code), std::move(message), {}, nullptr, {}};
  return outcome;
}

TEST(Judged, a_delete_of_what_is_gone_is_done) {
  Mapping mapping;
  EXPECT_EQ(judged(rejected(ErrorKind::deleted, "ENTITY_IS_DELETED"), mapping, AttemptKind::remove).verdict,
            Verdict::accepted);
  EXPECT_EQ(judged(rejected(ErrorKind::not_found, "NOT_FOUND"), mapping, AttemptKind::remove).verdict,
            Verdict::accepted);
  EXPECT_EQ(judged(rejected(ErrorKind::rejected, "INVALID_CROSS_REFERENCE_KEY"), mapping, AttemptKind::remove).verdict,
            Verdict::accepted);
  EXPECT_EQ(judged(rejected(ErrorKind::rejected, "DELETE_FAILED"), mapping, AttemptKind::remove).verdict,
            Verdict::rejected);
  EXPECT_EQ(judged(rejected(ErrorKind::deleted, "ENTITY_IS_DELETED"), mapping, AttemptKind::update).verdict,
            Verdict::rejected);
}

TEST(Judged, a_duplicate_value_is_about_the_key_only_when_it_says_so) {
  Mapping mapping;
  mapping.upsert_field = "Ext__c";
  auto kind = [&](std::string message, AttemptKind attempt) {
    return judged(rejected(ErrorKind::duplicate, "DUPLICATE_VALUE", std::move(message)), mapping, attempt).error->kind;
  };
  EXPECT_EQ(kind("duplicate value found: ext__C duplicates value on record with id: a01", AttemptKind::create),
            ErrorKind::duplicate);
  EXPECT_EQ(kind("duplicate value found: <unknown> duplicates value on record with id: <unknown>", AttemptKind::create),
            ErrorKind::duplicate);
  EXPECT_EQ(kind("Duplicate external id specified: x", AttemptKind::create), ErrorKind::duplicate);
  EXPECT_EQ(kind("duplicate value found: Other__c duplicates value on record with id: a01", AttemptKind::create),
            ErrorKind::rejected);
  EXPECT_EQ(kind("duplicate value found: Ext__c duplicates value on record with id: a01", AttemptKind::update),
            ErrorKind::rejected);
}

TEST(FailedCall, keeps_what_is_certain) {
  EXPECT_EQ(outcome_of({Delivery::not_sent, {}}).verdict, Verdict::not_sent);
  EXPECT_EQ(outcome_of({Delivery::refused, {}}).verdict, Verdict::rejected);
  EXPECT_EQ(outcome_of({Delivery::unknown, {}}).verdict, Verdict::unknown);
}

}  // namespace
}  // namespace duet::salesforce
