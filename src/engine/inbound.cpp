#include "engine/inbound.h"

#include <algorithm>
#include <deque>
#include <map>

#include "engine/apply.h"
#include "engine/timing.h"

namespace duet::engine {
namespace {

constexpr long kIdleWaitMs = 100;
constexpr const char* kSource = "events";
constexpr std::string_view kPositionLost = "replayid.corrupted";

}  // namespace

class InboundWorker::Impl {
 public:
  Impl(const Connection& connection, const Settings& settings, InboundPorts ports, StreamHorizon& horizon,
       Counters& counters)
      : connection_(connection),
        settings_(settings),
        ports_(ports),
        horizon_(horizon),
        counters_(counters),
        timing_(connection, settings, ports.clock, ports.store, ports.org),
        applier_(connection, timing_, counters) {}

  Result<Step> step() {
    auto result = try_step();
    if (result) return result;
    // The server may say so only when the first events are asked for.
    if (result.error().code == kPositionLost) lost_ = true;
    start_again();
    return result;
  }

 private:
  Result<Step> try_step();
  Result<void> open();
  Result<void> open_after_lost_position();
  Result<void> note_position(const std::string& position);
  Result<void> apply(std::size_t count);
  Result<void> spool(ports::StoreTransaction& transaction, std::span<const ChangeEvent> events,
                     std::vector<ChangeEvent>& rest);
  std::size_t complete(bool silence) const;
  void start_again();

  const Connection& connection_;
  const Settings& settings_;
  InboundPorts ports_;
  StreamHorizon& horizon_;
  Counters& counters_;
  Timing timing_;
  Applier applier_;

  bool open_ = false;
  bool lost_ = false;   ///< the server does not know the stored position
  bool noted_ = false;  ///< the store knows a position
  std::deque<ChangeEvent> buffer_;
  std::map<std::int64_t, bool> loaded_;  ///< by mapping id; a loaded mapping stays so while this worker lives
};

void InboundWorker::Impl::start_again() {
  // What was buffered comes again after the position that is stored.
  ports_.stream.close();
  open_ = false;
  buffer_.clear();
  applier_.rolled_back();
  applier_.forget();
}

Result<void> InboundWorker::Impl::open_after_lost_position() {
  DUET_TRY(ports_.stream.open(""));
  auto transaction = DUET_TRY(ports_.store.begin());
  for (const Mapping& mapping : connection_.mappings) {
    if (mapping.source == InboundSource::events)
      DUET_TRY(transaction->mark_range_dirty(mapping, 0, "the stream no longer knows the position"));
  }
  Issue issue;
  issue.kind = "schema";
  issue.state = "open";
  issue.code = "REPLAY_ID_LOST";
  issue.message =
      "The org no longer knows the position of the change stream (older than its retention, or the org was moved). "
      "Every object is read again.";
  DUET_TRY(transaction->raise_issue(nullptr, issue));
  DUET_TRY(transaction->set_position(kSource, ""));
  return transaction->commit();
}

Result<void> InboundWorker::Impl::open() {
  const std::optional<std::string> position = DUET_TRY(ports_.store.position(kSource));
  noted_ = position && !position->empty();
  auto opened =
      lost_ ? fail(ErrorKind::bad_data, "", std::string(kPositionLost)) : ports_.stream.open(noted_ ? *position : "");
  if (!opened && opened.error().code == kPositionLost) {
    noted_ = false;
    opened = open_after_lost_position();
    lost_ = lost_ && !opened;
  }
  DUET_TRY(opened);
  open_ = true;
  return {};
}

Result<void> InboundWorker::Impl::note_position(const std::string& position) {
  auto transaction = DUET_TRY(ports_.store.begin());
  DUET_TRY(transaction->set_position(kSource, position));
  DUET_TRY(transaction->commit());
  noted_ = true;
  return {};
}

/// How many buffered events belong to transactions that have ended.
std::size_t InboundWorker::Impl::complete(bool silence) const {
  if (buffer_.empty()) return 0;
  if (silence) return buffer_.size();
  std::size_t open_from = buffer_.size() - 1;
  while (open_from > 0 && buffer_[open_from - 1].transaction_key == buffer_.back().transaction_key) --open_from;
  if (open_from == 0 && buffer_.size() >= settings_.transaction_records) return buffer_.size();
  return open_from;
}

Result<void> InboundWorker::Impl::spool(ports::StoreTransaction& transaction, std::span<const ChangeEvent> events,
                                        std::vector<ChangeEvent>& rest) {
  for (const Mapping& mapping : connection_.mappings) {
    std::vector<ChangeEvent> waiting;
    for (const ChangeEvent& event : events) {
      if (event.object == mapping.object) waiting.push_back(event);
    }
    if (waiting.empty()) continue;
    bool& loaded = loaded_[mapping.id];
    if (!loaded) {
      auto spooled = transaction.spool(mapping, waiting);
      if (spooled) continue;
      if (spooled.error().code != "LOADED") return std::unexpected(spooled.error());
      loaded = true;
    }
    rest.insert(rest.end(), std::make_move_iterator(waiting.begin()), std::make_move_iterator(waiting.end()));
  }
  return {};
}

Result<void> InboundWorker::Impl::apply(std::size_t count) {
  const std::vector<ChangeEvent> events(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(count));
  auto transaction = DUET_TRY(ports_.store.begin());
  std::vector<ChangeEvent> rest;
  DUET_TRY(spool(*transaction, events, rest));
  DUET_TRY(applier_.apply(*transaction, rest));
  DUET_TRY(transaction->set_position(kSource, events.back().position));
  DUET_TRY(transaction->commit());
  applier_.committed();
  noted_ = true;

  const TimeMs committed_at = timing_.local_from_org(events.back().committed_at);
  horizon_.advance(committed_at - settings_.horizon_margin_ms);
  const TimeMs now = timing_.now();
  counters_.last_event_at = now;
  counters_.last_event_lag_ms = now - committed_at;
  ++counters_.transactions_applied;
  if (count == buffer_.size() && count >= settings_.transaction_records) ++counters_.transactions_split;
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(count));
  return {};
}

Result<Step> InboundWorker::Impl::try_step() {
  if (!open_) DUET_TRY(open());
  ports::StreamBatch batch =
      DUET_TRY(ports_.stream.next(buffer_.empty() ? kIdleWaitMs : settings_.transaction_silence_ms));
  const bool silence = batch.events.empty();
  std::ranges::move(batch.events, std::back_inserter(buffer_));

  const bool worked = !buffer_.empty();
  while (const std::size_t count = std::min(complete(silence), settings_.transaction_records)) DUET_TRY(apply(count));
  if (!noted_ && !batch.latest_position.empty()) DUET_TRY(note_position(batch.latest_position));
  if (batch.keep_alive && buffer_.empty()) {
    if (!batch.latest_position.empty()) DUET_TRY(note_position(batch.latest_position));
    if (batch.received_at > 0) horizon_.advance(batch.received_at - settings_.horizon_margin_ms);
  }
  return Step{worked, 0};
}

InboundWorker::InboundWorker(const Connection& connection, const Settings& settings, InboundPorts ports,
                             StreamHorizon& horizon, Counters& counters)
    : impl_(std::make_unique<Impl>(connection, settings, ports, horizon, counters)) {}

InboundWorker::~InboundWorker() = default;

Result<Step> InboundWorker::step() { return impl_->step(); }

}  // namespace duet::engine
