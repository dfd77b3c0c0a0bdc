#include "salesforce/pubsub_stream.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "codec/change_event.h"

namespace duet::salesforce {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

constexpr std::size_t kMaxSchemas = 5'000;
/// What a server may send beyond its credit before it is taken for hostile.
constexpr std::size_t kTolerance = 1'000;

/// Decoders by schema: one for each object, more after schema changes.
class DecoderCache {
 public:
  DecoderCache(PubSubClient& client, const ObjectLookup& lookup) : client_(client), lookup_(lookup) {}

  Result<const codec::ChangeEventDecoder*> find(const std::string& schema_id) {
    auto found = decoders_.find(schema_id);
    if (found == decoders_.end()) {
      std::string json = DUET_TRY(client_.schema(schema_id));
      codec::ChangeEventDecoder decoder = DUET_TRY(codec::ChangeEventDecoder::create(json));
      decoder.select(lookup_(decoder.object()));
      if (decoders_.size() >= kMaxSchemas) decoders_.clear();
      found = decoders_.emplace(schema_id, std::move(decoder)).first;
    }
    return &found->second;
  }

 private:
  PubSubClient& client_;
  const ObjectLookup& lookup_;
  std::map<std::string, codec::ChangeEventDecoder, std::less<>> decoders_;
};

/// One response, decoded.
struct Arrival {
  std::vector<ChangeEvent> events;
  std::string latest_position;
  TimeMs received_at = 0;  ///< this machine's wall clock
  std::size_t bytes = 0;
};

TimeMs wall_clock() {
  return std::chrono::duration_cast<Milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

/// The reading thread of one open stream and what it shares with next().
class PubSubStream::Reader {
 public:
  Reader(PubSubStream& owner, std::string position)
      : session_(*owner.session_),
        client_(*owner.client_),
        limits_(owner.limits_),
        channel_(session_.settings().channel),
        decoders_(client_, owner.lookup_),
        position_(std::move(position)),
        last_arrival_(Clock::now()),
        thread_([this] { run(); }) {}

  ~Reader() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
      if (subscription_) subscription_->cancel();
    }
    thread_.join();
  }

  Result<ports::StreamBatch> next(long wait_ms) {
    ports::StreamBatch batch;
    {
      std::unique_lock lock(mutex_);
      auto deadline = Clock::now() + Milliseconds(std::max(wait_ms, 0L));
      arrived_.wait_until(lock, deadline, [&] { return !queue_.empty() || failure_; });
      if (queue_.empty()) {
        if (failure_) return std::unexpected(*failure_);
        if (Clock::now() - last_arrival_ < Milliseconds(limits_.silence_ms)) return batch;
        if (subscription_) subscription_->cancel();
        return fail(ErrorKind::network, "The event stream is silent for longer than it may be", "SILENT", channel_);
      }
      take(batch);
    }
    ask_for_more();
    return batch;
  }

 private:
  /// Moves what is queued into the batch, up to and with the first keep-alive: it ends a transaction. Holds the lock.
  void take(ports::StreamBatch& batch) {
    while (!queue_.empty() && !batch.keep_alive) {
      Arrival arrival = std::move(queue_.front());
      queue_.pop_front();
      queued_events_ -= arrival.events.size();
      queued_bytes_ -= arrival.bytes;
      batch.keep_alive = arrival.events.empty();
      if (batch.keep_alive) batch.received_at = arrival.received_at;
      batch.latest_position = std::move(arrival.latest_position);
      if (batch.events.empty()) {
        batch.events = std::move(arrival.events);
      } else {
        std::ranges::move(arrival.events, std::back_inserter(batch.events));
      }
    }
    last_arrival_ = Clock::now();
  }

  void run() {
    bool renewed = false;
    for (;;) {
      std::size_t before = responses_;
      Error error = read_stream();
      {
        std::lock_guard lock(mutex_);
        if (stopping_) return;
      }
      if (responses_ > before) renewed = false;
      if (error.kind == ErrorKind::auth_expired && !renewed) {
        renewed = true;
        auto login = session_.renew(generation_);
        if (login) continue;
        error = std::move(login).error();
      }
      end(std::move(error));
      return;
    }
  }

