#include <unistd.h>

#include <filesystem>

#include "orgsim/server/http_message.h"
#include "orgsim/server/org_server_test.h"

namespace orgsim {
namespace {

namespace fs = std::filesystem;

/// The PEM files of all tests of this process: making an RSA key for each would take longer than the tests.
class SharedTrust : public testing::Environment {
 public:
  SharedTrust() {
    std::string pattern = (fs::temp_directory_path() / "orgsim-test-XXXXXX").string();
    path = mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(path); }
  fs::path path;
};

SharedTrust* const shared_trust =
    static_cast<SharedTrust*>(testing::AddGlobalTestEnvironment(new SharedTrust));  // NOLINT(cert-err58-cpp)

}  // namespace

ServerTest::ServerTest(bool with_proxy) {
  const ListenAddress any{.host = "127.0.0.1", .port = 0};
  ServerOptions options;
  options.http = options.grpc = options.grpc_tls = any;
  if (with_proxy) options.https = options.proxy = any;
  options.data_directory = shared_trust->path;
  server_ = std::make_unique<OrgServer>(options);
  ready_ = json::parse(server_->ready_line());
  token_ = ready_["access_token"];
}

std::string ServerTest::Answer::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string{} : found->second;
}

std::string ServerTest::Answer::error_code() const {
  if (!body.is_array() || body.empty() || !body[0].contains("errorCode")) return {};
  return body[0]["errorCode"];
}

ServerTest::Answer ServerTest::raw(const std::string& method, const std::string& path, const std::string& body,
                                   const httplib::Headers& headers, const std::string& content_type) {
  httplib::Client http(ready_["http"].get<std::string>());
  http.set_read_timeout(30, 0);
  httplib::Request request;
  request.method = method;
  request.path = path;
  request.headers = headers;
  request.body = body;
  if (!content_type.empty()) request.set_header("Content-Type", content_type);
  const httplib::Result result = http.send(request);
  Answer out;
  if (!result) return out;
  out.status = result->status;
  out.headers = result->headers;
  out.text = result->body;
  out.body = json::parse(result->body, nullptr, false);
  return out;
}

ServerTest::Answer ServerTest::call(const std::string& method, const std::string& path, const json& body,
                                    const httplib::Headers& headers) {
  httplib::Headers all = headers;
  all.emplace("Authorization", "Bearer " + token_);
  const std::string full = path.starts_with('/') ? path : "/services/data/v62.0/" + path;
  return raw(method, full, body.is_null() ? "" : body.dump(), all, body.is_null() ? "" : "application/json");
}

ServerTest::Answer ServerTest::query(const std::string& soql, const httplib::Headers& headers) {
  return get("query?q=" + url_encode(soql), headers);
}

std::string ServerTest::create(const std::string& object, const json& fields) {
  const Answer answer = call("POST", "sobjects/" + object, fields);
  EXPECT_EQ(answer.status, 201) << answer.text;
  return answer.body.value("id", "");
}

std::string url_encode(const std::string& text) { return percent_encode(text); }

namespace {

TEST_F(ServerTest, TheReadyLineNamesEverythingThatAClientNeeds) {
  for (const char* key : {"http", "grpc", "grpc_tls", "ca_file", "username", "password", "security_token", "client_id",
                          "client_secret", "access_token", "jwt_key_file", "org_id"}) {
    EXPECT_TRUE(ready_[key].is_string()) << key;
  }
  EXPECT_TRUE(ready_["https"].is_null());
  EXPECT_TRUE(ready_["proxy"].is_null());
  EXPECT_EQ(ready_["org_id"].get<std::string>().size(), 18u);
  EXPECT_TRUE(fs::exists(ready_["ca_file"].get<std::string>()));
}

TEST_F(ServerTest, UnknownPathsAreNotFoundInTheOrgsShape) {
  for (const char* path :
       {"/", "/nothing", "/services/data/v62.0/nothing", "/services/data/v99.0/limits", "/services/data/v9.0",
        "/services/data/vX", "/services/data/v62.0/sobjects/Nothing__c", "/services/data/v62.0/composite/nothing"}) {
    const Answer answer = get(path);
    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_EQ(answer.error_code(), "NOT_FOUND") << path;
  }
}

TEST_F(ServerTest, PathsAreReadLeniently) {
  EXPECT_EQ(get("//services/data").status, 200);
  EXPECT_EQ(get("//services/data/v62.0//LIMITS/").status, 200);
  EXPECT_EQ(get("/x.salesforce.com/services/data/v62.0/limits").status, 200);
}

}  // namespace
}  // namespace orgsim
