#include "runtime/webhook_config.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "runtime/config_reader.h"
#include "salesforce/address.h"

namespace duet::runtime {
namespace {

constexpr std::array<std::string_view, 8> kEvents = {"issue",          "issue.open",     "issue.decided",
                                                     "issue.resolved", "issue.reverted", "issue.superseded",
                                                     "issue.ignored",  "journal"};
constexpr std::size_t kMaxWebhooks = 32;
constexpr std::size_t kShortestSecret = 16;

/// Record values go out: never in the clear, but to this machine.
bool is_safe(std::string_view url) {
  const auto origin = salesforce::parse_origin(url);
  return origin && (origin->scheme == "https" || salesforce::is_loopback(origin->host));
}

}  // namespace

std::vector<WebhookConfig> read_webhooks(ConfigTable& root, ConfigSource& source) {
  std::vector<WebhookConfig> webhooks;
  const TomlNode* node = root.node("webhook");
  if (!node) return webhooks;
  const auto* list = std::get_if<TomlNode::Array>(&node->value);
  if (!list || list->size() > kMaxWebhooks) {
    source.problem(node->line,
                   fmt::format("webhook must be up to {} tables – write [[webhook]] (two brackets)", kMaxWebhooks));
    return webhooks;
  }
  std::set<std::string> names;
  for (const TomlNode& entry : *list) {
    ConfigTable table(source, &entry, "webhook");
    WebhookConfig webhook;
    table.text("name", webhook.name);
    table.text("url", webhook.url);
    table.secret("secret", webhook.secret);
    table.texts("events", webhook.events);
    table.text("connection", webhook.connection);
    if (webhook.name.empty() || !names.insert(webhook.name).second)
      source.problem(table.line_of("name"), "webhook.name is missing, or there twice – each needs a name of its own");
    if (!is_safe(webhook.url))
      source.problem(table.line_of("url"), "webhook.url must begin with https:// – values of records are sent to it");
    if (webhook.secret.size() < kShortestSecret)
      source.problem(
          table.line_of("secret"),
          fmt::format("webhook.secret is missing or too short – use at least {} random characters", kShortestSecret));
    if (webhook.events.empty()) webhook.events = {"issue", "journal"};
    for (const std::string& event : webhook.events) {
      if (std::ranges::find(kEvents, event) == kEvents.end())
        source.problem(table.line_of("events"),
                       fmt::format("webhook.events: {} is none – use some of: {}", event, fmt::join(kEvents, ", ")));
    }
    table.finish();
    webhooks.push_back(std::move(webhook));
  }
  return webhooks;
}

}  // namespace duet::runtime
