#include "runtime/config.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace duet::runtime {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kWhole = R"([server]
listen = "127.0.0.1:0"
token = "${TOKEN}"
hosts = ["duet.example.com"]

[log]
level = "warn"
format = "json"

[[connection]]
name = "main"
salesforce.login_url = "https://login.salesforce.com/"
salesforce.auth = "password"
salesforce.client_id = "id"
salesforce.client_secret = "secret"
salesforce.username = "u@example.com"
salesforce.password = "${PASSWORD}"
salesforce.pubsub = "api.pubsub.salesforce.com:7443"
salesforce.api_version = "62.0"
salesforce.ca_file = ""
postgres.url = "postgresql://duet@localhost/app"
postgres.schema = "salesforce"
engine.request_limit_ms = 5000
engine.poll_seconds = 5
)";

std::optional<std::string> environment(const std::string& name) {
  if (name == "TOKEN") return "0123456789abcdef0123";
  if (name == "PASSWORD") return "pw";
  return std::nullopt;
}

Result<Config> parse(std::string_view text) { return parse_config(text, "duet.toml", "", environment); }

/// The whole file with one line replaced; an empty `by` removes it.
std::string with(std::string_view line_start, std::string_view by) {
  std::string text(kWhole);
  const auto from = text.find(line_start);
  const auto to = text.find('\n', from);
  text.replace(from, to - from, by);
  return text;
}

std::string error_of(std::string_view text) {
  auto parsed = parse(text);
  EXPECT_FALSE(parsed);
  if (parsed) return {};
  EXPECT_EQ(parsed.error().kind, ErrorKind::config);
  return parsed.error().message;
}

