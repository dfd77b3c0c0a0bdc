#include <atomic>
#include <chrono>
#include <thread>

#include "orgsim/server/org_server_test.h"

namespace orgsim {
namespace {

class CometdTest : public ServerTest {
 protected:
  json send(const json& message, const std::string& token = {}) {
    const Answer answer = raw("POST", "/cometd/62.0", json::array({message}).dump(),
                              {{"Authorization", "OAuth " + (token.empty() ? token_ : token)}}, "application/json");
    EXPECT_EQ(answer.status, 200) << answer.text;
    return answer.body;
  }

  std::string handshake() {
    const json answer = send({{"channel", "/meta/handshake"}, {"version", "1.0"}, {"id", "1"}});
    EXPECT_EQ(answer[0]["successful"], true) << answer;
    return answer[0].value("clientId", "");
  }

  json subscribe(const std::string& client, const std::string& channel, const json& replay = nullptr) {
    json message = {{"channel", "/meta/subscribe"}, {"clientId", client}, {"subscription", channel}};
    if (!replay.is_null()) message["ext"] = {{"replay", {{channel, replay}}}};
    return send(message)[0];
  }

  /// The events of the next answer, without the answer to the connect.
  json connect(const std::string& client) {
    json answer = send({{"channel", "/meta/connect"}, {"clientId", client}, {"connectionType", "long-polling"}});
    EXPECT_EQ(answer.back()["successful"], true) << answer;
    answer.erase(answer.size() - 1);
    return answer;
  }

  std::string push_topic(const std::string& name, const std::string& soql, json more = json::object()) {
    more.update({{"Name", name}, {"Query", soql}, {"ApiVersion", 62.0}});
    return create("PushTopic", more);
  }
};

TEST_F(CometdTest, ChangeEventsComeWithNamesAndOnlyWhatChanged) {
  const std::string client = handshake();
  EXPECT_EQ(subscribe(client, "/data/ContactChangeEvent")["successful"], true);
  EXPECT_EQ(connect(client).size(), 0u);
  const std::string id = create("Contact", {{"FirstName", "Ada"}, {"LastName", "L"}, {"Phone", "1"}});
  const json created = connect(client);
  ASSERT_EQ(created.size(), 1u);
  EXPECT_EQ(created[0]["channel"], "/data/ContactChangeEvent");
  const json payload = created[0]["data"]["payload"];
  EXPECT_EQ(payload["ChangeEventHeader"]["changeType"], "CREATE");
  EXPECT_EQ(payload["ChangeEventHeader"]["recordIds"], json::array({id}));
  EXPECT_EQ(payload["Name"]["FirstName"], "Ada");
  EXPECT_FALSE(payload.contains("Email"));
  EXPECT_TRUE(payload["CreatedDate"].get<std::string>().ends_with("Z"));

  EXPECT_EQ(call("PATCH", "sobjects/Contact/" + id, {{"FirstName", "Eda"}, {"Phone", nullptr}}).status, 204);
  const json updated = connect(client)[0]["data"];
  const json header = updated["payload"]["ChangeEventHeader"];
  EXPECT_EQ(header["changedFields"], json::array({"Name.FirstName", "Phone", "LastModifiedDate"}));
  EXPECT_EQ(header["nulledFields"], json::array({"Phone"}));
  EXPECT_EQ(updated["payload"]["Name"], json({{"FirstName", "Eda"}}));
  EXPECT_TRUE(updated["payload"]["Phone"].is_null());
  EXPECT_FALSE(updated["payload"].contains("Email"));
  EXPECT_GT(updated["event"]["replayId"], created[0]["data"]["event"]["replayId"]);

  // A second client reads it all again, or what came after an event.
  const std::string second = handshake();
  subscribe(second, "/data/ContactChangeEvent", -2);
  EXPECT_EQ(connect(second).size(), 2u);
  const std::string third = handshake();
  subscribe(third, "/data/ContactChangeEvent", created[0]["data"]["event"]["replayId"]);
  EXPECT_EQ(connect(third).size(), 1u);
  EXPECT_TRUE(subscribe(third, "/data/ContactChangeEvent", 17)["error"].get<std::string>().starts_with(
      "400::The replayId {17}"));
}

TEST_F(CometdTest, PlatformEventsComeWithTheirFields) {
  call("POST", "/orgsim/objects", json::parse(R"({"name":"Sample__e","fields":[{"name":"Message__c","length":80}]})"));
  const std::string client = handshake();
  EXPECT_EQ(subscribe(client, "/event/Sample__e")["successful"], true);
  EXPECT_EQ(connect(client).size(), 0u);
  EXPECT_EQ(call("POST", "sobjects/Sample__e", {{"Message__c", "hello"}}).status, 201);
  const json events = connect(client);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0]["data"]["payload"]["Message__c"], "hello");
  EXPECT_TRUE(events[0]["data"]["payload"]["CreatedDate"].get<std::string>().ends_with("Z"));
  EXPECT_TRUE(events[0]["data"]["event"]["replayId"].is_number());
}

