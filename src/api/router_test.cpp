#include "api/router.h"

#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <nlohmann/json.hpp>

#include "api/request_guard.h"
#include "api/server.h"

namespace duet::api {
namespace {

using ::testing::HasSubstr;

constexpr const char* kToken = "0123456789abcdef";

class FakeBackend final : public Backend {
 public:
  Result<std::string> status(const std::string& connection) override { return "status of " + connection; }
  Result<std::string> mappings(const std::string&) override {
    return fail(ErrorKind::config, "there are several connections", {}, "choose one");
  }
  Result<std::string> issues(const std::string&, const IssueQuery& query) override {
    return query.state + "," + query.object + "," + query.kind + "," + std::to_string(query.page.limit) + "," +
           std::to_string(query.page.before);
  }
  Result<std::string> issue(const std::string&, std::int64_t id) override {
    if (id == 7) return "issue 7";
    return fail(ErrorKind::not_found, "no issue");
  }
  Result<std::string> journal(const std::string&, const JournalQuery&) override {
    return fail(ErrorKind::store_down, "no database");
  }
  std::string metrics() override { return "duet_up 1\n"; }
  Result<void> ready() override { return {}; }
};

class RouterTest : public ::testing::Test {
 protected:
  static Request get(const std::string& path) {
    return {"GET", path, "localhost:8080", std::string("Bearer ") + kToken, {}};
  }
  Response handle(const Request& request) { return router_.handle(request); }