TEST(Config, ReadsEveryKeyOfTheDesign) {
  const Config config = parse(kWhole).value();
  EXPECT_EQ(config.server.port, 0);
  EXPECT_EQ(config.server.token, "0123456789abcdef0123");
  EXPECT_THAT(config.server.hosts, ::testing::ElementsAre("duet.example.com"));
  EXPECT_EQ(config.log_level, LogLevel::warn);
  EXPECT_EQ(config.log_format, LogFormat::json);
  const ConnectionConfig& connection = config.connections.at(0);
  EXPECT_EQ(connection.salesforce.login_url, "https://login.salesforce.com");
  EXPECT_EQ(connection.salesforce.auth, salesforce::AuthFlow::password);
  EXPECT_EQ(connection.salesforce.password, "pw");
  EXPECT_EQ(connection.engine.request_limit_ms, 5'000);
  EXPECT_EQ(connection.poll_seconds, 5);
  EXPECT_EQ(connection.postgres.schema, "salesforce");
}

TEST(Config, WebhooksGoToTheirConnections) {
  const std::string hook =
      "\n[[webhook]]\nname = \"chat\"\nurl = \"https://example.com/x\"\nsecret = \"0123456789abcdef\"\n";
  const Config config = parse(std::string(kWhole) + hook).value();
  ASSERT_EQ(config.connections.at(0).webhooks.size(), 1U);
  EXPECT_THAT(config.connections.at(0).webhooks[0].events, ::testing::ElementsAre("issue", "journal"));
  EXPECT_EQ(config.access_url, "postgresql://duet@localhost/app");
  EXPECT_EQ(config.connections.at(0).journal_days, 90);
  EXPECT_THAT(error_of(std::string(kWhole) + hook + "connection = \"other\"\n"),
              HasSubstr("there is no connection other"));
  EXPECT_THAT(error_of(std::string(kWhole) + hook + "events = [\"isue\"]\n"), HasSubstr("isue is none"));
  std::string bad = std::string(kWhole) + hook;
  bad.replace(bad.find("https://example"), 5, "http");
  EXPECT_THAT(error_of(bad), HasSubstr("webhook.url must begin with https://"));
  EXPECT_THAT(error_of(std::string(kWhole) + hook + hook), HasSubstr("there twice"));
}

TEST(Config, TlsNeedsBothFiles) {
  EXPECT_THAT(error_of(with("hosts", "tls_key_file = \"config_test_no_such.pem\"")),
              ::testing::AllOf(HasSubstr("does not exist"), HasSubstr("go together")));
}

TEST(Config, UnknownKeysNameLineAndNeighbour) {
  EXPECT_EQ(error_of(with("salesforce.client_id", "salesforce.client_di = \"id\"")),
            "duet.toml:12: salesforce.client_id is missing – the consumer key of the connected app\n"
            "duet.toml:14: salesforce.client_di is not a known key – did you mean client_id?");
  EXPECT_THAT(error_of(with("listen", "listn = \"x\"")),
              HasSubstr("duet.toml:2: server.listn is not a known key – did you mean listen?"));
}

TEST(Config, WrongTypesAndRangesNameTheLine) {
  EXPECT_EQ(error_of(with("salesforce.api_version", "salesforce.api_version = 62.0")),
            "duet.toml:19: salesforce.api_version must be a text in quotes, not a number");
  EXPECT_THAT(error_of(with("engine.request_limit_ms", "engine.request_limit_ms = \"5s\"")),
              HasSubstr("must be a whole number, not a text"));
  EXPECT_THAT(error_of(with("engine.poll_seconds", "engine.poll_seconds = 0")), HasSubstr("use 1 to 86400"));
  EXPECT_THAT(error_of(with("salesforce.auth", "salesforce.auth = \"magic\"")),
              HasSubstr("use one of: jwt, client_credentials"));
  EXPECT_THAT(error_of(with("listen", "listen = \"8080\"")), HasSubstr("HOST:PORT"));
  EXPECT_THAT(error_of(with("salesforce.login_url", "salesforce.login_url = \"http://example.com\"")),
              HasSubstr("https://"));
  EXPECT_THAT(error_of(with("salesforce.ca_file", "salesforce.pubsub_plaintext = true")),
              HasSubstr("only for this machine"));
  EXPECT_THAT(error_of(with("postgres.schema", "postgres.schema = \"duet\"")), HasSubstr("postgres.schema"));
}

TEST(Config, MissingPiecesSayWhatTheyAreFor) {
  EXPECT_THAT(error_of(with("salesforce.auth", "salesforce.auth = \"jwt\"")), HasSubstr("private key"));
  EXPECT_THAT(error_of(with("postgres.url", "")), HasSubstr("postgres.url is missing"));
  EXPECT_THAT(error_of("[server]\n"), HasSubstr("add a [[connection]]"));
  EXPECT_THAT(error_of("[connection]\nname = \"a\"\n"), HasSubstr("add a [[connection]]"));
  EXPECT_THAT(error_of("[server\n"), HasSubstr("duet.toml:1:"));
}

TEST(Config, EnvironmentVariablesMustBeSet) {
  EXPECT_THAT(error_of(with("salesforce.password", "salesforce.password = \"${NOT_SET}\"")),
              HasSubstr("NOT_SET is not set"));
}

TEST(Config, SecretsComeFromFilesToo) {
  const auto directory = std::filesystem::path(::testing::TempDir()) / fmt::format("duet_config_{}", ::getpid());
  std::filesystem::create_directories(directory);
  std::ofstream(directory / "pw.txt") << "from file\n";
  ::chmod((directory / "pw.txt").c_str(), 0644);
  auto config = parse_config(with("salesforce.password", "salesforce.password_file = \"pw.txt\""), "duet.toml",
                             directory.string(), environment);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->connections[0].salesforce.password, "from file");
  ASSERT_EQ(config->warnings.size(), 1U);
  EXPECT_THAT(config->warnings[0], HasSubstr("chmod 600"));
  std::filesystem::remove_all(directory);
  EXPECT_THAT(error_of(with("salesforce.password", "salesforce.password_file = \"gone.txt\"")),
              HasSubstr("gone.txt cannot be read"));
}

TEST(Config, ConnectionsArePickedByName) {
  std::string text(kWhole);
  text += text.substr(text.find("[[connection]]"));
  EXPECT_THAT(error_of(text), HasSubstr("two connections named main"));
  const auto second = text.rfind("name = \"main\"");
  text.replace(second, 13, "name = \"test\"");
  EXPECT_THAT(error_of(text), HasSubstr("shares its database and schema"));
  text.replace(text.rfind("schema = \"salesforce\""), 21, "schema = \"other\"");
  const Config config = parse(text).value();
  EXPECT_EQ((*pick_connection(config, "test"))->postgres.schema, "other");
  EXPECT_THAT(pick_connection(config, "").error().detail, HasSubstr("main, test"));
  EXPECT_THAT(pick_connection(config, "mian").error().message, HasSubstr("did you mean main?"));
}

TEST(Config, PasswordsAreLeftOutOfUrls) {
  EXPECT_EQ(without_password("postgresql://duet:geheim@localhost/app"), "postgresql://duet@localhost/app");
  EXPECT_EQ(without_password("postgresql://duet@localhost:5432/app"), "postgresql://duet@localhost:5432/app");
  EXPECT_EQ(without_password("host=/tmp password=x user=a"), "host=/tmp password=… user=a");
  EXPECT_EQ(without_password("postgresql://localhost/app?password=x&user=a"),
            "postgresql://localhost/app?password=…&user=a");
}

}  // namespace
}  // namespace duet::runtime
