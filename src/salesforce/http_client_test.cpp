#include "salesforce/http_client.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "salesforce/scripted_server_test.h"

namespace duet::salesforce {
namespace {

/// A server on raw sockets: answers the first request of a connection and closes without an answer on the second.
class ForgetfulServer {
 public:
  ForgetfulServer() {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    listen(listener_, 8);
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~ForgetfulServer() {
    shutdown(listener_, SHUT_RDWR);
    close(listener_);
    thread_.join();
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }
  int requests() const { return requests_; }

 private:
  static bool read_request(int connection) {
    std::string text;
    std::array<char, 4096> buffer;
    while (text.find("\r\n\r\n") == std::string::npos) {
      ssize_t got = recv(connection, buffer.data(), buffer.size(), 0);
      if (got <= 0) return false;
      text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return true;
  }

  void run() {
    for (int connection; (connection = accept(listener_, nullptr, nullptr)) >= 0;) {
      if (read_request(connection)) {
        ++requests_;
        std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        send(connection, answer.data(), answer.size(), MSG_NOSIGNAL);
        if (read_request(connection)) ++requests_;
      }
      close(connection);
    }
  }

  int listener_;
  int port_ = 0;
  std::atomic<int> requests_{0};
  std::thread thread_;
};

TEST(HttpClient, never_sends_a_write_twice_when_a_kept_connection_closes_without_an_answer) {
  for (const char* method : {"POST", "PATCH", "DELETE"}) {
    ForgetfulServer server;
    HttpClient client({});
    std::string body = "{}";
    ASSERT_TRUE(client.perform({.method = method, .url = server.url(), .body = body}));
    auto second = client.perform({.method = method, .url = server.url(), .body = body});
    ASSERT_FALSE(second) << method;
    EXPECT_TRUE(second.error().sent) << method;
    EXPECT_EQ(second.error().error.code, "NO_ANSWER") << method;
    EXPECT_EQ(server.requests(), 2) << method;
  }
}

TEST(HttpClient, asks_a_read_again_on_a_new_connection) {
  ForgetfulServer server;
  HttpClient client({});
  ASSERT_TRUE(client.perform({.url = server.url()}));
  auto second = client.perform({.url = server.url()});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->body, "ok");
}

TEST(HttpClient, knows_what_was_never_sent) {
  ForgetfulServer server;
  std::string gone;
  {
    ForgetfulServer closed;
    gone = closed.url();
  }
  HttpClient client({});
  auto refused = client.perform({.method = "POST", .url = gone, .body = "x"});
  ASSERT_FALSE(refused);
  EXPECT_FALSE(refused.error().sent);
  EXPECT_EQ(refused.error().error.kind, ErrorKind::network);
  auto unresolved = client.perform({.method = "POST", .url = "http://no-such-host.invalid/", .body = "x"});
  ASSERT_FALSE(unresolved);
  EXPECT_FALSE(unresolved.error().sent);
  EXPECT_FALSE(client.perform({.url = "file:///etc/hostname"}));
}

TEST(HttpClient, a_time_out_after_sending_is_sent) {
  std::atomic<bool> stop{false};
  ScriptedServer server([&](const httplib::Request&, httplib::Response&) {
    while (!stop) std::this_thread::yield();
  });
  HttpClient client({});
  auto late = client.perform({.method = "POST", .url = server.url(), .body = "x", .timeout_ms = 50});
  stop = true;
  ASSERT_FALSE(late);
  EXPECT_TRUE(late.error().sent);
  EXPECT_EQ(late.error().error.kind, ErrorKind::timeout);
}

TEST(HttpClient, bounds_the_answer_and_reads_headers_in_any_case) {
  ScriptedServer server([](const httplib::Request&, httplib::Response& response) {
    response.set_header("SFORCE-Limit-INFO", "api-usage=1/2");
    response.set_content(std::string(100'000, 'x'), "text/plain");
  });
  HttpClient client({});
  auto whole = client.perform({.url = server.url()});
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->body.size(), 100'000u);
  ASSERT_TRUE(whole->header("sforce-limit-info"));
  EXPECT_EQ(*whole->header("sforce-limit-info"), "api-usage=1/2");
  EXPECT_GE(whole->received_at, whole->sent_at);
  auto large = client.perform({.url = server.url(), .max_body = 99'999});
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().error.kind, ErrorKind::bad_data);
}

TEST(HttpClient, ends_when_the_engine_stops) {
  std::atomic<bool> entered{false}, stop{false};
  ScriptedServer server([&](const httplib::Request&, httplib::Response&) {
    entered = true;
    while (!stop) std::this_thread::yield();
  });
  std::stop_source source;
  HttpClient client({.ca_file = {}, .connect_timeout_ms = 1'000, .stop = source.get_token()});
  std::thread stopper([&] {
    while (!entered) std::this_thread::yield();
    source.request_stop();
  });
  auto response = client.perform({.url = server.url()});
  stop = true;
  stopper.join();
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().error.kind, ErrorKind::cancelled);
}

TEST(HttpClient, follows_no_redirects) {
  ScriptedServer server(
      [](const httplib::Request&, httplib::Response& response) { response.set_redirect("http://evil.example/"); });
  HttpClient client({});
  auto response = client.perform({.url = server.url()});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 302);
}

}  // namespace
}  // namespace duet::salesforce
