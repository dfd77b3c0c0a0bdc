#include "engine/outbound.h"

#include <algorithm>

#include "engine/claim.h"
#include "engine/outbound_parts.h"
#include "engine/outcome.h"
#include "engine/record_batch.h"
#include "engine/send.h"
#include "rules/outcome.h"
#include "rules/plan.h"

namespace duet::engine {
namespace {

constexpr TimeMs kIdleWaitMs = 100;

}  // namespace

class OutboundWorker::Impl {
 public:
  Impl(const Connection& connection, const Settings& settings, OutboundPorts ports, Counters& counters)
      : timing_(connection, settings, ports.clock, ports.store, ports.org), parts_{settings, ports, counters, timing_} {
    std::vector<const Mapping*> writable;
    for (const Mapping& mapping : connection.mappings) {
      if (mapping.access == Access::read_write) writable.push_back(&mapping);
    }
    mappings_ = rules::parents_first(writable);
  }

  Result<Step> step();

 private:
  Result<void> recover();

  Timing timing_;
  OutboundParts parts_;
  std::vector<const Mapping*> mappings_;
  bool recovered_ = false;
  /// Answers that are not written yet: their rows were locked by the app.
  std::vector<ClaimedAttempt> answered_;
};

Result<void> OutboundWorker::Impl::recover() {
  for (const Mapping* mapping : mappings_) {
    const std::vector<RecordRef> refs = DUET_TRY(parts_.ports.store.find_in_flight(*mapping));
    if (refs.empty()) continue;
    RecordBatch batch(*mapping);
    for (const RecordRef& ref : refs) batch.add(ref);
    auto transaction = DUET_TRY(parts_.ports.store.begin());
    DUET_TRY(batch.lock(*transaction));
    const rules::Context context = parts_.timing.context(*mapping);
    for (RecordBatch::Entry& entry : batch.entries()) {
      const Attempt* in_flight = entry.record.lane.in_flight();
      if (!in_flight) continue;
      rules::on_unknown({entry.record, entry.change, context}, std::string(in_flight->token));
      ++parts_.counters.attempts_unknown;
    }
    DUET_TRY(batch.write(*transaction, [](RecordBatch::Entry&, std::size_t, const Error&) {}));
    DUET_TRY(transaction->commit());
  }
  recovered_ = true;
  return {};
}

Result<Step> OutboundWorker::Impl::step() {
  if (!recovered_) DUET_TRY(recover());
  auto finished = answered_.empty() ? Result<void>{} : write_outcomes(parts_, mappings_, answered_);
  std::vector<ClaimedAttempt> claimed;
  bool worked = false;
  if (finished) {
    std::size_t room = parts_.settings.claim_records;
    for (const Mapping* mapping : mappings_) {
      if (room == 0) break;
      std::vector<RecordRef> refs = DUET_TRY(parts_.ports.store.find_pending(*mapping, parts_.timing.now(), room));
      if (refs.empty()) continue;
      room -= std::min(room, refs.size());
      auto result = claim_records(parts_, *mapping, refs, claimed);
      if (result) continue;
      // The claim may have been committed all the same: what is in flight now, and is not sent below, is unknown.
      recovered_ = false;
      if (claimed.empty()) return std::unexpected(result.error());
    }
    worked = !claimed.empty();
    if (worked) {
      send_attempts(parts_, claimed);
      std::ranges::move(claimed, std::back_inserter(answered_));
      finished = write_outcomes(parts_, mappings_, answered_);
    }
  }
  if (!finished) {
    // The answers are lost; their attempts are resolved like those of a process that stopped.
    answered_.clear();
    recovered_ = false;
    return std::unexpected(finished.error());
  }
  return Step{worked, kIdleWaitMs};
}

OutboundWorker::OutboundWorker(const Connection& connection, const Settings& settings, OutboundPorts ports,
                               Counters& counters)
    : impl_(std::make_unique<Impl>(connection, settings, ports, counters)) {}

OutboundWorker::~OutboundWorker() = default;

Result<Step> OutboundWorker::step() { return impl_->step(); }

}  // namespace duet::engine