  /// One Subscribe call from its opening to its end.
  Error read_stream() {
    Result<std::unique_ptr<Subscription>> opened = client_.subscribe(channel_, position_);
    if (!opened) return std::move(opened).error();
    Subscription& subscription = **opened;
    generation_ = subscription.login_generation();
    {
      std::lock_guard lock(mutex_);
      if (stopping_) return Error{ErrorKind::cancelled, {}, {}, {}, nullptr, {}};
      subscription_ = &subscription;
      outstanding_ = 0;
    }
    ask_for_more();
    WireBatch batch;
    std::optional<Error> own;
    while (!own && subscription.read(batch)) {
      own = receive(batch);
      if (own) subscription.cancel();
    }
    {
      // ask_for_more() must not write to a stream that is being finished.
      std::scoped_lock lock(request_mutex_, mutex_);
      subscription_ = nullptr;
    }
    while (own && subscription.read(batch)) {
    }
    Error ended = subscription.finish();
    return own ? *own : ended;
  }

  /// Queues one response; an error when it cannot be understood.
  std::optional<Error> receive(WireBatch& batch) {
    Arrival arrival;
    arrival.received_at = wall_clock();
    arrival.events.reserve(batch.events.size());
    for (WireEvent& event : batch.events) {
      auto decoder = decoders_.find(event.schema_id);
      if (!decoder) return std::move(decoder).error();
      arrival.bytes += event.payload.size();
      arrival.events.push_back(
          (*decoder)->decode(event.payload, std::move(event.replay_id), std::move(event.event_id)));
    }
    // A response with events may name a later position than theirs; only theirs is known to be received.
    arrival.latest_position =
        arrival.events.empty() ? std::move(batch.latest_replay_id) : arrival.events.back().position;
    {
      std::lock_guard lock(mutex_);
      ++responses_;
      last_arrival_ = Clock::now();
      if (!arrival.latest_position.empty()) position_ = arrival.latest_position;
      outstanding_ -= std::min<int>(outstanding_, static_cast<int>(arrival.events.size()));
      queued_events_ += arrival.events.size();
      queued_bytes_ += arrival.bytes;
      if (queued_events_ > limits_.queued_events + kTolerance || queue_.size() > limits_.queued_events + kTolerance) {
        return Error{ErrorKind::bad_data,
                     "OVERFLOW",
                     "The event stream sends more than it was asked for",
                     channel_,
                     nullptr,
                     {}};
      }
      queue_.push_back(std::move(arrival));
    }
    arrived_.notify_one();
    ask_for_more();
    return std::nullopt;
  }

  /// Tops the server's credit up to the free places of the queue, once half of it is used.
  void ask_for_more() {
    std::lock_guard requests(request_mutex_);
    Subscription* subscription;
    int more;
    {
      std::lock_guard lock(mutex_);
      std::size_t used = queued_events_ + static_cast<std::size_t>(outstanding_);
      int free = used < limits_.queued_events ? static_cast<int>(limits_.queued_events - used) : 0;
      if (queued_bytes_ > limits_.queued_bytes) free = 0;
      more = std::min(limits_.credit - outstanding_, free);
      bool low = outstanding_ <= limits_.credit / 2;
      if (!subscription_ || stopping_ || !low || more <= 0) return;
      subscription = subscription_;
      outstanding_ += more;
    }
    subscription->request(more);
  }

  void end(Error error) {
    {
      std::lock_guard lock(mutex_);
      failure_ = std::move(error);
    }
    arrived_.notify_one();
  }

  Session& session_;
  PubSubClient& client_;
  const StreamLimits limits_;
  const std::string channel_;
  DecoderCache decoders_;

  std::uint64_t generation_ = 0;  ///< the reading thread's
  std::mutex request_mutex_;      ///< one request at a time; taken before mutex_
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Arrival> queue_;
  std::size_t queued_events_ = 0;
  std::size_t queued_bytes_ = 0;
  std::size_t responses_ = 0;
  int outstanding_ = 0;
  std::string position_;
  Clock::time_point last_arrival_;
  std::optional<Error> failure_;
  bool stopping_ = false;
  Subscription* subscription_ = nullptr;
  std::thread thread_;
};

PubSubStream::PubSubStream(std::shared_ptr<Session> session, std::shared_ptr<PubSubClient> client, ObjectLookup lookup,
                           StreamLimits limits)
    : session_(std::move(session)), client_(std::move(client)), lookup_(std::move(lookup)), limits_(limits) {}

PubSubStream::~PubSubStream() = default;

Result<void> PubSubStream::open(const std::string& position) {
  reader_.reset();
  DUET_TRY(session_->login());
  reader_ = std::make_unique<Reader>(*this, position);
  return {};
}

Result<ports::StreamBatch> PubSubStream::next(long wait_ms) {
  if (!reader_) return fail(ErrorKind::bug, "The event stream is not open", "CLOSED");
  Result<ports::StreamBatch> batch = reader_->next(wait_ms);
  if (!batch) reader_.reset();
  return batch;
}

void PubSubStream::close() { reader_.reset(); }

}  // namespace duet::salesforce
