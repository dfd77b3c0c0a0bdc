#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/logging.h"
#include "base/result.h"
#include "engine/connection.h"
#include "runtime/webhook_config.h"
#include "salesforce/config.h"

namespace duet::runtime {

struct PostgresConfig {
  std::string url;
  std::string schema = "salesforce";
};

struct ConnectionConfig {
  std::string name;
  salesforce::ConnectionSettings salesforce;
  PostgresConfig postgres;
  engine::Settings engine;
  /// Replaces the polling interval of every mapping.
  std::optional<int> poll_seconds;
  int loads_at_once = 2;
  /// How long journal entries, and issues that are closed, are kept; 0: for ever.
  int journal_days = 90;
  int issue_days = 90;
  std::vector<WebhookConfig> webhooks;  ///< that are told of this connection
};

struct ServerConfig {
  std::string host = "127.0.0.1";
  int port = 8080;
  std::string token;               ///< bearer token; empty: `serve` makes one and keeps it beside the configuration
  std::vector<std::string> hosts;  ///< names under which the server may be called, beside loopback names
  /// PEM files; both or none. With them the server speaks HTTPS.
  std::string tls_certificate_file;
  std::string tls_key_file;
};

/// duet.toml (design §7).
struct Config {
  std::string file;
  ServerConfig server;
  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::text;
  std::vector<ConnectionConfig> connections;
  std::string access_url;  ///< the database that has users and tokens: that of the first connection of the file
  std::vector<std::string> warnings;  ///< what `doctor` should mention: secrets in files that others can read
};

using Environment = std::function<std::optional<std::string>(const std::string& name)>;
/// The environment of this process.
Environment process_environment();

/// Reads and checks the file. All problems of the file come in one error, one line each: file, line, what to do. Kind
/// `config`.
Result<Config> load_config(const std::string& file, const Environment& environment);

/// The same for a text; relative names of files are resolved against `directory`.
Result<Config> parse_config(std::string_view text, const std::string& file, const std::string& directory,
                            const Environment& environment);

/// The connection with that name; without a name the only one there is. `config` error with what there is otherwise.
Result<const ConnectionConfig*> pick_connection(const Config& config, const std::string& name);

/// A PostgreSQL URL without its password, for people.
std::string without_password(std::string_view url);

}  // namespace duet::runtime
