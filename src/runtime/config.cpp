#include "runtime/config.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/nearest_name.h"
#include "runtime/config_reader.h"
#include "salesforce/address.h"

namespace duet::runtime {
namespace {

using salesforce::AuthFlow;
using salesforce::ConnectionSettings;
using salesforce::is_loopback;

constexpr std::size_t kMaxConfigBytes = 1024 * 1024;
constexpr std::size_t kMaxConnections = 64;
constexpr std::size_t kMaxNameBytes = 48;
constexpr std::size_t kShortestToken = 16;
constexpr std::int64_t kDayMs = kMsPerDay;

/// `HOST:PORT`, with `[…]` around an IPv6 address.
bool split_address(const std::string& address, std::string& host, int& port) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == address.size() || address.size() - colon > 6)
    return false;
  int number = 0;
  for (char c : address.substr(colon + 1)) {
    if (c < '0' || c > '9') return false;
    number = number * 10 + (c - '0');
  }
  std::string name = address.substr(0, colon);
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  if (number > 65'535 || name.empty()) return false;
  host = name;
  port = number;
  return true;
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

void read_server(ConfigTable table, ConfigSource& source, ServerConfig& server) {
  std::string listen;
  table.text("listen", listen);
  if (!listen.empty() && !split_address(listen, server.host, server.port)) {
    source.problem(table.line_of("listen"), "server.listen must be HOST:PORT, for example \"127.0.0.1:8080\"");
  }
  table.secret("token", server.token);
  if (!server.token.empty() && server.token.size() < kShortestToken) {
    source.problem(table.line_of("token"),
                   fmt::format("server.token is too short – use at least {} random characters", kShortestToken));
  }
  table.texts("hosts", server.hosts);
  for (auto [key, file] : {std::pair{"tls_certificate_file", &server.tls_certificate_file},
                           std::pair{"tls_key_file", &server.tls_key_file}}) {
    table.text(key, *file);
    if (file->empty()) continue;
    *file = (std::filesystem::path(source.directory) / *file).string();
    std::error_code ignored;
    if (!std::filesystem::exists(*file, ignored))
      source.problem(table.line_of(key), fmt::format("server.{}: {} does not exist", key, *file));
  }
  if (server.tls_certificate_file.empty() != server.tls_key_file.empty()) {
    source.problem(table.line(), "server.tls_certificate_file and server.tls_key_file go together – set both");
  } else if (server.tls_certificate_file.empty() && !is_loopback(server.host)) {
    source.warnings.push_back(fmt::format(
        "the API and the dashboard listen on {} without TLS: passwords and records can be read on the way; set "
        "server.tls_certificate_file and server.tls_key_file, or let a proxy on this machine speak TLS",
        server.host));
  }
  table.finish();
}

void read_log(ConfigTable table, Config& config) {
  if (auto level = table.choice("level", {"debug", "info", "warn", "error"}))
    config.log_level = static_cast<LogLevel>(*level);
  if (auto format = table.choice("format", {"text", "json"})) config.log_format = static_cast<LogFormat>(*format);
  table.finish();
}

void require(ConfigSource& source, const ConfigTable& table, const std::string& value, std::string_view name,
             std::string_view why) {
  if (value.empty()) source.problem(table.line(), fmt::format("{} is missing – {}", name, why));
}

void check_url(ConfigSource& source, ConfigTable& table, const ConnectionSettings& salesforce) {
  const std::string& url = salesforce.login_url;
  const bool loopback =
      url.starts_with("http://127.0.0.1") || url.starts_with("http://localhost") || url.starts_with("http://[::1]");
  if (!url.starts_with("https://") && !loopback) {
    source.problem(table.line_of("login_url"),
                   "salesforce.login_url must begin with https:// – secrets are sent to it");
  }
  std::string host;
  int port = 0;
  if (!split_address(salesforce.pubsub, host, port)) {
    source.problem(table.line_of("pubsub"),
                   "salesforce.pubsub must be HOST:PORT, for example \"api.pubsub.salesforce.com:7443\"");
  } else if (salesforce.pubsub_plaintext && !is_loopback(host)) {
    source.problem(table.line_of("pubsub_plaintext"),
                   "salesforce.pubsub_plaintext is only for this machine – remove it, or use 127.0.0.1");
  }
}

void check_credentials(ConfigSource& source, const ConfigTable& table, const ConnectionSettings& salesforce) {
  constexpr std::string_view kKey = "the consumer key of the connected app";
  require(source, table, salesforce.client_id, "salesforce.client_id", kKey);
  switch (salesforce.auth) {
    case AuthFlow::jwt:
      require(source, table, salesforce.username, "salesforce.username",
              "auth = \"jwt\" needs the integration user's name");
      require(source, table, salesforce.private_key, "salesforce.private_key_file",
              "auth = \"jwt\" needs the private key whose certificate the connected app holds");
      break;
    case AuthFlow::client_credentials:
      require(source, table, salesforce.client_secret, "salesforce.client_secret",
              "auth = \"client_credentials\" needs it");
      break;
    case AuthFlow::refresh_token:
      require(source, table, salesforce.refresh_token, "salesforce.refresh_token", "auth = \"refresh_token\" needs it");
      break;
    case AuthFlow::password:
      require(source, table, salesforce.client_secret, "salesforce.client_secret", "auth = \"password\" needs it");
      require(source, table, salesforce.username, "salesforce.username", "auth = \"password\" needs it");
      require(source, table, salesforce.password, "salesforce.password", "auth = \"password\" needs it");
      break;
  }
}

bool is_version(const std::string& text) {
  const auto dot = text.find('.');
  return dot != std::string::npos && dot > 0 && dot + 1 < text.size() &&
         std::ranges::all_of(text, [](char c) { return c == '.' || (c >= '0' && c <= '9'); }) &&
         std::ranges::count(text, '.') == 1;
}

void read_salesforce(ConfigTable table, ConfigSource& source, ConnectionSettings& salesforce) {
  table.text("login_url", salesforce.login_url);
  while (salesforce.login_url.ends_with('/')) salesforce.login_url.pop_back();
  if (auto flow = table.choice("auth", {"jwt", "client_credentials", "refresh_token", "password"}))
    salesforce.auth = static_cast<AuthFlow>(*flow);
  table.text("client_id", salesforce.client_id);
  table.secret("client_secret", salesforce.client_secret);
  table.text("username", salesforce.username);
  table.secret("password", salesforce.password);
  std::string security_token;
  table.secret("security_token", security_token);
  salesforce.password += security_token;
  table.secret("private_key", salesforce.private_key);
  table.secret("refresh_token", salesforce.refresh_token);
  table.text("pubsub", salesforce.pubsub);
  table.flag("pubsub_plaintext", salesforce.pubsub_plaintext);
  table.text("api_version", salesforce.api_version);
  if (!is_version(salesforce.api_version))
    source.problem(table.line_of("api_version"), "salesforce.api_version must look like \"62.0\"");
  table.text("ca_file", salesforce.ca_file);
  if (!salesforce.ca_file.empty()) {
    const auto path = std::filesystem::path(source.directory) / salesforce.ca_file;
    salesforce.ca_file = path.string();
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) {
      source.problem(
          table.line_of("ca_file"),
          fmt::format("salesforce.ca_file: {} does not exist – correct the name or remove the key", path.string()));
    }
  }
  check_url(source, table, salesforce);
  check_credentials(source, table, salesforce);
  table.finish();
}

void read_postgres(ConfigTable table, ConfigSource& source, PostgresConfig& postgres) {
  table.secret("url", postgres.url);
  require(source, table, postgres.url, "postgres.url", "for example \"postgresql://duet@localhost/app\"");
  table.text("schema", postgres.schema);
  // An identifier of at most 63 bytes; it is quoted wherever it is used.
  if (postgres.schema.empty() || postgres.schema.size() > 63 || postgres.schema == "duet" ||
      postgres.schema.starts_with("pg_")) {
    source.problem(table.line_of("schema"),
                   "postgres.schema must be a name of 1 to 63 bytes, and neither \"duet\" nor pg_…");
  }
  table.finish();
}

void read_engine(ConfigTable table, ConnectionConfig& connection) {
  engine::Settings& settings = connection.engine;
  table.number("request_limit_ms", settings.request_limit_ms, 1'000, kDayMs);
  table.number("tombstone_ms", settings.tombstone_ms, 1'000, 30 * kDayMs);
  table.number("transaction_silence_ms", settings.transaction_silence_ms, 1, 10'000);
  table.number("transaction_records", settings.transaction_records, 1, 100'000);
  table.number("horizon_margin_ms", settings.horizon_margin_ms, 0, 600'000);
  table.number("duplicate_wait_ms", settings.duplicate_wait_ms, 0, 60'000);
  table.number("retry_base_ms", settings.retry_base_ms, 1, 600'000);
  table.number("retry_limit_ms", settings.retry_limit_ms, 1, 3'600'000);
  table.number("poll_overlap_ms", settings.poll_overlap_ms, 0, kDayMs);
  table.number("claim_records", settings.claim_records, 1, 10'000);
  table.number("read_records", settings.read_records, 1, 2'000);
  table.number("max_deletes", settings.deletes.most, 0, 1'000'000'000);
  table.number("delete_window_ms", settings.deletes.window_ms, 1'000, 7 * kDayMs);
  table.number("collection_from", settings.collection_from, 1, 200);
  table.number("send_parallel", settings.send_parallel, 1, 64);
  table.number("bulk_from", settings.bulk_from, 0, 10'000'000);
  table.number("bulk_from_short", settings.bulk_from_short, 1, 10'000'000);
  table.number("bulk_records", settings.bulk_records, 1, 100'000);
  table.number("call_ms", settings.call_ms, 1'000, 100'000);
  table.number("loads_at_once", connection.loads_at_once, 1, 16);
  int poll_seconds = 0;
  table.number("poll_seconds", poll_seconds, 1, 86'400);
  if (poll_seconds > 0) connection.poll_seconds = poll_seconds;
  table.finish();
}

void read_connections(ConfigTable& root, ConfigSource& source, Config& config) {
  const TomlNode* node = root.node("connection");
  const auto* list = node ? std::get_if<TomlNode::Array>(&node->value) : nullptr;
  if (!list || list->empty() || list->size() > kMaxConnections) {
    source.problem(node ? node->line : 0, node && list && !list->empty()
                                              ? fmt::format("more than {} connections", kMaxConnections)
                                              : "there is no connection – add a [[connection]] (two brackets)");
    return;
  }
  std::set<std::string> names;
  std::set<std::string> places;
  for (const TomlNode& entry : *list) {
    ConfigTable table(source, &entry, "");
    ConnectionConfig connection;
    table.text("name", connection.name);
    if (!is_plain_name(connection.name)) {
      source.problem(table.line_of("name"),
                     fmt::format("a connection needs a name of 1 to {} letters a–z, digits, - or _", kMaxNameBytes));
    } else if (!names.insert(connection.name).second) {
      source.problem(table.line_of("name"),
                     fmt::format("there are two connections named {} – rename one", connection.name));
    }
    read_salesforce(table.table("salesforce"), source, connection.salesforce);
    read_postgres(table.table("postgres"), source, connection.postgres);
    read_engine(table.table("engine"), connection);
    ConfigTable retention = table.table("retention");
    retention.number("journal_days", connection.journal_days, 0, 36'500);
    retention.number("issue_days", connection.issue_days, 0, 36'500);
    retention.finish();
    table.finish();
    if (!places.insert(connection.postgres.url + '\n' + connection.postgres.schema).second) {
      source.problem(
          table.line(),
          fmt::format("connection {} shares its database and schema with another – give it a schema of its own",
                      connection.name));
    }
    config.connections.push_back(std::move(connection));
  }
}

/// Each connection gets those that name it, or none.
void give_webhooks(const std::vector<WebhookConfig>& webhooks, ConfigSource& source, Config& config) {
  for (const WebhookConfig& webhook : webhooks) {
    bool given = false;
    for (ConnectionConfig& connection : config.connections) {
      if (!webhook.connection.empty() && webhook.connection != connection.name) continue;
      connection.webhooks.push_back(webhook);
      given = true;
    }
    if (!given && !config.connections.empty())
      source.problem(0, fmt::format("webhook {}: there is no connection {}", webhook.name, webhook.connection));
  }
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
  };
}

Result<Config> parse_config(std::string_view text, const std::string& file, const std::string& directory,
                            const Environment& environment) {
  const TomlNode document = DUET_TRY(parse_toml(text, file));
  ConfigSource source{file, directory, environment, {}, {}};
  Config config;
  config.file = file;
  ConfigTable root(source, &document, "");
  read_server(root.table("server"), source, config.server);
  read_log(root.table("log"), config);
  read_connections(root, source, config);
  give_webhooks(read_webhooks(root, source), source, config);
  if (!config.connections.empty()) config.access_url = config.connections.front().postgres.url;
  root.finish();
  config.warnings = std::move(source.warnings);
  if (!source.problems.empty()) return fail(ErrorKind::config, fmt::format("{}", fmt::join(source.problems, "\n")));
  return config;
}

Result<Config> load_config(const std::string& file, const Environment& environment) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    return fail(ErrorKind::config, fmt::format("{} cannot be read", file), {},
                "name the configuration with --config FILE, or create it");
  }
  std::string text(kMaxConfigBytes + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kMaxConfigBytes) return fail(ErrorKind::config, fmt::format("{} is larger than 1 MB", file));
  return parse_config(text, file, std::filesystem::path(file).parent_path().string(), environment);
}

Result<const ConnectionConfig*> pick_connection(const Config& config, const std::string& name) {
  std::vector<std::string> names;
  for (const ConnectionConfig& connection : config.connections) {
    if (connection.name == name) return &connection;
    names.push_back(connection.name);
  }
  if (name.empty() && config.connections.size() == 1) return &config.connections.front();
  if (name.empty()) {
    return fail(ErrorKind::config, "there are several connections", {},
                fmt::format("choose one with --connection: {}", fmt::join(names, ", ")));
  }
  return fail(ErrorKind::config, fmt::format("there is no connection {}{}", name, suggestion(name, names)), {},
              fmt::format("connections of {}: {}", config.file, fmt::join(names, ", ")));
}

std::string without_password(std::string_view url) {
  std::string text(url);
  if (const auto scheme = text.find("://"); scheme != std::string::npos) {
    const auto end = text.find_first_of("/?", scheme + 3);
    const auto at = text.rfind('@', end);
    const auto colon = text.find(':', scheme + 3);
    if (at != std::string::npos && at > scheme && colon < at) text.erase(colon, at - colon);
  }
  for (std::size_t found = text.find("password="); found != std::string::npos;
       found = text.find("password=", found + 9)) {
    const auto end = text.find_first_of(" &", found);
    text.replace(found + 9, end == std::string::npos ? std::string::npos : end - found - 9, "…");
  }
  return text;
}

}  // namespace duet::runtime
