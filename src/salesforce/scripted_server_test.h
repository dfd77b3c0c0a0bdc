#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <httplib.h>

#include "salesforce/config.h"

namespace duet::salesforce {

/// An HTTP server on a free port that signs everybody in and answers everything else by a script. For tests.
class ScriptedServer {
 public:
  using Answer = std::function<void(const httplib::Request&, httplib::Response&)>;

  struct Seen {
    std::string method;
    std::string target;  ///< path and query, as sent
    std::string body;
    httplib::Headers headers;
  };

  explicit ScriptedServer(Answer answer) : answer_(std::move(answer)) {
    server_.set_tcp_nodelay(true);
    auto handle = [this](const httplib::Request& request, httplib::Response& response) {
      on_request(request, response);
    };
    server_.Get(".*", handle);
    server_.Post(".*", handle);
    server_.Patch(".*", handle);
    server_.Delete(".*", handle);
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  ~ScriptedServer() {
    server_.stop();
    thread_.join();
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  ConnectionSettings settings() const {
    ConnectionSettings settings;
    settings.login_url = url();
    settings.auth = AuthFlow::client_credentials;
    settings.client_id = "id";
    settings.client_secret = "secret";
    return settings;
  }

  /// Everything but sign-ins, in order.
  std::vector<Seen> seen() const {
    std::lock_guard lock(mutex_);
    return seen_;
  }
  int logins() const {
    std::lock_guard lock(mutex_);
    return logins_;
  }

 private:
  void on_request(const httplib::Request& request, httplib::Response& response) {
    if (request.path == "/services/oauth2/token") {
      int number;
      {
        std::lock_guard lock(mutex_);
        number = ++logins_;
      }
      response.set_content(
          R"({"access_token":"00D4W0000008abc!T)" + std::to_string(number) + R"(","instance_url":")" + url() +
              R"(","id":"https://login.salesforce.com/id/00D4W0000008abcUAA/0054W00000BZkk0QAD","token_type":"Bearer"})",
          "application/json");
      return;
    }
    {
      std::lock_guard lock(mutex_);
      seen_.push_back({request.method, request.target, request.body, request.headers});
    }
    answer_(request, response);
  }

  Answer answer_;
  httplib::Server server_;
  int port_ = 0;
  std::thread thread_;
  mutable std::mutex mutex_;
  std::vector<Seen> seen_;
  int logins_ = 0;
};

}  // namespace duet::salesforce
