#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "salesforce/session.h"

namespace duet::salesforce {

/// An event as the wire gives it.
struct WireEvent {
  std::string replay_id;
  std::string event_id;
  std::string schema_id;
  std::string payload;
};

struct WireBatch {
  std::vector<WireEvent> events;
  std::string latest_replay_id;
};

/// One open Subscribe call. One thread may request while another reads; cancel() from any thread ends both.
class Subscription {
 public:
  virtual ~Subscription() = default;

  /// Adds to the credit. The first request starts the stream. False when the stream is over.
  virtual bool request(int events) = 0;
  /// Waits for the next response; false when the stream is over.
  virtual bool read(WireBatch& batch) = 0;
  /// Why the stream is over; once, after read() gave false.
  virtual Error finish() = 0;
  virtual void cancel() = 0;
  /// Of the login that the stream was opened with.
  virtual std::uint64_t login_generation() const = 0;
};

/// The Pub/Sub API of one org over one gRPC channel (spec/salesforce-api.md §4.1–4.3). Thread safe.
class PubSubClient {
 public:
  virtual ~PubSubClient() = default;

  virtual Result<bool> can_subscribe(const std::string& topic) = 0;
  virtual Result<std::string> schema(const std::string& schema_id) = 0;
  /// At the newest event when `replay_id` is empty, else strictly after it.
  virtual Result<std::unique_ptr<Subscription>> subscribe(const std::string& topic, const std::string& replay_id) = 0;
};

/// `config` when the endpoint is plaintext and not loopback, or the certificates cannot be read. Connects on first use.
Result<std::shared_ptr<PubSubClient>> make_pubsub_client(std::shared_ptr<Session> session);

}  // namespace duet::salesforce
