#include "orgsim/server/connect_proxy.h"

#include <arpa/inet.h>
#include <grpcpp/grpcpp.h>
#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "orgsim/server/org_server_test.h"
#include "pubsub_api.grpc.pb.h"

namespace orgsim {
namespace {

int port_of(const std::string& url) { return std::stoi(url.substr(url.rfind(':') + 1)); }

/// What the proxy answers to this text; the peer sends nothing more.
std::string exchange(int port, const std::string& text) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  std::string out;
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
      ::send(fd, text.data(), text.size(), MSG_NOSIGNAL) > 0) {
    ::shutdown(fd, SHUT_WR);
    char buffer[65536];
    ssize_t got = 0;
    while ((got = ::recv(fd, buffer, sizeof buffer, 0)) > 0) out.append(buffer, static_cast<size_t>(got));
  }
  ::close(fd);
  return out;
}

class ConnectProxyTest : public ServerTest {
 protected:
  ConnectProxyTest() : ServerTest(true) {}
  int proxy_port() const { return port_of(ready_["proxy"]); }
  /// A client that believes to talk to Salesforce.
  std::unique_ptr<httplib::SSLClient> client(const std::string& host) const {
    auto out = std::make_unique<httplib::SSLClient>(host, 443);
    out->set_proxy("127.0.0.1", proxy_port());
    out->set_ca_cert_path(ready_["ca_file"].get<std::string>());
    out->enable_server_certificate_verification(true);
    return out;
  }
};

TEST_F(ConnectProxyTest, AFixedLoginHostWorksAndStaysTheOrigin) {
  const std::string password = ready_["password"].get<std::string>() + ready_["security_token"].get<std::string>();
  for (const char* host : {"login.salesforce.com", "acme.my.salesforce.com", "acme--dev.sandbox.my.salesforce.com"}) {
    const httplib::Params form = {{"grant_type", "password"},
                                  {"client_id", ready_["client_id"]},
                                  {"client_secret", ready_["client_secret"]},
                                  {"username", ready_["username"]},
                                  {"password", password}};
    const auto answer = client(host)->Post("/services/oauth2/token", form);
    ASSERT_TRUE(answer) << host << httplib::to_string(answer.error());
    EXPECT_EQ(answer->status, 200) << answer->body;
    EXPECT_EQ(json::parse(answer->body)["instance_url"], std::string("https://") + host);
  }
}

TEST_F(ConnectProxyTest, PubSubsFixedHostLeadsToTheTlsListener) {
  std::stringstream ca;
  ca << std::ifstream(ready_["ca_file"].get<std::string>()).rdbuf();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = ca.str();
  for (const char* host : {"api.pubsub.salesforce.com:7443", "api.deu.pubsub.salesforce.com:443"}) {
    grpc::ChannelArguments arguments;
    arguments.SetString(GRPC_ARG_HTTP_PROXY, ready_["proxy"]);
    const auto stub =
        eventbus::v1::PubSub::NewStub(grpc::CreateCustomChannel(host, grpc::SslCredentials(options), arguments));
    grpc::ClientContext context;
    context.AddMetadata("accesstoken", token_);
    context.AddMetadata("instanceurl", "https://acme.my.salesforce.com");
    context.AddMetadata("tenantid", ready_["org_id"]);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    eventbus::v1::TopicRequest topic;
    topic.set_topic_name("/data/ChangeEvents");
    eventbus::v1::TopicInfo info;
    const grpc::Status status = stub->GetTopic(&context, topic, &info);
    EXPECT_TRUE(status.ok()) << host << status.error_message();
  }
}

TEST_F(ConnectProxyTest, OwnAddressesPassAndNothingElse) {
  const auto status_of = [this](const std::string& text) { return exchange(proxy_port(), text).substr(9, 3); };
  const int https = port_of(ready_["https"]);
  const auto connect = [](const std::string& target) { return "CONNECT " + target + " HTTP/1.1\r\nHost: x\r\n\r\n"; };
  EXPECT_EQ(status_of(connect("localhost:" + std::to_string(https))), "200");
  EXPECT_EQ(status_of(connect("LOGIN.salesforce.com:443")), "200");
  EXPECT_EQ(status_of(connect("login.salesforce.com:80")), "403");
  EXPECT_EQ(status_of(connect("localhost:22")), "403");
  EXPECT_EQ(status_of(connect("evilsalesforce.com:443")), "403");
  EXPECT_EQ(status_of(connect("login.salesforce.com.evil.example:443")), "403");
}

TEST_F(ConnectProxyTest, HostileHeadsAreRefused) {
  const auto status_of = [this](const std::string& text) { return exchange(proxy_port(), text).substr(9, 3); };
  EXPECT_EQ(status_of("GET http://login.salesforce.com/ HTTP/1.1\r\n\r\n"), "405");
  EXPECT_EQ(status_of("CONNECT login.salesforce.com HTTP/1.1\r\n\r\n"), "400");
  EXPECT_EQ(status_of("CONNECT  HTTP/1.1\r\n\r\n"), "400");
  EXPECT_EQ(status_of("CONNECT a:99999 HTTP/1.1\r\n\r\n"), "400");
  EXPECT_EQ(status_of("CONNECT login.salesforce.com:443 HTTP/1.1\r\nX: y"), "400");
  // The unread rest may turn the answer into a reset; the next peer is served all the same.
  exchange(proxy_port(), "CONNECT a:1 HTTP/1.1\r\nX: " + std::string(100'000, 'x'));
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\n\r\n"), "405");
}

TEST_F(ConnectProxyTest, OneTunnelTooManyGets503) {
  std::vector<int> held;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(proxy_port()));
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  for (int i = 0; i < ConnectProxy::kTunnelsMax; ++i) {
    held.push_back(::socket(AF_INET, SOCK_STREAM, 0));
    ASSERT_EQ(::connect(held.back(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  EXPECT_EQ(exchange(proxy_port(), "GET / HTTP/1.1\r\n\r\n").substr(9, 3), "503");
  for (const int fd : held) ::close(fd);
}

}  // namespace
}  // namespace orgsim
