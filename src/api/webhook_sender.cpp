#include "api/webhook_sender.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include <fmt/format.h>
#include <httplib.h>
#include <nlohmann/json.hpp>

#include "base/logging.h"
#include "postgres/issue_store.h"
#include "postgres/journal_store.h"
#include "runtime/record_json.h"
#include "runtime/secrets.h"

namespace duet::api {
namespace {

using Clock = std::chrono::steady_clock;
using postgres::WebhookDelivery;
using postgres::WebhookStore;

constexpr auto kLookEvery = std::chrono::milliseconds(500);
constexpr TimeMs kFirstPauseMs = 1'000;
constexpr TimeMs kLongestPauseMs = 300'000;
constexpr int kMostDoublings = 9;
constexpr std::size_t kAtOnce = 100;
constexpr time_t kAnswerSeconds = 10;
/// What nobody took for a week is given up.
constexpr TimeMs kKeepMs = 7 * kMsPerDay;

void sleep(const std::stop_token& stop, Clock::duration time) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait_for(lock, stop, time, [] { return false; });
}

}  // namespace

struct WebhookSender::Target {
  runtime::WebhookConfig config;
  std::string base;  ///< scheme, host and port
  std::string path;
  int failures = 0;
  Clock::time_point not_before{};
};

std::string webhook_signature(const std::string& secret, const std::string& timestamp, const std::string& body) {
  return "sha256=" + runtime::hmac_sha256_hex(secret, timestamp + "." + body);
}

WebhookSender::WebhookSender(const runtime::ConnectionConfig& connection) : connection_(connection) {
  for (const runtime::WebhookConfig& webhook : connection.webhooks) {
    auto target = std::make_unique<Target>();
    target->config = webhook;
    const std::size_t path = webhook.url.find('/', webhook.url.find("://") + 3);
    target->base = webhook.url.substr(0, path);
    target->path = path == std::string::npos ? "/" : webhook.url.substr(path);
    targets_.push_back(std::move(target));
  }
  if (!targets_.empty()) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

WebhookSender::~WebhookSender() = default;

void WebhookSender::run(const std::stop_token& stop) {
  RepeatLimiter limiter(60'000);
  while (!stop.stop_requested()) {
    if (auto turned = turn(stop); !turned) {
      const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now().time_since_epoch()).count();
      if (limiter.pass(describe(turned.error()), now))
        log_error(LogLevel::warn, "webhooks wait", turned.error(), {{"connection", connection_.name}});
      session_.reset();
      sleep(stop, std::chrono::seconds(5));
      continue;
    }
    sleep(stop, kLookEvery);
  }
}

Result<bool> WebhookSender::open() {
  if (session_ && !session_->broken()) return true;
  session_ = DUET_TRY(postgres::Session::connect(connection_.postgres.url, postgres::SessionRole::admin));
  const postgres::Rows present = DUET_TRY(session_->query("SELECT pg_catalog.to_regclass('duet.webhook') IS NOT NULL"));
  const postgres::Rows rows =
      present.boolean(0, 0)
          ? DUET_TRY(session_->query("SELECT id FROM duet.connection WHERE name = $1", {connection_.name}))
          : postgres::Rows();
  if (rows.empty()) {
    session_.reset();
    return false;
  }
  connection_id_ = static_cast<int>(rows.integer(0, 0));
  return true;
}

Result<void> WebhookSender::turn(const std::stop_token& stop) {
  if (!DUET_TRY(open())) return {};
  for (const auto& target : targets_) {
    if (stop.stop_requested()) return {};
    if (Clock::now() >= target->not_before) DUET_TRY(deliver(*target, stop));
  }
  if (const long gone = DUET_TRY(WebhookStore(*session_, connection_id_).purge(kKeepMs)); gone > 0)
    log(LogLevel::error, "webhook deliveries given up after 7 days",
        {{"connection", connection_.name}, {"count", gone}});
  return {};
}

Result<std::string> WebhookSender::payload(const WebhookDelivery& delivery) {
  nlohmann::ordered_json body;
  body["id"] = delivery.id;
  body["connection"] = connection_.name;
  body["event"] = delivery.event;
  body["at"] = format_timestamp(delivery.created_at);
  if (delivery.event == "journal") {
    const auto entry = DUET_TRY(postgres::JournalStore(*session_, connection_id_).find(delivery.ref));
    body["entry"] = entry ? nlohmann::ordered_json::parse(runtime::journal_entry_to_json(*entry)) : nullptr;
  } else {
    const auto issue = DUET_TRY(postgres::IssueStore(*session_, connection_id_).find(delivery.ref));
    body["issue"] = issue ? nlohmann::ordered_json::parse(runtime::issue_to_json(*issue)) : nullptr;
  }
  return body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Result<void> WebhookSender::deliver(Target& target, const std::stop_token& stop) {
  WebhookStore store(*session_, connection_id_);
  const std::vector<WebhookDelivery> waiting = DUET_TRY(store.pending(target.config.name, kAtOnce));
  if (waiting.empty()) return {};
  httplib::Client client(target.base);
  client.set_connection_timeout(kAnswerSeconds);
  client.set_read_timeout(kAnswerSeconds);
  client.set_write_timeout(kAnswerSeconds);
  client.set_keep_alive(true);
  client.set_follow_location(false);
  for (const WebhookDelivery& delivery : waiting) {
    if (stop.stop_requested()) return {};
    const std::string body = DUET_TRY(payload(delivery));
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::string timestamp = fmt::format("{}", std::chrono::duration_cast<std::chrono::seconds>(now).count());
    const httplib::Headers headers = {{"User-Agent", "duet-webhook"},
                                      {"X-Duet-Event", delivery.event},
                                      {"X-Duet-Delivery", fmt::format("{}", delivery.id)},
                                      {"X-Duet-Timestamp", timestamp},
                                      {"X-Duet-Signature", webhook_signature(target.config.secret, timestamp, body)}};
    const auto answer = client.Post(target.path, headers, body, "application/json");
    if (answer && answer->status >= 200 && answer->status < 300) {
      target.failures = 0;
      DUET_TRY(store.delivered(target.config.name, delivery.id));
      continue;
    }
    const TimeMs pause = std::min(kLongestPauseMs, kFirstPauseMs << std::min(target.failures, kMostDoublings));
    ++target.failures;
    target.not_before = Clock::now() + std::chrono::milliseconds(pause);
    const std::string error = answer ? fmt::format("HTTP {}", answer->status) : httplib::to_string(answer.error());
    log(LogLevel::warn, "webhook not delivered",
        {{"connection", connection_.name}, {"webhook", target.config.name}, {"error", error}, {"next_try_ms", pause}});
    return store.failed(delivery.id, error, pause);
  }
  return {};
}

}  // namespace duet::api
