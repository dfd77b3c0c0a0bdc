#include "engine/outbound.h"

#include <algorithm>
#include <iterator>
#include <map>

#include "engine/claim.h"
#include "engine/flights.h"
#include "engine/held_records.h"
#include "engine/job_filler.h"
#include "engine/outbound_parts.h"
#include "engine/outcome.h"
#include "engine/record_batch.h"
#include "rules/outcome.h"
#include "rules/plan.h"

namespace duet::engine {
namespace {

constexpr TimeMs kIdleWaitMs = 100;
/// A call that is answered within this time is worth waiting for before anything else is looked at.
constexpr TimeMs kQuickAnswerMs = 5;
/// While slow calls are under way, other objects' changes are looked for this often.
constexpr TimeMs kLongestWaitMs = 50;
/// What is left of a burst waits so long after the last full claim: rows that were locked or retried go out together.
constexpr TimeMs kBurstMs = 30;
/// Rows of a transaction that is still open are passed over one by one: a look that takes this long and finds nothing
/// is repeated only after several times as long, so that it leaves the database to that transaction.
constexpr TimeMs kSlowLookMs = 50;
constexpr TimeMs kSlowLookRest = 5;
/// Longer than any call: after it, what is under way is left to be resolved by evidence.
constexpr TimeMs kFinishMs = 130'000;

}  // namespace

class OutboundWorker::Impl {
 public:
  Impl(const Connection& connection, const Settings& settings, OutboundPorts ports, Counters& counters)
      : timing_(connection, settings, ports.clock, ports.store, ports.org),
        parts_{settings, ports, counters, timing_},
        flights_(parts_, mappings_) {
    std::vector<const Mapping*> writable;
    for (const Mapping& mapping : connection.mappings) {
      if (mapping.access == Access::read_write) writable.push_back(&mapping);
    }
    mappings_ = rules::parents_first(writable);
    for (const Mapping* mapping : mappings_) {
      awaits_parents_ |=
          std::ranges::any_of(mapping->fields, [](const MappedField& field) { return field.parent.has_value(); });
    }
  }

  Result<Step> step();
  Result<void> finish();

 private:
  Result<void> recover();
  bool is_ours(const std::string& token, std::optional<std::int64_t> row_id) const;
  /// How many records were claimed; puts into `wait_ms` how long what is left must wait for the budget.
  Result<std::size_t> claim_more(TimeMs& wait_ms);
  /// Takes answers, waiting for the first, and writes them. How many there were.
  Result<std::size_t> take_answers(TimeMs wait_ms);
  /// While a burst is under way, a small claim waits a little for more.
  TimeMs rest_of_a_burst(const Mapping& mapping, TimeMs now) const;

