#include "api/router.h"

#include <algorithm>
#include <csignal>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <nlohmann/json.hpp>

#include "api/request_guard.h"
#include "api/routes.h"
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
  Result<std::string> record(const std::string&, const RecordQuery& query) override {
    return query.object + " " + query.id;
  }
  Result<std::string> history(const std::string&, const HistoryQuery& query) override {
    return query.record.id + " at " + std::to_string(query.at.value_or(0));
  }
  Result<std::string> audit(const std::string&, const AuditQuery&) override { return "audit"; }
  Result<std::string> webhooks(const std::string&) override { return "webhooks"; }
  Result<std::string> preview(const std::string&, const PreviewRequest& request) override { return request.policy; }
  Result<std::string> act(const std::string&, const Caller& caller, std::int64_t id,
                          const ActionRequest& request) override {
    if (id == 8) return fail(ErrorKind::rejected, "it moved on", "STALE");
    ++acted;
    return caller.name + " " + request.action + " " + std::to_string(id) + " " + request.use;
  }
  Result<std::string> act_on_all(const std::string&, const Caller&, const BulkRequest& request) override {
    return request.action.action + " " + request.filter.state + " " + std::to_string(request.limit) +
           (request.dry_run ? " dry" : "");
  }
  Result<std::string> revert_entry(const std::string&, const Caller&, std::int64_t id, bool force) override {
    return std::to_string(id) + (force ? " forced" : "");
  }
  Result<void> set_paused(const std::string&, const Caller&, bool all, bool outbound) override {
    paused = all ? "all" : outbound ? "outbound" : "none";
    return {};
  }
  Result<std::shared_ptr<TextSource>> listen(const std::string&) override {
    class Two final : public TextSource {
     public:
      std::optional<std::string> next(int) override {
        return ++turn_ > 2 ? std::nullopt : std::optional<std::string>("event: issue\ndata: {}\n\n");
      }

     private:
      int turn_ = 0;
    };
    return std::shared_ptr<TextSource>(std::make_shared<Two>());
  }
  std::string metrics() override { return "duet_up 1\n"; }
  Result<void> ready() override { return {}; }

  int acted = 0;
  std::string paused;
};

