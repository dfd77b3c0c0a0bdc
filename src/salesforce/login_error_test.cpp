#include "salesforce/login_error.h"

#include <gtest/gtest.h>

namespace duet::salesforce {
namespace {

Error error_of(std::string_view error, std::string_view description, int status = 400) {
  return login_error(
      status, R"({"error":")" + std::string(error) + R"(","error_description":")" + std::string(description) + "\"}",
      {});
}

TEST(LoginError, says_what_to_do) {
  struct Case {
    const char* error;
    const char* description;
    const char* advice;
  };
  for (const Case& c :
       {Case{"invalid_grant", "user hasn't approved this consumer", "pre-authorized"},
        Case{"invalid_app_access", "user is not admin approved to access this app", "permission sets"},
        Case{"invalid_grant", "audience is invalid", "https://test.salesforce.com"},
        Case{"invalid_grant", "authentication failure", "security token"},
        Case{"invalid_client_id", "client identifier invalid", "client_id"},
        Case{"invalid_client", "invalid client credentials", "client_secret"},
        Case{"invalid_grant", "expired access/refresh token", "authorize the app again"},
        Case{"invalid_grant", "request not supported on this domain", "my.salesforce.com"},
        Case{"invalid_grant", "no client credentials user enabled", "Run As"},
        Case{"inactive_user", "user is inactive", "deactivated"}, Case{"invalid_grant", "something new", "refused"}}) {
    Error error = error_of(c.error, c.description);
    EXPECT_EQ(error.kind, ErrorKind::config) << c.description;
    EXPECT_NE(error.message.find(c.advice), std::string::npos) << error.message;
    EXPECT_EQ(error.code, c.error);
  }
}

TEST(LoginError, knows_what_passes) {
  EXPECT_EQ(error_of("invalid_grant", "token request is already being processed").kind, ErrorKind::throttled);
  EXPECT_EQ(login_error(503, "<html>down</html>", {}).kind, ErrorKind::network);
  EXPECT_EQ(login_error(429, "", {}).kind, ErrorKind::network);
}

TEST(LoginError, tells_a_wrong_address_from_a_refusal) {
  Error error = login_error(404, "<html>not here</html>", {});
  EXPECT_EQ(error.kind, ErrorKind::config);
  EXPECT_NE(error.message.find("login_url"), std::string::npos);
}

}  // namespace
}  // namespace duet::salesforce
