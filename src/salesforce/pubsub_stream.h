#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "model/schema.h"
#include "ports/event_stream.h"
#include "salesforce/pubsub_client.h"
#include "salesforce/session.h"

namespace duet::salesforce {

/// The mapped fields of an object, by the object's name; null when it is not mapped. Called from the stream's own
/// thread whenever a new event schema is met.
using ObjectLookup = std::function<const ObjectSchema*(std::string_view object)>;

struct StreamLimits {
  std::size_t queued_events = 2'000;
  std::size_t queued_bytes = 32 * 1024 * 1024;
  int credit = 100;           ///< the most that Salesforce lets a client ask for at a time
  long silence_ms = 300'000;  ///< the org sends a keep-alive within 270 s
};

/// The connection's one subscription to change events. A thread of its own reads and decodes ahead into a bounded
/// queue; the free places of the queue are the credit that the server gets. Opens again by itself, where it stood, only
/// when the access token was refused. Errors of the server, an unknown position among them, come from next(). Events of
/// objects that are not mapped have no fields.
class PubSubStream final : public ports::EventStream {
 public:
  PubSubStream(std::shared_ptr<Session> session, std::shared_ptr<PubSubClient> client, ObjectLookup lookup,
               StreamLimits limits = {});
  ~PubSubStream() override;

  Result<void> open(const std::string& position) override;
  Result<ports::StreamBatch> next(long wait_ms) override;
  void close() override;

 private:
  class Reader;

  std::shared_ptr<Session> session_;
  std::shared_ptr<PubSubClient> client_;
  ObjectLookup lookup_;
  StreamLimits limits_;
  std::unique_ptr<Reader> reader_;
};

}  // namespace duet::salesforce