TEST_F(CometdTest, AConnectIsHeldUntilSomethingHappens) {
  const std::string client = handshake();
  subscribe(client, "/data/AccountChangeEvent");
  connect(client);
  std::thread writer([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    create("Account", {{"Name", "late"}});
  });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(connect(client).size(), 1u);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(150));
  writer.join();
}

TEST_F(CometdTest, LongPollsAreBoundedAndLeaveRoomForOthers) {
  constexpr int kHeld = 256;
  constexpr int kMore = 8;
  call("POST", "/orgsim/settings", {{"streaming_client_limit", 0}});
  std::atomic<int> refused = 0;
  std::atomic<int> held = 0;
  std::vector<std::thread> threads;
  std::vector<json> connects;
  for (int i = 0; i < kHeld + kMore; ++i) {
    connects.push_back({{"channel", "/meta/connect"}, {"clientId", handshake()}});
    send(connects.back());
  }
  for (const json& connect_message : connects) {
    threads.emplace_back([&] {
      const Answer answer = raw("POST", "/cometd/62.0", json::array({connect_message}).dump(),
                                {{"Authorization", "OAuth " + token_}}, "application/json");
      if (answer.status == 503) ++refused;
      if (answer.status == 200) ++held;
    });
  }
  for (int i = 0; i < 2'000 && refused < kMore; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(refused, kMore);
  EXPECT_EQ(held, 0);
  EXPECT_EQ(get("limits").status, 200);
  // A server that forgets its clients answers all that wait.
  call("POST", "/orgsim/reset");
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(refused, kMore);
  EXPECT_EQ(held, kHeld);
  const std::string next = handshake();
  EXPECT_EQ(connect(next).size(), 0u);
}

TEST_F(CometdTest, PushTopicsTellOfMatchingRecords) {
  push_topic("Big", "SELECT Id, Name FROM Account WHERE NumberOfEmployees > 10 OR Phone = 'where'");
  const std::string client = handshake();
  EXPECT_EQ(subscribe(client, "/topic/Big")["successful"], true);
  connect(client);
  create("Account", {{"Name", "small"}, {"NumberOfEmployees", 1}});
  const std::string id = create("Account", {{"Name", "big"}, {"NumberOfEmployees", 11}});
  json events = connect(client);
  ASSERT_EQ(events.size(), 1u) << events;
  EXPECT_EQ(events[0]["data"]["event"]["type"], "created");
  EXPECT_EQ(events[0]["data"]["sobject"], json({{"Id", id}, {"Name", "big"}}));

  // Referenced fields only: a fax is neither selected nor filtered.
  call("PATCH", "sobjects/Account/" + id, {{"Fax", "1"}});
  call("PATCH", "sobjects/Account/" + id, {{"Name", "bigger"}});
  events = connect(client);
  ASSERT_EQ(events.size(), 1u) << events;
  EXPECT_EQ(events[0]["data"]["event"]["type"], "updated");
  call("DELETE", "sobjects/Account/" + id);
  events = connect(client);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0]["data"]["event"]["type"], "deleted");
  EXPECT_EQ(events[0]["data"]["sobject"], json({{"Id", id}}));
}