  Timing timing_;
  OutboundParts parts_;
  std::vector<const Mapping*> mappings_;
  Flights flights_;
  JobFiller jobs_{parts_};
  HeldRecords held_{parts_, mappings_};
  bool awaits_parents_ = false;
  bool recovered_ = false;
  std::map<const Mapping*, TimeMs> next_look_;
  std::map<const Mapping*, TimeMs> full_at_;  ///< when a claim last took as much as it may
  /// Answers that are not written yet: their rows were locked by the app.
  std::vector<ClaimedAttempt> answered_;
};

/// Whether the answer to the attempt is still to come, or to be written.
bool OutboundWorker::Impl::is_ours(const std::string& token, std::optional<std::int64_t> row_id) const {
  return flights_.holds(token, row_id) || std::ranges::any_of(answered_, [&](const ClaimedAttempt& each) {
           return each.attempt.token == token && each.ref.row_id == row_id;
         });
}

Result<void> OutboundWorker::Impl::recover() {
  for (const Mapping* mapping : mappings_) {
    const std::vector<RecordRef> refs = DUET_TRY(parts_.ports.store.find_in_flight(*mapping));
    if (refs.empty()) continue;
    // A job's own state tells of its attempts.
    const std::vector<BulkJob> jobs = DUET_TRY(parts_.ports.store.jobs(*mapping));
    RecordBatch batch(*mapping);
    for (const RecordRef& ref : refs) batch.add(ref);
    auto transaction = DUET_TRY(parts_.ports.store.begin());
    DUET_TRY(batch.lock(*transaction));
    const rules::Context context = parts_.timing.context(*mapping);
    for (RecordBatch::Entry& entry : batch.entries()) {
      const Attempt* in_flight = entry.record.lane.in_flight();
      const auto row_id = entry.record.row ? std::optional(entry.record.row->id) : entry.record.lane.row_id;
      if (!in_flight || is_ours(in_flight->token, row_id)) continue;
      if (std::ranges::find(jobs, in_flight->token, &BulkJob::token) != jobs.end()) continue;
      rules::on_unknown({entry.record, entry.change, context}, std::string(in_flight->token));
      ++parts_.counters.attempts_unknown;
    }
    DUET_TRY(batch.write(*transaction, [](RecordBatch::Entry&, std::size_t, const Error&) {}));
    DUET_TRY(transaction->commit());
  }
  recovered_ = true;
  return {};
}

TimeMs OutboundWorker::Impl::rest_of_a_burst(const Mapping& mapping, TimeMs now) const {
  const auto full = full_at_.find(&mapping);
  return full == full_at_.end() ? 0 : std::max<TimeMs>(0, full->second + kBurstMs - now);
}

Result<std::size_t> OutboundWorker::Impl::claim_more(TimeMs& wait_ms) {
  Governor& governor = parts_.ports.governor;
  const TimeMs now = parts_.ports.clock.monotonic();
  governor.observe(parts_.ports.org.api_usage(), now);
  // Asked once for all mappings, so that none takes the call from another.
  const TimeMs edits_wait = governor.wait(rules::CallClass::edits, false, now);
  const TimeMs masses_wait = governor.wait(rules::CallClass::outbound, true, now);
  std::size_t count = 0;
  for (const Mapping* mapping : mappings_) {
    const std::size_t room = flights_.room(*mapping);
    if (room == 0) continue;
    const TimeMs looked_at = parts_.ports.clock.monotonic();
    TimeMs& next_look = next_look_[mapping];
    if (looked_at < next_look) {
      wait_ms = std::min(wait_ms, next_look - looked_at);
      continue;
    }
    const std::vector<RecordRef> refs = DUET_TRY(parts_.ports.store.find_pending(*mapping, parts_.timing.now(), room));
    if (refs.empty()) {
      const TimeMs took = parts_.ports.clock.monotonic() - looked_at;
      if (took >= kSlowLookMs) next_look = looked_at + took * (1 + kSlowLookRest);
      jobs_.close(*mapping);
      continue;
    }
    const bool full = refs.size() >= std::min(room, parts_.settings.claim_records);
    if (const TimeMs wait = full ? masses_wait : std::max(edits_wait, rest_of_a_burst(*mapping, now)); wait > 0) {
      wait_ms = std::min(wait_ms, wait);
      continue;
    }
    if (full) full_at_[mapping] = now;
    const JobFiller::Choice choice = DUET_TRY(jobs_.choose(*mapping, full, flights_));
    if (choice.wait) continue;
    const JobTicket* job = choice.ticket;
    std::vector<ClaimedAttempt> claimed;
    auto result = claim_records(parts_, *mapping, refs, job, claimed);
    count += claimed.size();
    if (job) {
      std::ranges::move(DUET_TRY(jobs_.take(*mapping, claimed)), std::back_inserter(answered_));
      if (!full) jobs_.close(*mapping);
    }
    flights_.add(std::move(claimed));
    if (result) continue;
    // The claim may have been committed all the same: what is in flight then, and not with us, is unknown.
    recovered_ = false;
    return std::unexpected(result.error());
  }
  return count;
}

Result<std::size_t> OutboundWorker::Impl::take_answers(TimeMs wait_ms) {
  std::vector<ClaimedAttempt> fresh = flights_.answered(wait_ms);
  // The org works on what is claimed already while the answers are written.
  if (!fresh.empty()) flights_.start();
  const std::size_t count = fresh.size();
  const bool created = std::ranges::any_of(fresh, [](const ClaimedAttempt& each) {
    return each.attempt.kind == AttemptKind::create && each.outcome &&
           each.outcome->verdict == ports::Verdict::accepted;
  });
  if (awaits_parents_ && created) held_.parents_came();
  std::ranges::move(fresh, std::back_inserter(answered_));
  if (answered_.empty()) return count;
  if (auto written = write_outcomes(parts_, mappings_, answered_); !written) {
    // The answers are lost; their attempts are resolved like those of a process that stopped.
    answered_.clear();
    recovered_ = false;
    return std::unexpected(written.error());
  }
  return count;
}

Result<Step> OutboundWorker::Impl::step() {
  if (!recovered_) DUET_TRY(recover());
  (void)DUET_TRY(held_.step());
  std::size_t answers = DUET_TRY(take_answers(0));
  TimeMs wait_ms = kIdleWaitMs;
  const auto claimed = claim_more(wait_ms);
  flights_.start();
  if (!claimed) return std::unexpected(claimed.error());
  // A full claim has more behind it.
  const TimeMs patience = *claimed >= parts_.settings.claim_records ? 0
                          : *claimed > 0                            ? kQuickAnswerMs
                                         : std::clamp<TimeMs>(flights_.oldest_ms() / 4, 1, kLongestWaitMs);
  answers += DUET_TRY(take_answers(patience));
  flights_.start();
  return Step{*claimed > 0 || answers > 0 || flights_.under_way(), wait_ms};
}

Result<void> OutboundWorker::Impl::finish() {
  jobs_.close_all();
  std::ranges::move(flights_.withdraw(), std::back_inserter(answered_));
  const TimeMs until = parts_.ports.clock.monotonic() + kFinishMs;
  while (flights_.under_way() && parts_.ports.clock.monotonic() < until) (void)DUET_TRY(take_answers(1'000));
  (void)DUET_TRY(take_answers(0));
  return {};
}

OutboundWorker::OutboundWorker(const Connection& connection, const Settings& settings, OutboundPorts ports,
                               Counters& counters)
    : impl_(std::make_unique<Impl>(connection, settings, ports, counters)) {}

OutboundWorker::~OutboundWorker() = default;

Result<Step> OutboundWorker::step() { return impl_->step(); }

Result<void> OutboundWorker::finish() { return impl_->finish(); }

}  // namespace duet::engine
