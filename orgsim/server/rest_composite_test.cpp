#include "orgsim/server/org_server_test.h"

namespace orgsim {
namespace {

class CompositeTest : public ServerTest {
 protected:
  static constexpr const char* kBase = "/services/data/v62.0/";

  static json sub(const std::string& id, const std::string& method, const std::string& path,
                  const json& body = nullptr) {
    json out = {{"referenceId", id}, {"method", method}, {"url", kBase + path}};
    if (!body.is_null()) out["body"] = body;
    return out;
  }

  json composite(const json& list, bool all_or_none = false) {
    const Answer answer = call("POST", "composite", {{"allOrNone", all_or_none}, {"compositeRequest", list}});
    EXPECT_EQ(answer.status, 200) << answer.text;
    return answer.body["compositeResponse"];
  }

  std::uint64_t count(const std::string& object) {
    return query("SELECT COUNT() FROM " + object).body["totalSize"].get<std::uint64_t>();
  }
};

TEST_F(CompositeTest, LaterRequestsNameWhatEarlierOnesAnswered) {
  const json out = composite({sub("a", "POST", "sobjects/Account", {{"Name", "Parent"}}),
                              sub("c", "POST", "sobjects/Contact", {{"LastName", "Child"}, {"AccountId", "@{a.id}"}}),
                              sub("q", "GET", "query?q=SELECT+Id,Name+FROM+Account+WHERE+Id='@{a.id}'"),
                              sub("u", "PATCH", "sobjects/Contact/@{c.id}", {{"Title", "of @{q.records[0].Name}!"}}),
                              sub("d", "GET", "sobjects/Account/@{q.records[0].Id}")});
  ASSERT_EQ(out.size(), 5u);
  EXPECT_EQ(out[0]["httpStatusCode"], 201);
  EXPECT_EQ(out[0]["referenceId"], "a");
  EXPECT_EQ(out[0]["httpHeaders"]["Location"],
            std::string(kBase) + "sobjects/Account/" + out[0]["body"]["id"].get<std::string>());
  ASSERT_EQ(out[2]["httpStatusCode"], 200) << out;
  EXPECT_EQ(out[2]["body"]["totalSize"], 1);
  EXPECT_EQ(out[3]["httpStatusCode"], 204);
  EXPECT_TRUE(out[3]["body"].is_null());
  EXPECT_EQ(out[4]["body"]["Name"], "Parent") << out;
  EXPECT_EQ(get("sobjects/Contact/" + out[1]["body"]["id"].get<std::string>()).body["Title"], "of Parent!");
  EXPECT_EQ(status()["api_calls"]["composite"], 1);
}

TEST_F(CompositeTest, OneThatFailsStopsOnlyThoseThatNameIt) {
  const json out = composite({sub("bad", "POST", "sobjects/Account", {{"Phone", "1"}}),
                              sub("child", "POST", "sobjects/Contact", {{"LastName", "x"}, {"AccountId", "@{bad.id}"}}),
                              sub("good", "POST", "sobjects/Account", {{"Name", "x"}}), sub("url", "GET", "jobs/query"),
                              sub("row", "GET", "sobjects/Account/001000000000009AAA")});
  EXPECT_EQ(out[0]["body"][0]["errorCode"], "REQUIRED_FIELD_MISSING");
  EXPECT_EQ(out[1]["httpStatusCode"], 400);
  EXPECT_EQ(out[1]["body"][0]["errorCode"], "PROCESSING_HALTED");
  EXPECT_EQ(out[1]["body"][0]["message"], "Invalid reference specified. No value for bad.id found in bad");
  EXPECT_EQ(out[2]["httpStatusCode"], 201);
  EXPECT_EQ(out[3]["body"][0]["message"], std::string(kBase) + "jobs/query is not a valid url");
  EXPECT_EQ(out[4]["httpStatusCode"], 404);
  EXPECT_EQ(count("Account"), 1u);
}

TEST_F(CompositeTest, ReferencesAreBoundedInWhatTheyStandFor) {
  const std::string id = create("Account", {{"Name", "x"}, {"Description", std::string(30'000, 'd')}});
  std::string texts;
  for (int i = 0; i < 2'000; ++i) texts += "@{r.Description}";
  const json out = composite({sub("r", "GET", "sobjects/Account/" + id),
                              sub("big", "POST", "sobjects/Account", {{"Name", "y"}, {"Description", texts}}),
                              sub("no", "POST", "sobjects/Account", {{"Name", "@{r.Name}@{r."}}),
                              sub("after", "POST", "sobjects/Account", {{"Name", "@{r.Name}@{r.Name}z"}})});
  EXPECT_EQ(out[1]["body"][0]["errorCode"], "LIMIT_EXCEEDED");
  EXPECT_EQ(out[2]["httpStatusCode"], 201);
  EXPECT_EQ(get("sobjects/Account/" + out[2]["body"]["id"].get<std::string>()).body["Name"], "x@{r.");
  EXPECT_EQ(get("sobjects/Account/" + out[3]["body"]["id"].get<std::string>()).body["Name"], "xxz");
}

TEST_F(CompositeTest, AllOrNoneIsOneTransaction) {
  const json failed = composite(
      {sub("a", "POST", "sobjects/Account", {{"Name", "x"}}), sub("b", "POST", "sobjects/Account", {{"Phone", "1"}}),
       sub("c", "POST", "sobjects/Account", {{"Name", "y"}})},
      true);
  EXPECT_EQ(failed[0]["httpStatusCode"], 400);
  EXPECT_EQ(failed[0]["body"][0]["errorCode"], "PROCESSING_HALTED");
  EXPECT_EQ(failed[1]["body"][0]["errorCode"], "REQUIRED_FIELD_MISSING");
  EXPECT_EQ(failed[2]["body"][0]["errorCode"], "PROCESSING_HALTED");
  EXPECT_EQ(count("Account"), 0u);

  // A record made in the transaction can be read and changed in it; all have one transaction key.
  const json done = composite(
      {sub("a", "POST", "sobjects/Account", {{"Name", "x"}}), sub("r", "GET", "sobjects/Account/@{a.id}?fields=Name"),
       sub("c", "POST", "composite/sobjects",
           {{"records", {{{"attributes", {{"type", "Contact"}}}, {"LastName", "l"}, {"AccountId", "@{a.id}"}}}}}),
       sub("u", "PATCH", "sobjects/Account/@{a.id}", {{"Phone", "@{r.Name}"}})},
      true);
  ASSERT_EQ(done[1]["httpStatusCode"], 200) << done;
  EXPECT_EQ(done[1]["body"]["Name"], "x");
  EXPECT_EQ(done[2]["body"][0]["success"], true);
  const json account = get("/orgsim/history/Account/" + done[0]["body"]["id"].get<std::string>()).body;
  const json contact = get("/orgsim/history/Contact/" + done[2]["body"][0]["id"].get<std::string>()).body;
  ASSERT_EQ(account.size(), 1u);
  EXPECT_EQ(account[0]["fields"]["Phone"]["new"], "x");
  EXPECT_EQ(account[0]["transactionKey"], contact[0]["transactionKey"]);
}

TEST_F(CompositeTest, HeadersGuardASubrequest) {
  const std::string id = create("Account", {{"Name", "x"}});
  json guarded = sub("u", "PATCH", "sobjects/Account/" + id, {{"Phone", "1"}});
  guarded["httpHeaders"] = {{"If-Unmodified-Since", "Tue, 10 Aug 2015 00:00:00 GMT"}};
  EXPECT_EQ(composite(json::array({guarded}))[0]["httpStatusCode"], 412);
  guarded["httpHeaders"] = {{"If-Match", get("sobjects/Account/" + id).header("ETag")}};
  EXPECT_EQ(composite(json::array({guarded}))[0]["httpStatusCode"], 204);
  EXPECT_EQ(composite(json::array({guarded}))[0]["httpStatusCode"], 412);
}

TEST_F(CompositeTest, EtagsOfAccounts) {
  const std::string id = create("Account", {{"Name", "x"}});
  const std::string tag = get("sobjects/Account/" + id).header("ETag");
  ASSERT_GT(tag.size(), 2u);
  EXPECT_EQ(get("sobjects/Account/" + id, {{"If-None-Match", tag}}).status, 304);
  EXPECT_EQ(get("sobjects/Account/" + id, {{"If-None-Match", tag.substr(0, tag.size() - 1) + "-gzip\""}}).status, 304);
  EXPECT_EQ(get("sobjects/Account/" + id, {{"If-Match", "\"other\""}}).status, 412);
  EXPECT_EQ(call("PATCH", "sobjects/Account/" + id, {{"Phone", "1"}}, {{"If-Match", "\"other\""}}).status, 412);
  EXPECT_EQ(call("PATCH", "sobjects/Account/" + id, {{"Phone", "1"}}, {{"If-Match", tag}}).status, 204);
  EXPECT_NE(get("sobjects/Account/" + id).header("ETag"), tag);
  const std::string contact = create("Contact", {{"LastName", "x"}});
  EXPECT_EQ(get("sobjects/Contact/" + contact, {{"If-Match", "\"other\""}}).status, 200);
}

TEST_F(CompositeTest, LimitsAndShapes) {
  json many = json::array();
  for (int i = 0; i < 26; ++i) many.push_back(sub("r" + std::to_string(i), "GET", "limits"));
  EXPECT_EQ(call("POST", "composite", {{"compositeRequest", many}}).status, 400);
  json queries = json::array();
  for (int i = 0; i < 6; ++i) queries.push_back(sub("r" + std::to_string(i), "GET", "query?q=SELECT+Id+FROM+Account"));
  EXPECT_EQ(call("POST", "composite", {{"compositeRequest", queries}}).error_code(), "LIMIT_EXCEEDED");
  for (const json& body :
       {json(1), json::object(), json({{"compositeRequest", {1}}}), json({{"compositeRequest", {json::object()}}}),
        json({{"compositeRequest", {sub("a", "GET", "limits"), sub("a", "GET", "limits")}}})}) {
    EXPECT_EQ(call("POST", "composite", body).status, 400) << body;
    EXPECT_EQ(call("POST", "composite/graph", {{"graphs", {body}}}).status, 400) << body;
  }
  EXPECT_EQ(call("POST", "composite/batch", json(1)).status, 400);
  EXPECT_EQ(call("POST", "composite/graph", json(1)).status, 400);
}

TEST_F(CompositeTest, BatchRunsEachByItself) {
  const json list = {{{"method", "POST"}, {"url", "v62.0/sobjects/Account"}, {"richInput", {{"Name", "x"}}}},
                     {{"method", "POST"}, {"url", "v62.0/sobjects/Account"}, {"richInput", json::object()}},
                     {{"method", "GET"}, {"url", "/services/data/v61.0/sobjects/Account/describe"}}};
  const json all = call("POST", "composite/batch", {{"batchRequests", list}}).body;
  EXPECT_EQ(all["hasErrors"], true);
  EXPECT_EQ(all["results"][0]["statusCode"], 201);
  EXPECT_EQ(all["results"][1]["statusCode"], 400);
  EXPECT_EQ(all["results"][2]["result"]["name"], "Account");
  const json halted = call("POST", "composite/batch", {{"haltOnError", true}, {"batchRequests", list}}).body;
  EXPECT_EQ(halted["results"][0]["statusCode"], 201);
  EXPECT_EQ(halted["results"][2]["statusCode"], 412);
  EXPECT_EQ(halted["results"][2]["result"][0]["errorCode"], "BATCH_PROCESSING_HALTED");
  EXPECT_EQ(count("Account"), 2u);
}

TEST_F(CompositeTest, TreesAreMadeWholeOrNotAtAll) {
  const auto record = [](const char* type, const char* reference, json fields) {
    fields["attributes"] = {{"type", type}, {"referenceId", reference}};
    return fields;
  };
  json account = record("Account", "a1", {{"Name", "Parent"}});
  account["Contacts"] = {
      {"records", {record("Contact", "c1", {{"LastName", "One"}}), record("Contact", "c2", {{"LastName", "Two"}})}}};
  const Answer made =
      call("POST", "composite/tree/Account", {{"records", {account, record("Account", "a2", {{"Name", "Other"}})}}});
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body["hasErrors"], false);
  ASSERT_EQ(made.body["results"].size(), 4u);
  EXPECT_EQ(made.body["results"][0]["referenceId"], "a1");
  EXPECT_EQ(query("SELECT COUNT() FROM Contact WHERE Account.Name = 'Parent'").body["totalSize"], 2);

  account["Contacts"]["records"][1].erase("LastName");
  const Answer refused = call("POST", "composite/tree/Account", {{"records", {account}}});
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.body["hasErrors"], true);
  ASSERT_EQ(refused.body["results"].size(), 1u);
  EXPECT_EQ(refused.body["results"][0]["referenceId"], "c2");
  EXPECT_EQ(refused.body["results"][0]["errors"][0]["statusCode"], "REQUIRED_FIELD_MISSING");
  EXPECT_EQ(count("Account"), 2u);
  for (const json& bad : {json({{"Name", "x"}}), record("Contact", "r", {}),
                          record("Account", "r", {{"Nothings", {{"records", json::array()}}}}), json(5)}) {
    EXPECT_EQ(call("POST", "composite/tree/Account", {{"records", {bad}}}).status, 400) << bad;
  }
}

TEST_F(CompositeTest, EachGraphIsAllOrNone) {
  const auto graph = [](const char* id, const json& list) { return json{{"graphId", id}, {"compositeRequest", list}}; };
  const Answer answer =
      call("POST", "composite/graph",
           {{"graphs",
             {graph("1", {sub("a", "POST", "sobjects/Account", {{"Name", "x"}}),
                          sub("b", "POST", "sobjects/Contact", {{"LastName", "y"}, {"AccountId", "@{a.id}"}})}),
              graph("2", {sub("a", "POST", "sobjects/Account", {{"Name", "z"}}),
                          sub("b", "POST", "sobjects/Contact", json::object())})}}});
  ASSERT_EQ(answer.status, 200) << answer.text;
  const json graphs = answer.body["graphs"];
  EXPECT_EQ(graphs[0]["isSuccessful"], true);
  EXPECT_EQ(graphs[1]["isSuccessful"], false);
  EXPECT_EQ(graphs[1]["graphId"], "2");
  EXPECT_EQ(graphs[1]["graphResponse"]["compositeResponse"][0]["body"][0]["errorCode"], "PROCESSING_HALTED");
  EXPECT_EQ(count("Account"), 1u);
}

}  // namespace
}  // namespace orgsim
