#pragma once

#include <string>
#include <vector>

namespace duet::runtime {

/// `[[webhook]]` of duet.toml.
struct WebhookConfig {
  std::string name;
  std::string url;
  std::string secret;               ///< of the signature
  std::vector<std::string> events;  ///< issue | issue.STATE | journal
  std::string connection;           ///< empty: every connection
};

class ConfigTable;
struct ConfigSource;

/// Reads all of them; what is wrong becomes problems of the file.
std::vector<WebhookConfig> read_webhooks(ConfigTable& root, ConfigSource& source);

}  // namespace duet::runtime
