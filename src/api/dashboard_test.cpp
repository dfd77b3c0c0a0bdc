#include "api/dashboard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "api/dashboard_files.h"

namespace duet::api {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string header(const Response& response, const std::string& name) {
  const auto found = std::ranges::find(response.headers, name, &std::pair<std::string, std::string>::first);
  return found == response.headers.end() ? "" : found->second;
}

DashboardRequest get(std::string_view path, std::string_view accept_encoding = "") {
  return {"GET", path, accept_encoding, ""};
}

const DashboardFile& a_script() {
  return *std::ranges::find_if(dashboard_files(), [](const DashboardFile& file) {
    return file.path.starts_with("/assets/index-") && file.path.ends_with(".js");
  });
}

class Dashboard : public ::testing::Test {
 protected:
  void SetUp() override {
    if (dashboard_files().empty()) GTEST_SKIP() << "built without the dashboard";
  }
};

TEST_F(Dashboard, LeavesTheApiAndOperationsAlone) {
  for (const char* path : {"/api", "/api/v1/status", "/api/v9/x.js", "/metrics", "/healthz", "/readyz"})
    EXPECT_FALSE(dashboard(get(path))) << path;
  EXPECT_FALSE(dashboard({"POST", "/", "", ""}));
}

TEST_F(Dashboard, EveryPlaceIsThePage) {
  for (const char* path : {"/", "/issues", "/issues/17", "/records/Account/001000000000001AAA", "/apis"}) {
    const auto page = dashboard(get(path));
    ASSERT_TRUE(page) << path;
    EXPECT_EQ(page->status, 200);
    EXPECT_THAT(page->content_type, StartsWith("text/html"));
    EXPECT_THAT(page->body, StartsWith("<!doctype html>"));
    EXPECT_EQ(header(*page, "Cache-Control"), "no-cache");
  }
}

TEST_F(Dashboard, ThePageAllowsNoInlineScriptOrStyle) {
  const auto page = dashboard(get("/"));
  EXPECT_THAT(header(*page, "Content-Security-Policy"), HasSubstr("script-src 'self'; style-src 'self'"));
  EXPECT_THAT(header(*page, "Content-Security-Policy"), ::testing::Not(HasSubstr("unsafe")));
  EXPECT_THAT(page->body, ::testing::Not(HasSubstr("<style")));
  EXPECT_THAT(page->body, ::testing::Not(HasSubstr("<script>")));
}

TEST_F(Dashboard, HashedFilesAreKeptForEver) {
  const auto script = dashboard(get(a_script().path, "gzip, deflate, br"));
  ASSERT_TRUE(script);
  EXPECT_EQ(script->body, a_script().gzip);
  EXPECT_EQ(header(*script, "Content-Encoding"), "gzip");
  EXPECT_THAT(header(*script, "Cache-Control"), HasSubstr("immutable"));
  EXPECT_THAT(script->content_type, StartsWith("text/javascript"));
}

TEST_F(Dashboard, UnpacksForWhoeverCannot) {
  const auto script = dashboard(get(a_script().path, "identity"));
  EXPECT_EQ(script->body.size(), a_script().size);
  EXPECT_EQ(header(*script, "Content-Encoding"), "");
  EXPECT_THAT(script->body, HasSubstr("/api/v1/session"));
}

TEST_F(Dashboard, AKnownFileIsNotSentAgain) {
  const std::string etag = header(*dashboard(get("/")), "ETag");
  const auto again = dashboard({"GET", "/", "gzip", "W/\"x\", " + etag});
  EXPECT_EQ(again->status, 304);
  EXPECT_EQ(again->body, "");
  EXPECT_EQ(header(*again, "ETag"), etag);
  EXPECT_EQ(dashboard({"GET", "/", "gzip", "\"other\""})->status, 200);
}

TEST_F(Dashboard, UnknownFilesAreNotThePage) {
  for (const char* path : {"/assets/index-old.js", "/robots.txt", "/../etc/passwd.x"})
    EXPECT_EQ(dashboard(get(path))->status, 404) << path;
}

}  // namespace
}  // namespace duet::api
