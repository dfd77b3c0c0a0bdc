#include "orgsim/server/options.h"

#include <gtest/gtest.h>

namespace orgsim {
namespace {

std::expected<ServerOptions, OptionsExit> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "duet-orgsim");
  return parse_options(static_cast<int>(words.size()), words.data());
}

TEST(Options, WithoutListenersEveryListenerGetsAFreePort) {
  const auto options = parse({});
  ASSERT_TRUE(options.has_value());
  for (const auto& address : {options->http, options->https, options->grpc, options->grpc_tls, options->proxy}) {
    ASSERT_TRUE(address.has_value());
    EXPECT_EQ(address->host, "127.0.0.1");
    EXPECT_EQ(address->port, 0);
  }
}

TEST(Options, OnlyTheNamedListenersAreStarted) {
  const auto options = parse({"--http", "0.0.0.0:8090", "--seed", "7"});
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->http->host, "0.0.0.0");
  EXPECT_EQ(options->http->port, 8090);
  EXPECT_EQ(options->seed, 7u);
  EXPECT_FALSE(options->https.has_value());
  EXPECT_FALSE(options->grpc.has_value());
  EXPECT_FALSE(options->proxy.has_value());
}

TEST(Options, TheProxyBringsTheListenersThatItLeadsTo) {
  const auto options = parse({"--proxy", "127.0.0.1:3128", "--https", "127.0.0.1:8443"});
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->proxy->port, 3128);
  EXPECT_EQ(options->https->port, 8443);
  EXPECT_EQ(options->grpc_tls->port, 0);
  EXPECT_FALSE(options->http.has_value());
}

TEST(Options, ABadAddressIsAUsageErrorThatNamesIt) {
  for (const char* text : {"8090", "host:", "host:99999", "host:12x", "a:b:1"}) {
    const auto options = parse({"--http", text});
    ASSERT_FALSE(options.has_value()) << text;
    EXPECT_EQ(options.error().status, 2);
    EXPECT_NE(options.error().text.find(text), std::string::npos) << options.error().text;
  }
  EXPECT_EQ(parse_listen_address("[::1]:80")->host, "::1");
  EXPECT_EQ(parse_listen_address(":80")->host, "127.0.0.1");
}

TEST(Options, HelpExitsWellAndUnknownOptionsDoNot) {
  const auto help = parse({"--help"});
  ASSERT_FALSE(help.has_value());
  EXPECT_EQ(help.error().status, 0);
  EXPECT_NE(help.error().text.find("--http"), std::string::npos);
  EXPECT_EQ(parse({"--nonsense"}).error().status, 2);
  EXPECT_EQ(parse({"--org", "other"}).error().status, 2);
}

}  // namespace
}  // namespace orgsim