  FakeBackend backend_;
  Router router_{{kToken, {"duet.example.com"}}, backend_};
};

TEST_F(RouterTest, OnlyHealthAndTheDashboardNeedNoToken) {
  for (const char* path : {"/api/v1/status", "/metrics", "/readyz", "/api/nothing"}) {
    Request request = get(path);
    request.authorization.clear();
    EXPECT_EQ(handle(request).status, 401) << path;
  }
  EXPECT_EQ(handle({"GET", "/healthz", "evil.example.com", "", {}}).status, 200);
  EXPECT_EQ(handle({"GET", "/", "evil.example.com", "", {}}).status, 403);
  EXPECT_NE(handle({"GET", "/", "localhost", "", {}}).status, 401);
}

TEST_F(RouterTest, RefusesForeignHostsBeforeAnythingElse) {
  Request request = get("/api/v1/status");
  request.host = "evil.example.com";
  EXPECT_EQ(handle(request).status, 403);
  request.host = "";
  EXPECT_EQ(handle(request).status, 403);
  request.host = "DUET.example.com:9999";
  EXPECT_EQ(handle(request).status, 200);
}

TEST_F(RouterTest, RoutesAndParameters) {
  Request request = get("/api/v1/status");
  request.query["connection"] = "main";
  EXPECT_EQ(handle(request).body, "status of main");
  request = get("/api/v1/issues");
  request.query = {{"state", "open"}, {"object", "Account"}, {"limit", "5"}, {"before", "99"}};
  EXPECT_EQ(handle(request).body, "open,Account,,5,99");
  EXPECT_EQ(handle(get("/api/v1/issues/7")).body, "issue 7");
  EXPECT_EQ(handle(get("/metrics")).body, "duet_up 1\n");
}

TEST_F(RouterTest, ServesItsDescriptionToAnybody) {
  Request request = get("/api/v1/openapi.json");
  request.authorization.clear();
  const auto document = nlohmann::json::parse(handle(request).body);
  EXPECT_EQ(document["openapi"], "3.1.0");
  EXPECT_TRUE(document["paths"].contains("/api/v1/issues/{id}/resolve"));
}

TEST_F(RouterTest, ErrorsAreJsonWithAHint) {
  EXPECT_EQ(handle(get("/api/v1/mappings")).status, 400);
  EXPECT_EQ(
      handle(get("/api/v1/mappings")).body,
      "{\"error\":{\"code\":\"config\",\"message\":\"there are several connections\",\"hint\":\"choose one\"}}\n");
  EXPECT_EQ(handle(get("/api/v1/journal")).status, 503);
  EXPECT_EQ(handle(get("/api/v1/issues/8")).status, 404);
  EXPECT_EQ(handle(get("/api/v1/issues/x")).status, 404);
  EXPECT_EQ(handle(get("/api/v1/issues/9999999999999999999999")).status, 404);
  EXPECT_EQ(handle(get("/api/v2")).status, 404);
  Request post = get("/api/v1/status");
  post.method = "POST";
  EXPECT_EQ(handle(post).status, 405);
}

TEST_F(RouterTest, RefusesBadParameters) {
  const std::vector<std::pair<std::string, std::string>> bad = {{"limit", "0"},   {"limit", "501"},
                                                                {"limit", "x"},   {"before", "-1"},
                                                                {"stat", "open"}, {"object", std::string(300, 'a')}};
  for (const auto& [name, value] : bad) {
    Request request = get("/api/v1/issues");
    request.query[name] = value;
    EXPECT_EQ(handle(request).status, 400) << name << "=" << value;
  }
}

TEST(RequestGuard, Hosts) {
  EXPECT_TRUE(host_allowed("[::1]:80", {}));
  EXPECT_TRUE(host_allowed("127.0.0.1", {}));
  EXPECT_FALSE(host_allowed("[::1", {}));
  EXPECT_FALSE(host_allowed("127.0.0.1.evil.com", {}));
  EXPECT_FALSE(host_allowed("localhost.", {}));
  EXPECT_FALSE(host_allowed(":80", {}));
}

TEST(RequestGuard, Tokens) {
  EXPECT_TRUE(token_matches("Bearer abc", "abc"));
  EXPECT_TRUE(token_matches("bearer abc", "abc"));
  EXPECT_FALSE(token_matches("Bearer abcd", "abc"));
  EXPECT_FALSE(token_matches("Bearer ab", "abc"));
  EXPECT_FALSE(token_matches("abc", "abc"));
  EXPECT_FALSE(token_matches("Basic abc", "abc"));
  EXPECT_FALSE(token_matches("Bearer ", ""));
}

TEST_F(RouterTest, ServesOverHttp) {
  std::signal(SIGPIPE, SIG_IGN);
  ServerOptions options;
  options.port = 0;
  options.threads = 2;
  Server server(options, router_);
  ASSERT_TRUE(server.start());
  httplib::Client client("127.0.0.1", server.port());
  const httplib::Headers token = {{"Authorization", std::string("Bearer ") + kToken}};
  auto answer = client.Get("/api/v1/issues?limit=3&state=open", token);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "open,,,3,0");
  EXPECT_EQ(answer->get_header_value("X-Content-Type-Options"), "nosniff");
  EXPECT_THAT(answer->get_header_value("Content-Security-Policy"), HasSubstr("default-src 'none'"));
  EXPECT_EQ(client.Get("/api/v1/status")->status, 401);
  EXPECT_EQ(client.Get("/healthz")->body, "ok\n");
  // The client unpacks: what is packed already must not be packed again.
  auto page = client.Get("/issues/7", {{"Accept-Encoding", "gzip"}});
  ASSERT_TRUE(page);
  EXPECT_EQ(page->get_header_value_count("Content-Security-Policy"), 1U);
  EXPECT_THAT(page->body,
              ::testing::AnyOf(::testing::StartsWith("<!doctype html>"), HasSubstr("without the dashboard")));
  EXPECT_EQ(client.Post("/api/v1/status", token, std::string(1'000, 'x'), "text/plain")->status, 405);
  EXPECT_EQ(client.Get("/healthz")->status, 200);
  // Too large: refused, or cut off while it is sent.
  auto refused = client.Post("/api/v1/status", token, std::string(1'000'000, 'x'), "text/plain");
  EXPECT_TRUE(!refused || refused->status == 413);
  EXPECT_EQ(client.Get("/healthz")->status, 200);
}

TEST_F(RouterTest, AUsedPortIsAConfigurationError) {
  ServerOptions options;
  options.port = 0;
  Server first(options, router_);
  ASSERT_TRUE(first.start());
  options.port = first.port();
  Server second(options, router_);
  const auto started = second.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, ErrorKind::config);
}

}  // namespace
}  // namespace duet::api