TEST_F(CometdTest, PushTopicsObeyTheirFlags) {
  const std::string id = push_topic("Flags", "SELECT Id, Name FROM Account",
                                    {{"NotifyForFields", "All"}, {"NotifyForOperationCreate", false}});
  const std::string client = handshake();
  subscribe(client, "/topic/Flags");
  connect(client);
  const std::string account = create("Account", {{"Name", "x"}});
  call("PATCH", "sobjects/Account/" + account, {{"Fax", "1"}});
  const json events = connect(client);
  ASSERT_EQ(events.size(), 1u) << events;
  EXPECT_EQ(events[0]["data"]["event"]["type"], "updated");
  call("PATCH", "sobjects/PushTopic/" + id, {{"IsActive", false}});
  EXPECT_EQ(subscribe(handshake(), "/topic/Flags")["error"], "404::Unknown channel");
}

TEST_F(CometdTest, PushTopicsNeedAQuery) {
  for (const char* soql :
       {"", "nonsense", "SELECT Name FROM Account", "SELECT Id FROM Nothing__c", "SELECT Id, Nope FROM Account",
        "SELECT COUNT() FROM Account", "SELECT Id FROM Account ORDER BY Name"}) {
    EXPECT_EQ(call("POST", "sobjects/PushTopic", {{"Name", "t"}, {"Query", soql}, {"ApiVersion", 62.0}}).status, 400)
        << soql;
  }
}

TEST_F(CometdTest, GenericChannelsCarryWhatIsPushed) {
  const std::string channel = create("StreamingChannel", {{"Name", "/u/notes"}});
  const std::string client = handshake();
  EXPECT_EQ(subscribe(client, "/u/nothing")["error"], "404::Unknown channel");
  EXPECT_EQ(subscribe(client, "/u/notes")["successful"], true);
  connect(client);
  const Answer pushed = call("POST", "sobjects/StreamingChannel/" + channel + "/push",
                             {{"pushEvents",
                               {{{"payload", "hello"}, {"userIds", json::array()}},
                                {{"payload", "other"}, {"userIds", {"005000000000000AAA"}}}}}});
  EXPECT_EQ(pushed.status, 200);
  EXPECT_EQ(pushed.body[0], json({{"fanoutCount", -1}, {"userOnlineStatus", json::object()}}));
  const json events = connect(client);
  ASSERT_EQ(events.size(), 1u) << events;
  EXPECT_EQ(events[0]["data"]["payload"], "hello");
}

TEST_F(CometdTest, SessionsAndClientsEnd) {
  EXPECT_EQ(send({{"channel", "/meta/handshake"}}, "wrong")[0]["ext"]["sfdc"]["failureReason"],
            "401::Authentication invalid");
  const json unknown = send({{"channel", "/meta/connect"}, {"clientId", "nobody"}});
  EXPECT_EQ(unknown[0]["error"], "403::Unknown client");
  EXPECT_EQ(unknown[0]["advice"]["reconnect"], "handshake");
  const std::string client = handshake();
  EXPECT_EQ(send({{"channel", "/meta/connect"}, {"clientId", client}}, "wrong")[0]["error"],
            "401::Authentication invalid");
  call("POST", "/orgsim/reset");
  EXPECT_EQ(subscribe(client, "/data/AccountChangeEvent")["error"], "403::Unknown client");
  const std::string other = handshake();
  EXPECT_EQ(send({{"channel", "/meta/disconnect"}, {"clientId", other}})[0]["successful"], true);
  EXPECT_EQ(send({{"channel", "/meta/connect"}, {"clientId", other}})[0]["error"], "403::Unknown client");
}

TEST_F(CometdTest, BadMessagesAreRefused) {
  EXPECT_EQ(raw("POST", "/cometd/62.0", "{", {{"Authorization", "OAuth " + token_}}, "").status, 400);
  EXPECT_EQ(raw("GET", "/cometd/62.0", "", {{"Authorization", "OAuth " + token_}}, "").status, 405);
  EXPECT_EQ(raw("POST", "/cometd/62.0", "[1,null,\"x\"]", {{"Authorization", "OAuth " + token_}}, "").text, "[]");
  EXPECT_EQ(send({{"channel", 7}, {"clientId", 8}})[0]["successful"], false);
  EXPECT_EQ(send({{"channel", "/data/AccountChangeEvent"}, {"data", 1}})[0]["successful"], false);
  EXPECT_EQ(send({{"channel", "/meta/subscribe"}, {"clientId", handshake()}, {"subscription", 5}})[0]["successful"],
            false);
}

}  // namespace
}  // namespace orgsim
