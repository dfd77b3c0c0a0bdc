#include "orgsim/server/oauth.h"

#include <fstream>
#include <sstream>

#include "orgsim/server/jwt.h"
#include "orgsim/server/org_server_test.h"

namespace orgsim {
namespace {

class OAuthTest : public ServerTest {
 protected:
  Answer token(const std::vector<std::pair<std::string, std::string>>& form, const httplib::Headers& headers = {}) {
    std::string body;
    for (const auto& [name, value] : form) body += name + "=" + url_encode(value) + "&";
    return raw("POST", "/services/oauth2/token", body, headers, "application/x-www-form-urlencoded");
  }

  std::string text(const char* key) const { return ready_[key]; }

  Answer by_password(const std::string& password) {
    return token({{"grant_type", "password"},
                  {"client_id", text("client_id")},
                  {"client_secret", text("client_secret")},
                  {"username", text("username")},
                  {"password", password}});
  }

  Answer by_assertion(const json& claims) {
    std::stringstream key;
    key << std::ifstream(text("jwt_key_file")).rdbuf();
    return token({{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                  {"assertion", sign_assertion(claims, key.str())}});
  }

  json good_claims() const {
    return {{"iss", text("client_id")}, {"sub", text("username")}, {"aud", text("http")}, {"exp", 4'000'000'000}};
  }

  int status_with(const std::string& access_token) {
    return raw("GET", "/services/data/v62.0/limits", "", {{"Authorization", "Bearer " + access_token}}, "").status;
  }
};

TEST_F(OAuthTest, PasswordGrantGivesASessionOnTheCallersOrigin) {
  const Answer answer = by_password(text("password") + text("security_token"));
  ASSERT_EQ(answer.status, 200) << answer.text;
  EXPECT_EQ(answer.body["instance_url"], ready_["http"]);
  EXPECT_EQ(answer.body["token_type"], "Bearer");
  EXPECT_TRUE(answer.body["issued_at"].is_string());
  EXPECT_FALSE(answer.body.contains("expires_in"));
  // Where the client came from, so that it can follow the link; the identity itself says https (spec §1.2).
  EXPECT_TRUE(answer.body["id"].get<std::string>().starts_with(text("http") + "/id/00D"));
  EXPECT_EQ(status_with(answer.body["access_token"]), 200);
}

TEST_F(OAuthTest, WrongSecretsAreTheOrgsErrors) {
  EXPECT_EQ(by_password("wrong").body["error"], "invalid_grant");
  EXPECT_EQ(by_password(text("password")).body["error_description"], "authentication failure");
  EXPECT_EQ(token({{"grant_type", "password"}, {"client_id", "x"}}).body["error"], "invalid_client_id");
  EXPECT_EQ(token({{"grant_type", "client_credentials"}, {"client_id", text("client_id")}}).body["error"],
            "invalid_client");
  EXPECT_EQ(token({{"grant_type", "nonsense"}}).body["error"], "unsupported_grant_type");
  EXPECT_EQ(token({}).status, 400);
}

TEST_F(OAuthTest, ClientCredentialsInBodyOrBasic) {
  EXPECT_EQ(token({{"grant_type", "client_credentials"},
                   {"client_id", text("client_id")},
                   {"client_secret", text("client_secret")}})
                .status,
            200);
  const auto basic = httplib::make_basic_authentication_header(text("client_id"), text("client_secret"));
  EXPECT_EQ(token({{"grant_type", "client_credentials"}}, {basic}).status, 200);
}

TEST_F(OAuthTest, AssertionsWithExpiryInSecondsTextOrMilliseconds) {
  for (const json& expiry : {json(4'000'000'000), json("4000000000"), json(4'000'000'000'000)}) {
    json claims = good_claims();
    claims["exp"] = expiry;
    const Answer answer = by_assertion(claims);
    EXPECT_EQ(answer.status, 200) << expiry << answer.text;
    EXPECT_FALSE(answer.body.contains("refresh_token"));
  }
  for (const std::string& audience :
       {std::string("https://login.salesforce.com"), std::string("https://test.salesforce.com/"), text("http") + "/"}) {
    json claims = good_claims();
    claims["aud"] = audience;
    EXPECT_EQ(by_assertion(claims).status, 200) << audience;
  }
}

TEST_F(OAuthTest, BadAssertionsAreRefused) {
  const auto with = [this](const char* claim, const json& value) {
    json claims = good_claims();
    claims[claim] = value;
    return by_assertion(claims).body;
  };
  EXPECT_EQ(with("exp", 1000)["error_description"], "expired authorization code");
  EXPECT_EQ(with("exp", nullptr)["error"], "invalid_grant");
  EXPECT_EQ(with("aud", "https://elsewhere.example")["error_description"], "audience is invalid");
  EXPECT_EQ(with("sub", "nobody@example.com")["error_description"], "user hasn't approved this consumer");
  EXPECT_EQ(with("iss", "other")["error"], "invalid_client_id");
  EXPECT_EQ(with("iss", json::array())["error"], "invalid_client_id");
  EXPECT_EQ(token({{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"}, {"assertion", "a.b.c"}}).status, 400);
}

TEST_F(OAuthTest, TheWebServerFlowTradesACode) {
  const std::string target = "http://localhost:1717/OauthRedirect";
  const auto authorize = [&](const std::string& more) {
    return get("/services/oauth2/authorize?response_type=code&state=s1&client_id=" + text("client_id") +
               "&redirect_uri=" + url_encode(target) + more);
  };
  const auto code_in = [](const Answer& answer) {
    const std::string location = answer.header("Location");
    const std::size_t at = location.find("code=") + 5;
    return location.substr(at, location.find('&', at) - at);
  };
  const auto trade = [&](const std::string& code, std::vector<std::pair<std::string, std::string>> more) {
    more.insert(more.end(), {{"grant_type", "authorization_code"}, {"code", code}, {"client_id", text("client_id")}});
    return token({more.begin(), more.end()});
  };
  const Answer first = authorize("");
  EXPECT_EQ(first.status, 302);
  EXPECT_TRUE(first.header("Location").starts_with(target + "?code=")) << first.header("Location");
  EXPECT_TRUE(first.header("Location").ends_with("&state=s1"));
  const std::string code = code_in(first);
  const std::pair<std::string, std::string> secret = {"client_secret", text("client_secret")};
  const std::pair<std::string, std::string> same = {"redirect_uri", target};
  const Answer session = trade(code, {secret, same});
  ASSERT_EQ(session.status, 200) << session.text;
  EXPECT_TRUE(session.body["refresh_token"].is_string());
  EXPECT_EQ(status_with(session.body["access_token"]), 200);
  EXPECT_EQ(trade(code, {secret, same}).body["error_description"], "invalid authorization code");
  EXPECT_EQ(trade(code_in(authorize("")), {same}).body["error"], "invalid_client");
  EXPECT_EQ(trade(code_in(authorize("")), {secret}).body["error"], "redirect_uri_mismatch");

  // RFC 7636, appendix B.
  const std::string challenge =
      "&code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
  EXPECT_EQ(
      trade(code_in(authorize(challenge)), {same, {"code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}})
          .status,
      200);
  EXPECT_EQ(trade(code_in(authorize(challenge)), {same, {"code_verifier", "wrong"}}).body["error_description"],
            "invalid code verifier");
  EXPECT_NE(authorize("&login_hint=nobody").header("Location").find("error=access_denied"), std::string::npos);
  EXPECT_EQ(get("/services/oauth2/authorize?response_type=code&client_id=x&redirect_uri=" + url_encode(target)).status,
            400);
}

TEST_F(OAuthTest, RefreshAndRevoke) {
  const json session = by_password(text("password") + text("security_token")).body;
  const auto refresh = [&] {
    return token({{"grant_type", "refresh_token"},
                  {"client_id", text("client_id")},
                  {"refresh_token", session["refresh_token"].get<std::string>()}});
  };
  const Answer refreshed = refresh();
  ASSERT_EQ(refreshed.status, 200);
  const std::string access_token = refreshed.body["access_token"];
  EXPECT_EQ(get("/services/oauth2/revoke?token=" + url_encode(access_token)).status, 200);
  EXPECT_EQ(status_with(access_token), 401);
  EXPECT_EQ(get("/services/oauth2/revoke?token=" + url_encode(session["refresh_token"])).status, 200);
  EXPECT_EQ(refresh().body["error_description"], "expired access/refresh token");
}

TEST_F(OAuthTest, SessionsEndByInactivity) {
  EXPECT_EQ(get("limits").status, 200);
  ASSERT_EQ(call("POST", "/orgsim/settings", {{"session_timeout_ms", 0}}).status, 200);
  Answer answer;
  // The clock must move by a millisecond.
  do answer = get("limits");
  while (answer.status == 200);
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.error_code(), "INVALID_SESSION_ID");
  EXPECT_EQ(answer.body[0]["message"], "Session expired or invalid");
}

TEST_F(OAuthTest, HeadersOfOtherKindsAreRefused) {
  EXPECT_EQ(raw("GET", "/services/data/v62.0/limits", "", {}, "").error_code(), "INVALID_AUTH_HEADER");
  const Answer basic = raw("GET", "/services/data/v62.0/limits", "", {{"Authorization", "Basic eDp5"}}, "");
  EXPECT_EQ(basic.status, 401);
  EXPECT_EQ(basic.error_code(), "INVALID_AUTH_HEADER");
  EXPECT_EQ(status_with("00Dnonsense!x"), 401);
  EXPECT_EQ(raw("GET", "/services/data/v62.0/limits", "", {{"Authorization", "OAuth " + token_}}, "").status, 200);
}

TEST_F(OAuthTest, UserinfoAndIdentityNameTheUser) {
  const Answer info = get("/services/oauth2/userinfo");
  ASSERT_EQ(info.status, 200);
  EXPECT_EQ(info.body["organization_id"], ready_["org_id"]);
  const std::string user = info.body["user_id"];
  const Answer identity = get("/id/" + text("org_id") + "/" + user);
  ASSERT_EQ(identity.status, 200) << identity.text;
  EXPECT_EQ(identity.body["user_id"], user);
  EXPECT_TRUE(identity.body["id"].get<std::string>().starts_with("https://"));
  EXPECT_EQ(raw("GET", "/services/oauth2/userinfo", "", {}, "").text, "Bad_OAuth_Token");
}

TEST_F(OAuthTest, IntrospectTellsLiveFromDead) {
  const auto introspect = [&](const std::string& access_token) {
    return raw("POST", "/services/oauth2/introspect",
               "token=" + url_encode(access_token) + "&client_id=" + text("client_id") +
                   "&client_secret=" + text("client_secret"),
               {}, "application/x-www-form-urlencoded")
        .body;
  };
  EXPECT_EQ(introspect(token_)["active"], true);
  EXPECT_EQ(introspect("nothing")["active"], false);
}

}  // namespace
}  // namespace orgsim
