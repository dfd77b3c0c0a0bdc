#include "orgsim/server/http_listener.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "orgsim/server/certificate_authority.h"

namespace orgsim {
namespace {

namespace fs = std::filesystem;

HttpResponse echo(const HttpRequest& request) {
  HttpResponse out;
  if (request.raw_path == "/drop") out.fate = ConnectionFate::drop;
  if (request.raw_path == "/reset") out.fate = ConnectionFate::reset;
  if (request.raw_path == "/none") out.status = 204;
  if (request.raw_path == "/stream") {
    out.stream = [left = 100](std::string& piece) mutable {
      piece.assign(10'000, 'x');
      return --left > 0;
    };
    return out;
  }
  if (request.body_too_large) out.status = 413;
  out.body = request.method + " " + request.raw_path + " " + std::to_string(request.query.size()) + " " + request.body;
  return out;
}

/// What a raw peer gets back after sending the text: the answer's bytes, or errno of the last read as "errno N".
std::string raw_exchange(int port, const std::string& text) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return "no connection";
  std::string out;
  if (::send(fd, text.data(), text.size(), MSG_NOSIGNAL) > 0) {
    char buffer[65536];
    ssize_t got = 0;
    while ((got = ::recv(fd, buffer, sizeof buffer, 0)) > 0) out.append(buffer, static_cast<size_t>(got));
    if (got < 0) out += "errno " + std::to_string(errno);
  }
  ::close(fd);
  return out;
}

class HttpListenerTest : public testing::Test {
 protected:
  HttpListenerTest() : listener_({}, echo) { listener_.start(); }
  httplib::Client client() { return httplib::Client("127.0.0.1", listener_.port()); }
  HttpListener listener_;
};

TEST_F(HttpListenerTest, MethodsBodiesAndQueriesArrive) {
  auto http = client();
  EXPECT_EQ(http.Get("/a%2Fb//c?x=1&y=2")->body, "GET /a%2Fb//c 2 ");
  EXPECT_EQ(http.Patch("/p", "body", "text/plain")->body, "PATCH /p 0 body");
  EXPECT_EQ(http.Put("/p", "", "text/plain")->body, "PUT /p 0 ");
  EXPECT_EQ(http.Delete("/p")->body, "DELETE /p 0 ");
  const auto empty = http.Get("/none");
  EXPECT_EQ(empty->status, 204);
  EXPECT_EQ(empty->body, "");
}

TEST_F(HttpListenerTest, ABodyInChunksIsSentAndReceived) {
  auto http = client();
  EXPECT_EQ(http.Get("/stream")->body.size(), 1'000'000u);
  const auto sent = http.Post(
      "/p",
      [left = 3](size_t, httplib::DataSink& sink) mutable {
        sink.write("abc", 3);
        if (--left == 0) sink.done();
        return true;
      },
      "text/csv");
  EXPECT_EQ(sent->body, "POST /p 0 abcabcabc");
}

TEST_F(HttpListenerTest, OneConnectionServesManyRequests) {
  auto http = client();
  http.set_keep_alive(true);
  for (int i = 0; i < 500; ++i) ASSERT_EQ(http.Get("/k")->status, 200);
}

TEST_F(HttpListenerTest, ADroppedRequestGetsNoByteAndAResetOneARst) {
  EXPECT_EQ(raw_exchange(listener_.port(), "GET /drop HTTP/1.1\r\nHost: h\r\n\r\n"), "");
  EXPECT_EQ(raw_exchange(listener_.port(), "GET /reset HTTP/1.1\r\nHost: h\r\n\r\n"),
            "errno " + std::to_string(ECONNRESET));
  EXPECT_EQ(client().Get("/alive")->status, 200);
}

TEST_F(HttpListenerTest, HundredsOfSlowClientsAreHeldAndOneMoreIsToldSo) {
  // Both ends are in this process.
  rlimit files{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  ASSERT_GT(files.rlim_cur, 2 * HttpListener::kConnectionsMax + 100);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(listener_.port()));
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  std::vector<int> slow;
  for (size_t i = 0; i < HttpListener::kConnectionsMax; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    ASSERT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    // Half a request: its rest may come for a minute.
    ASSERT_GT(::send(fd, "GET / HT", 8, MSG_NOSIGNAL), 0);
    slow.push_back(fd);
  }
  const std::string request = "GET /late HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
  // The last of them may still be on its way to a thread.
  std::string answer;
  for (int i = 0; i < 100 && answer.find(" 503 ") == std::string::npos; ++i) {
    answer = raw_exchange(listener_.port(), request);
  }
  EXPECT_NE(answer.find(" 503 "), std::string::npos) << answer;
  EXPECT_NE(answer.find("SERVER_UNAVAILABLE"), std::string::npos) << answer;
  for (const int fd : slow) ::close(fd);
  for (int i = 0; i < 500; ++i) {
    answer = raw_exchange(listener_.port(), request);
    if (answer.find(" 200 ") != std::string::npos) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_NE(answer.find(" 200 "), std::string::npos) << answer;
}

/// Sends the text, then one byte after the other until the server ends the connection; how long that took.
std::chrono::milliseconds trickle(int port, const std::string& text, std::string& answer) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const auto start = std::chrono::steady_clock::now();
  ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
  char buffer[4096];
  ssize_t got = -1;
  for (int i = 0; i < 1'000; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ::send(fd, "x", 1, MSG_NOSIGNAL);
    got = ::recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (got > 0) answer.append(buffer, static_cast<size_t>(got));
    if (got == 0 || (got < 0 && errno != EAGAIN)) break;
  }
  EXPECT_TRUE(got == 0 || errno != EAGAIN) << "the connection was never ended";
  ::close(fd);
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
}

TEST(HttpListenerSlow, AHeadOrBodyThatTricklesInIsGivenUp) {
  using std::chrono::milliseconds;
  std::atomic<int> handled = 0;
  HttpListener listener(
      {.certificate_file = "", .key_file = "", .head_timeout = milliseconds(200), .body_timeout = milliseconds(400)},
      [&](const HttpRequest& request) {
        ++handled;
        if (request.raw_path == "/long") std::this_thread::sleep_for(milliseconds(600));
        return echo(request);
      });
  listener.start();
  std::string answer;
  EXPECT_GE(trickle(listener.port(), "GET / HTTP/1.1\r\nHost: h\r\nX-Slow: ", answer), milliseconds(200));
  EXPECT_EQ(answer, "");
  EXPECT_GE(trickle(listener.port(), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n", answer),
            milliseconds(400));
  EXPECT_EQ(handled, 0);
  // The bounds are the client's: an answer may take longer, and a connection may rest.
  httplib::Client patient("127.0.0.1", listener.port());
  patient.set_keep_alive(true);
  for (int i = 0; i < 2; ++i) {
    const auto late = patient.Post("/long", "body", "text/plain");
    ASSERT_TRUE(late);
    EXPECT_EQ(late->body, "POST /long 0 body");
    std::this_thread::sleep_for(milliseconds(500));
  }
}

TEST(HttpListenerSlow, BodiesTogetherAreBounded) {
  std::atomic<bool> go = false;
  HttpListener listener({}, [&](const HttpRequest& request) {
    while (!go) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    HttpResponse out;
    out.body = std::to_string(request.body.size());
    return out;
  });
  listener.start();
  constexpr size_t kEach = HttpListener::kBodyBytesMax - 1;
  constexpr int kClients = HttpListener::kAllBodiesBytesMax / kEach + 2;
  std::atomic<int> good = 0;
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kClients; ++i) {
    threads.emplace_back([&] {
      httplib::Client http("127.0.0.1", listener.port());
      http.set_read_timeout(60, 0);
      http.set_write_timeout(60, 0);
      const std::string piece(size_t{1} << 20, 'x');
      const auto answer = http.Post(
          "/p", kEach,
          [&](size_t offset, size_t left, httplib::DataSink& sink) {
            (void)offset;
            return sink.write(piece.data(), std::min(left, piece.size()));
          },
          "text/csv");
      const bool whole = answer && answer->status == 200;
      good += whole ? 1 : 0;
      refused += whole ? 0 : 1;
      if (!whole) go = true;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(refused, 1);
  EXPECT_GE(good, 1);
  // All of it was given back.
  httplib::Client http("127.0.0.1", listener.port());
  EXPECT_EQ(http.Post("/p", "x", "text/plain")->status, 200);
}

TEST_F(HttpListenerTest, ARequestLineMayHave16KBytesAndNoMore) {
  EXPECT_EQ(client().Get("/" + std::string(16'000, 'a'))->status, 200);
  const auto answer = raw_exchange(listener_.port(), "GET /" + std::string(20'000, 'a') + " HTTP/1.1\r\n\r\n");
  EXPECT_NE(answer.find(" 414 "), std::string::npos) << answer.substr(0, 80);
}

TEST_F(HttpListenerTest, AHeadWithoutEndIsRefused) {
  std::string head = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 3000; ++i) head += "X-Header-" + std::to_string(i) + ": some value\r\n";
  const std::string answer = raw_exchange(listener_.port(), head);
  EXPECT_NE(answer.find(" 431 "), std::string::npos) << answer.substr(0, 80);
}

TEST_F(HttpListenerTest, HalfABodyIsNotHandled) {
  const int port = listener_.port();
  const std::string answer =
      raw_exchange(port, "POST /p HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\nzz\r\n");
  EXPECT_EQ(answer.find("abcde"), std::string::npos) << answer;
  EXPECT_NE(answer.find(" 400 "), std::string::npos) << answer;
}

TEST_F(HttpListenerTest, RubbishClosesTheConnectionAndHarmsNobody) {
  for (const std::string text : {"\r\n\r\n", "rubbish\r\n\r\n", "GET\r\n\r\n", "\0\0\0\0", "GET / HTTP/9.9\r\n\r\n"}) {
    raw_exchange(listener_.port(), text + "\r\nConnection: close\r\n\r\n");
  }
  EXPECT_EQ(client().Get("/alive")->status, 200);
}

TEST_F(HttpListenerTest, ABodyPastTheBoundIsRefusedWithoutBeingKept) {
  auto http = client();
  http.set_write_timeout(30, 0);
  const std::string piece(1 << 20, 'x');
  size_t sent = 0;
  const auto answer = http.Post(
      "/p",
      [&](size_t, httplib::DataSink& sink) {
        if (!sink.write(piece.data(), piece.size())) return false;
        if (++sent == HttpListener::kBodyBytesMax / piece.size() + 2) sink.done();
        return true;
      },
      "text/csv");
  // The server may close before the client has sent all: either way it must live on.
  if (answer) {
    EXPECT_EQ(answer->status, 413);
  }
  EXPECT_EQ(client().Get("/alive")->status, 200);
}

TEST_F(HttpListenerTest, AHundredConnectionsAtOnceAreServed) {
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 100; ++i) {
    threads.emplace_back([&] {
      auto http = client();
      http.set_keep_alive(true);
      for (int n = 0; n < 3; ++n) {
        if (const auto answer = http.Get("/x"); answer && answer->status == 200) ++good;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 300);
}

TEST(HttpListenerTls, TheCertificateIsTrustedThroughTheCaFile) {
  std::string pattern = (fs::temp_directory_path() / "orgsim-tls-XXXXXX").string();
  const fs::path directory = mkdtemp(pattern.data());
  const TrustFiles files = prepare_trust_files(directory);
  {
    HttpListener listener({.certificate_file = files.server_certificate_file, .key_file = files.server_key_file}, echo);
    listener.start();
    httplib::SSLClient http("localhost", listener.port());
    http.set_ca_cert_path(files.ca_file.c_str());
    http.enable_server_certificate_verification(true);
    const auto answer = http.Post("/p", std::string(300'000, 'y'), "text/plain");
    ASSERT_TRUE(answer) << httplib::to_string(answer.error());
    EXPECT_EQ(answer->body.size(), 300'000u + 10);
    EXPECT_EQ(http.Get("/stream")->body.size(), 1'000'000u);
    EXPECT_FALSE(http.Get("/drop"));
    EXPECT_EQ(listener.url().substr(0, 18), "https://127.0.0.1:");
  }
  fs::remove_all(directory);
}

TEST(HttpListenerBind, ATakenPortIsAClearError) {
  HttpListener first({}, echo);
  EXPECT_THROW(HttpListener({.port = first.port(), .certificate_file = "", .key_file = ""}, echo), std::runtime_error);
  EXPECT_THROW(HttpListener({.certificate_file = "/nonexistent.pem", .key_file = "/nonexistent.key"}, echo),
               std::runtime_error);
}

}  // namespace
}  // namespace orgsim
