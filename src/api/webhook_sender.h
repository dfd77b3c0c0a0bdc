#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "postgres/session.h"
#include "postgres/webhook_store.h"
#include "runtime/config.h"

namespace duet::api {

/// Delivers one connection's webhooks, at least once and in order, from the durable outbox that triggers fill: an
/// answer other than 2xx is tried again, with a longer pause each time. Runs from construction to destruction.
class WebhookSender {
 public:
  explicit WebhookSender(const runtime::ConnectionConfig& connection);
  ~WebhookSender();
  WebhookSender(const WebhookSender&) = delete;
  WebhookSender& operator=(const WebhookSender&) = delete;

 private:
  struct Target;

  void run(const std::stop_token& stop);
  /// One look at everything that waits.
  Result<void> turn(const std::stop_token& stop);
  /// False while the connection has not been set up.
  Result<bool> open();
  Result<void> deliver(Target& target, const std::stop_token& stop);
  Result<std::string> payload(const postgres::WebhookDelivery& delivery);

  const runtime::ConnectionConfig& connection_;
  std::vector<std::unique_ptr<Target>> targets_;
  std::unique_ptr<postgres::Session> session_;
  int connection_id_ = 0;
  std::jthread thread_;  ///< last: it uses everything above
};

/// `sha256=` and the HMAC-SHA256 of `TIMESTAMP.BODY`, in hexadecimal digits: the header X-Duet-Signature.
std::string webhook_signature(const std::string& secret, const std::string& timestamp, const std::string& body);

}  // namespace duet::api