/// Tokens and cookies are names of roles.
class FakeGate final : public Gate {
 public:
  Result<std::optional<Caller>> of_token(const std::string& token) override {
    if (token == kToken) return std::optional(Caller{"token", Role::admin, "token", {}, {}, 0});
    const auto role = runtime::role_from_name(token);
    return role ? std::optional(Caller{token, *role, "token", {}, {}, 0}) : std::nullopt;
  }
  Result<std::optional<Caller>> of_session(const std::string& cookie, bool) override {
    const auto role = runtime::role_from_name(cookie);
    return role ? std::optional(Caller{cookie, *role, "session", "csrf of " + cookie, "hash", 1'000}) : std::nullopt;
  }
  Result<runtime::Login> login(const std::string& user, const std::string& password, const std::string&) override {
    if (user == "slow") return std::unexpected(Error{ErrorKind::throttled, {}, "wait", {}, nullptr, 1'500});
    if (password != "right") return fail(ErrorKind::forbidden, "name or password is wrong");
    return runtime::Login{"secret", {user, Role::viewer, "session", "csrf", "hash", 1'000}};
  }
  Result<void> logout(const Caller&) override { return {}; }
  Result<void> change_password(const Caller&, const std::string&, const std::string&, const std::string&) override {
    return {};
  }
  Result<std::string> users() override { return "users"; }
  Result<std::string> add_user(const Caller&, const runtime::UserWish& wish) override { return wish.name; }
  Result<std::string> change_user(const Caller&, const runtime::UserWish& wish) override {
    return wish.name + (wish.disabled.value_or(false) ? " disabled" : "");
  }
  Result<void> remove_user(const Caller&, const std::string&) override { return {}; }
  Result<std::string> tokens() override { return "tokens"; }
  Result<std::string> add_token(const Caller&, const std::string& name, const std::string&, TimeMs) override {
    return name;
  }
  Result<void> remove_token(const Caller&, std::int64_t) override { return {}; }
};

class RouterTest : public ::testing::Test {
 protected:
  static Request get(const std::string& path) {
    return {"GET", path, "localhost:8080", std::string("Bearer ") + kToken, {}};
  }
  static Request post(const std::string& path, const std::string& body = {}) {
    Request request = get(path);
    request.method = "POST";
    request.body = body;
    request.content_type = "application/json";
    return request;
  }
  /// As the dashboard sends it.
  static Request in_session(Request request, const std::string& role) {
    request.authorization.clear();
    request.cookie = "theme=dark; duet_session=" + role;
    request.csrf = "csrf of " + role;
    request.origin = "http://localhost:8080";
    return request;
  }
  Response handle(const Request& request) { return router_.handle(request); }

  FakeBackend backend_;
  FakeGate gate_;
  Router router_{{{"duet.example.com"}, false}, backend_, gate_};
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
  EXPECT_EQ(handle(post("/api/v1/status")).status, 405);
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
  EXPECT_EQ(bearer_token("Bearer abc"), "abc");
  EXPECT_EQ(bearer_token("bearer abc"), "abc");
  EXPECT_FALSE(bearer_token("abc"));
  EXPECT_FALSE(bearer_token("Basic abc"));
  EXPECT_FALSE(bearer_token("Bearer "));
}

TEST(RequestGuard, Cookies) {
  EXPECT_EQ(cookie_value("duet_session=a", "duet_session"), "a");
  EXPECT_EQ(cookie_value("x=1; duet_session=a; y=2", "duet_session"), "a");
  EXPECT_EQ(cookie_value("xduet_session=a", "duet_session"), "");
  EXPECT_EQ(cookie_value("duet_session=a; duet_session=b", "duet_session"), "") << "somebody planted one";
  EXPECT_EQ(cookie_value("", "duet_session"), "");
}

TEST(RequestGuard, Origins) {
  EXPECT_TRUE(same_origin("https://duet.example.com", "duet.example.com"));
  EXPECT_TRUE(same_origin("http://LOCALHOST:8080", "localhost:8080"));
  EXPECT_FALSE(same_origin("http://localhost:8081", "localhost:8080"));
  EXPECT_FALSE(same_origin("http://localhost.evil.com", "localhost"));
  EXPECT_FALSE(same_origin("null", "localhost"));
}

TEST_F(RouterTest, TheDocumentAndTheRoutesAreTheSame) {
  std::set<std::string> described;
  const auto document = nlohmann::json::parse(handle(get("/api/v1/openapi.json")).body);
  for (const auto& [path, operations] : document["paths"].items()) {
    for (const auto& [method, operation] : operations.items()) {
      std::string upper = method;
      std::ranges::transform(upper, upper.begin(), [](char c) { return static_cast<char>(c - 'a' + 'A'); });
      described.insert(upper + " " + path + " " + operation.value("x-role", "-"));
    }
  }
  std::set<std::string> routed = {"GET /healthz -", "GET /api/v1/openapi.json -", "POST /api/v1/session -"};
  for (std::span<const Route> routes : {status_routes(), issue_routes(), record_routes(), access_routes()}) {
    for (const Route& route : routes)
      routed.insert(std::string(route.method) + " " + std::string(route.pattern) + " " +
                    std::string(runtime::name_of(route.role)));
  }
  EXPECT_EQ(routed, described);
}

TEST_F(RouterTest, EachRoleMayDoWhatIsItsOwn) {
  const std::vector<std::pair<Request, Role>> calls = {
      {get("/api/v1/issues"), Role::viewer},
      {post("/api/v1/issues/7/retry"), Role::operator_},
      {post("/api/v1/issues/bulk", R"({"filter":{},"action":"retry"})"), Role::operator_},
      {post("/api/v1/pause"), Role::operator_},
      {get("/api/v1/audit"), Role::operator_},
      {get("/api/v1/users"), Role::admin},
      {get("/api/v1/tokens"), Role::admin},
  };
  for (const auto& [request, needed] : calls) {
    for (const char* name : {"viewer", "operator", "admin"}) {
      const bool allowed = *runtime::role_from_name(name) >= needed;
      EXPECT_EQ(handle(in_session(request, name)).status < 300, allowed) << request.path << " " << name;
      Request with_token = request;
      with_token.authorization = std::string("Bearer ") + name;
      EXPECT_EQ(handle(with_token).status == 403, !allowed) << request.path << " " << name;
    }
  }
}

TEST_F(RouterTest, ASessionChangesNothingWithoutItsCsrfToken) {
  Request request = in_session(post("/api/v1/issues/7/retry"), "operator");
  EXPECT_EQ(handle(request).status, 200);
  request.csrf.clear();
  EXPECT_EQ(handle(request).status, 403);
  request.csrf = "csrf of admin";
  EXPECT_EQ(handle(request).status, 403);
  request = in_session(post("/api/v1/issues/7/retry"), "operator");
  request.origin = "https://evil.example.com";
  EXPECT_EQ(handle(request).status, 403);
  request.origin.clear();
  EXPECT_EQ(handle(request).status, 200) << "no browser";
  EXPECT_EQ(backend_.acted, 2);
  // A bearer token is not sent by a browser by itself.
  EXPECT_EQ(handle(post("/api/v1/issues/7/retry")).status, 200);
}

TEST_F(RouterTest, LogsIn) {
  Request request = post("/api/v1/session", R"({"user":"ann","password":"right"})");
  request.authorization.clear();
  const Response response = handle(request);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(nlohmann::json::parse(response.body)["csrf_token"], "csrf");
  ASSERT_EQ(response.headers.size(), 1U);
  EXPECT_THAT(response.headers[0].second, HasSubstr("duet_session=secret; Path=/; HttpOnly; SameSite=Strict"));
  request.body = R"({"user":"ann","password":"wrong"})";
  EXPECT_EQ(handle(request).status, 403);
  request.body = R"({"user":"slow","password":"right"})";
  EXPECT_EQ(handle(request).status, 429);
  EXPECT_EQ(handle(request).headers.at(0), (std::pair<std::string, std::string>("Retry-After", "2")));
  request.body = R"({"user":"ann","password":"right"})";
  request.origin = "https://evil.example.com";
  EXPECT_EQ(handle(request).status, 403);
  request.origin.clear();
  request.content_type = "text/plain";
  EXPECT_EQ(handle(request).status, 400) << "a form of another site can send it";
}

TEST_F(RouterTest, ActsOnIssues) {
  EXPECT_EQ(handle(post("/api/v1/issues/7/resolve", R"({"use":"base"})")).body, "token resolve 7 base");
  EXPECT_EQ(handle(post("/api/v1/issues/8/retry")).status, 409);
  EXPECT_THAT(handle(post("/api/v1/issues/8/retry")).body, HasSubstr("\"code\":\"stale\""));
  EXPECT_EQ(handle(post("/api/v1/issues/bulk", R"({"filter":{"state":"all"},"action":"ignore","dry_run":true})")).body,
            "ignore  1000 dry");
  EXPECT_EQ(handle(post("/api/v1/journal/3/revert", R"({"force":true})")).body, "3 forced");
  EXPECT_EQ(handle(post("/api/v1/pause", R"({"outbound":true})")).status, 204);
  EXPECT_EQ(backend_.paused, "outbound");
  EXPECT_EQ(handle(get("/api/v1/records/Account/12")).body, "Account 12");
  Request history = get("/api/v1/records/Account/12/history");
  history.query["at"] = "1970-01-01T00:00:01Z";
  EXPECT_EQ(handle(history).body, "12 at 1000");
  Request always = post("/api/v1/issues/7/resolve", R"({"use":"postgres","always":true})");
  EXPECT_EQ(handle(always).status, 200);
  always.authorization = "Bearer operator";
  EXPECT_EQ(handle(always).status, 403);
}

TEST_F(RouterTest, RefusesBadBodies) {
  for (const char* body : {"{", "[]", "1", R"({"use":"mine"})", R"({"use":1})", R"({"fields":{"Phone":"mine"}})",
                           R"({})", R"({"set":{"Phone":[1]}})", R"({"use":"base","allways":true})"})
    EXPECT_EQ(handle(post("/api/v1/issues/7/resolve", body)).status, 400) << body;
  for (const char* body : {"", R"({"filter":{},"action":"delete"})", R"({"filter":{"stat":"open"},"action":"retry"})",
                           R"({"filter":{"ids":["1"]},"action":"retry"})",
                           R"({"filter":{},"action":"retry","limit":1001})", R"({"filter":{},"action":"resolve"})"})
    EXPECT_EQ(handle(post("/api/v1/issues/bulk", body)).status, 400) << body;
  EXPECT_EQ(backend_.acted, 0);
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
  auto stream = client.Get("/api/v1/stream", token);
  ASSERT_TRUE(stream);
  EXPECT_EQ(stream->get_header_value("Content-Type"), "text/event-stream");
  EXPECT_EQ(stream->body, "event: issue\ndata: {}\n\nevent: issue\ndata: {}\n\n");
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
