#include "salesforce/session.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "salesforce/rest_client.h"
#include "salesforce/scripted_server_test.h"

namespace duet::salesforce {
namespace {

void not_found(const httplib::Request&, httplib::Response& response) { response.status = 404; }

/// A login service alone, whose answer the test gives.
class LoginServer {
 public:
  explicit LoginServer(std::function<void(const httplib::Request&, httplib::Response&)> answer) {
    server_.Post("/services/oauth2/token", std::move(answer));
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~LoginServer() {
    server_.stop();
    thread_.join();
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
};

ConnectionSettings settings_for(const std::string& url, AuthFlow auth) {
  ConnectionSettings settings;
  settings.login_url = url;
  settings.auth = auth;
  settings.client_id = "id";
  settings.client_secret = "s&cret";
  settings.username = "user@example.com";
  settings.password = "pass+word";
  settings.refresh_token = "first";
  return settings;
}

TEST(Session, signs_in_once_for_all_who_meet_an_expired_token_together) {
  ScriptedServer server(not_found);
  Session session(server.settings());
  auto first = session.login();
  ASSERT_TRUE(first) << describe(first.error());
  EXPECT_EQ((*first)->org_id, "00D4W0000008abcUAA");
  EXPECT_EQ((*first)->user_id, "0054W00000BZkk0QAD");
  EXPECT_EQ((*first)->instance_url, server.url());
  std::vector<std::thread> threads;
  std::atomic<int> renewed{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      auto next = session.renew((*first)->generation);
      if (next && (*next)->access_token == "00D4W0000008abc!T2") ++renewed;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(renewed, 8);
  EXPECT_EQ(server.logins(), 2);
}

TEST(Session, does_not_hammer_a_login_that_was_refused) {
  std::atomic<int> asked{0};
  LoginServer server([&](const httplib::Request&, httplib::Response& response) {
    ++asked;
    response.status = 400;
    response.set_content(R"({"error":"invalid_grant","error_description":"authentication failure"})",
                         "application/json");
  });
  Session session(settings_for(server.url(), AuthFlow::password));
  for (int i = 0; i < 5; ++i) {
    auto login = session.login();
    ASSERT_FALSE(login);
    EXPECT_EQ(login.error().kind, ErrorKind::config);
    EXPECT_NE(login.error().message.find("security token"), std::string::npos);
    EXPECT_EQ(describe(login.error()).find("pass+word"), std::string::npos);
  }
  EXPECT_EQ(asked, 1);
}

TEST(Session, sends_what_each_way_to_sign_in_needs) {
  std::string body;
  LoginServer server([&](const httplib::Request& request, httplib::Response& response) {
    body = request.body;
    for (const auto& [name, value] : request.params) body += "|" + name + "=" + value;
    response.set_content(
        R"({"access_token":"00D4W0000008abc!T","refresh_token":"second","instance_url":"http://localhost:1","id":"x"})",
        "application/json");
  });
  ASSERT_TRUE(Session(settings_for(server.url(), AuthFlow::password)).login());
  EXPECT_NE(body.find("|username=user@example.com"), std::string::npos) << body;
  EXPECT_NE(body.find("|password=pass+word"), std::string::npos);
  EXPECT_NE(body.find("|client_secret=s&cret"), std::string::npos);
  ASSERT_TRUE(Session(settings_for(server.url(), AuthFlow::client_credentials)).login());
  EXPECT_NE(body.find("|grant_type=client_credentials"), std::string::npos);
  Session refreshing(settings_for(server.url(), AuthFlow::refresh_token));
  auto login = refreshing.login();
  ASSERT_TRUE(login);
  EXPECT_NE(body.find("|refresh_token=first"), std::string::npos);
  ASSERT_TRUE(refreshing.renew((*login)->generation));
  EXPECT_NE(body.find("|refresh_token=second"), std::string::npos) << "a rotated token replaces the old one";
}

TEST(Session, refuses_an_instance_that_is_not_salesforces) {
  LoginServer server([](const httplib::Request&, httplib::Response& response) {
    response.set_content(R"({"access_token":"00D4W0000008abc!T","instance_url":"https://evil.example","id":"x"})",
                         "application/json");
  });
  auto login = Session(settings_for(server.url(), AuthFlow::password)).login();
  ASSERT_FALSE(login);
  EXPECT_EQ(login.error().code, "URL");
}

TEST(Session, says_which_setting_is_missing) {
  ConnectionSettings settings = settings_for("http://127.0.0.1:1", AuthFlow::jwt);
  auto login = Session(settings).login();
  ASSERT_FALSE(login);
  EXPECT_NE(login.error().message.find("private_key"), std::string::npos);
  settings.login_url = "http://login.example";
  EXPECT_EQ(Session(settings).login().error().code, "URL");
}

TEST(RestClient, renews_a_refused_token_once_and_sends_the_call_again) {
  ScriptedServer server([](const httplib::Request& request, httplib::Response& response) {
    if (request.get_header_value("Authorization") == "Bearer 00D4W0000008abc!T1") {
      response.status = 401;
      response.set_content(R"([{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}])",
                           "application/json");
      return;
    }
    response.status = 204;
  });
  RestClient client(std::make_shared<Session>(server.settings()));
  auto response = client.call({.method = "PATCH", .path = "/services/data/v62.0/x", .body = "{\"a\":1}"});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 204);
  ASSERT_EQ(server.seen().size(), 2u);
  EXPECT_EQ(server.seen()[1].body, "{\"a\":1}");
  EXPECT_EQ(server.logins(), 2);
}

TEST(RestClient, knows_the_identity_services_way_to_refuse_a_token) {
  ScriptedServer server([](const httplib::Request& request, httplib::Response& response) {
    bool old = request.get_header_value("Authorization") == "Bearer 00D4W0000008abc!T1";
    response.status = old ? 403 : 200;
    response.set_content(old ? "Bad_OAuth_Token" : "{}", "text/html");
  });
  RestClient client(std::make_shared<Session>(server.settings()));
  EXPECT_TRUE(client.get("/services/oauth2/userinfo"));
  EXPECT_EQ(server.logins(), 2);
}

TEST(RestClient, gives_up_when_the_renewed_token_is_refused_too) {
  ScriptedServer server([](const httplib::Request&, httplib::Response& response) { response.status = 401; });
  RestClient client(std::make_shared<Session>(server.settings()));
  auto response = client.get("/services/data/v62.0/x");
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::auth_expired);
  EXPECT_EQ(server.seen().size(), 2u);
}

}  // namespace
}  // namespace duet::salesforce
