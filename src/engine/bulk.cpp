#include "engine/bulk.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "engine/job_outcomes.h"
#include "engine/timing.h"

namespace duet::engine {
namespace {

constexpr TimeMs kIdleWaitMs = 200;
constexpr TimeMs kFirstPollMs = 500;
constexpr TimeMs kLongestPollMs = 20'000;
/// Jobs that got lost between the workers are looked for in the store.
constexpr TimeMs kFindEveryMs = 30'000;
constexpr int kMaxFailures = 5;

enum class Phase { find_out, upload, start, poll, results, leftovers };

struct Running {
  const Mapping* mapping = nullptr;
  BulkJob job;
  std::unique_ptr<ports::JobUpload> upload;  ///< none for a job that another process filled
  Phase phase = Phase::find_out;
  TimeMs next_at = 0;
  TimeMs poll_ms = kFirstPollMs;
  ports::Verdict leftovers = ports::Verdict::unknown;  ///< for attempts that no result speaks of
  std::unique_ptr<ports::JobResults> results;
  std::vector<ports::JobOutcome> unwritten;  ///< results whose rows were locked by the app
  int starts = 0;                            ///< requests to let it go
  int failures = 0;                          ///< in a row
};

/// Whether trying again can help by itself.
bool passes(ErrorKind kind) {
  return policy_of(kind).reaction == Reaction::retry_with_backoff ||
         policy_of(kind).reaction == Reaction::refresh_then_retry || kind == ErrorKind::outcome_unknown;
}

}  // namespace

class BulkWorker::Impl {
 public:
  Impl(const Connection& connection, const Settings& settings, BulkPorts ports, Counters& counters)
      : connection_(connection),
        ports_(ports),
        timing_(connection, settings, ports.clock, ports.store, ports.org),
        outcomes_{ports.store, timing_, counters} {}

  Result<Step> step();

 private:
  Result<void> find_jobs();
  /// Does the next thing. True when the job is done with.
  Result<bool> advance(Running& running);
  Result<void> poll(Running& running);
  /// After errors that do not pass: a job that has not run is aborted, results that cannot be read are left to
  /// evidence.
  void give_up(Running& running, const Error& error);
  Result<bool> read_results(Running& running);
  void called() { ports_.governor.called(rules::CallClass::outbound, 1, ports_.clock.monotonic()); }

  const Connection& connection_;
  BulkPorts ports_;
  Timing timing_;
  JobOutcomes outcomes_;
  TimeMs find_at_ = 0;
  std::deque<Running> running_;
};

/// Jobs that a stopped process left behind.
Result<void> BulkWorker::Impl::find_jobs() {
  for (const Mapping& mapping : connection_.mappings) {
    for (BulkJob& job : DUET_TRY(ports_.store.jobs(mapping))) {
      const bool known = ports_.desk.is_filling(job.token) || std::ranges::any_of(running_, [&](const Running& each) {
                           return each.job.token == job.token;
                         });
      if (known) continue;
      Running running;
      running.mapping = &mapping;
      running.job = std::move(job);
      running_.push_back(std::move(running));
    }
  }
  find_at_ = ports_.clock.monotonic() + kFindEveryMs;
  return {};
}

Result<void> BulkWorker::Impl::poll(Running& running) {
  called();
  const ports::JobStatus status = DUET_TRY(ports_.bulk.status(running.job.job_id));
  switch (status.state) {
    case ports::JobState::open:
      // The request to let it go was lost, or another process never came to it: then its rows are not known here.
      if (running.upload && running.starts++ < kMaxFailures) {
        running.phase = Phase::start;
        return {};
      }
      running.upload.reset();
      called();
      // What the results do not speak of has not been sent. They are read all the same: a request to let the job go may
      // have been under way.
      running.leftovers = ports::Verdict::not_sent;
      running.phase = Phase::find_out;
      return ports_.bulk.abort(running.job.job_id);
    case ports::JobState::running:
      running.phase = Phase::poll;
      running.next_at = ports_.clock.monotonic() + running.poll_ms;
      running.poll_ms = std::min(kLongestPollMs, running.poll_ms * 2);
      return {};
    case ports::JobState::complete:
    case ports::JobState::failed:
    case ports::JobState::aborted:
      running.upload.reset();
      running.phase = Phase::results;
      return {};
    case ports::JobState::gone:
      break;
  }
  // Nobody can tell any more: evidence decides.
  running.phase = Phase::leftovers;
  return {};
}

Result<bool> BulkWorker::Impl::read_results(Running& running) {
  if (!running.results) {
    called();
    running.results = DUET_TRY(ports_.bulk.results(*running.mapping, running.job.kind, running.job.job_id));
  }
  std::vector<ports::JobOutcome> outcomes = std::exchange(running.unwritten, {});
  if (outcomes.empty()) {
    auto more = running.results->next();
    if (!more) {
      // From the first set on: what has been written changes nothing a second time.
      running.results.reset();
      return std::unexpected(more.error());
    }
    outcomes = std::move(*more);
  }
  if (outcomes.empty()) {
    running.results.reset();
    running.phase = Phase::leftovers;
    return false;
  }
  auto written = outcomes_.write(*running.mapping, running.job, outcomes);
  if (!written) {
    running.unwritten = std::move(outcomes);
    return std::unexpected(written.error());
  }
  running.unwritten = std::move(*written);
  if (!running.unwritten.empty()) running.next_at = ports_.clock.monotonic() + kIdleWaitMs;
  return false;
}

Result<bool> BulkWorker::Impl::advance(Running& running) {
  switch (running.phase) {
    case Phase::find_out:
    case Phase::poll:
      DUET_TRY(poll(running));
      return false;
    case Phase::upload:
      called();
      DUET_TRY(running.upload->upload());
      running.phase = Phase::start;
      return false;
    case Phase::start: {
      called();
      // Whatever the answer, the job's state tells.
      running.phase = Phase::poll;
      running.next_at = ports_.clock.monotonic() + running.poll_ms;
      const auto started = ports_.bulk.start(running.job.job_id);
      ports_.governor.answered(started ? nullptr : &started.error(), ports_.clock.monotonic());
      return false;
    }
    case Phase::results:
      return read_results(running);
    case Phase::leftovers:
      break;
  }
  if (DUET_TRY(outcomes_.resolve_left(*running.mapping, running.job, running.leftovers)) > 0) {
    running.next_at = ports_.clock.monotonic() + kIdleWaitMs;
    return false;
  }
  auto transaction = DUET_TRY(ports_.store.begin());
  DUET_TRY(transaction->remove_job(*running.mapping, running.job.token));
  DUET_TRY(transaction->commit());
  return true;
}

void BulkWorker::Impl::give_up(Running& running, const Error& error) {
  if (passes(error.kind) || ++running.failures < kMaxFailures) return;
  running.failures = 0;
  if (running.phase == Phase::results) {
    running.results.reset();
    running.unwritten.clear();
    running.phase = Phase::leftovers;
    return;
  }
  running.upload.reset();
  running.phase = Phase::find_out;
}

Result<Step> BulkWorker::Impl::step() {
  for (FilledJob& filled : ports_.desk.take()) {
    Running running;
    running.mapping = filled.mapping;
    running.job = std::move(filled.job);
    running.upload = std::move(filled.upload);
    running.phase = Phase::upload;
    running_.push_back(std::move(running));
  }
  const TimeMs now = ports_.clock.monotonic();
  if (now >= find_at_) DUET_TRY(find_jobs());
  ports_.governor.observe(ports_.org.api_usage(), now);
  if (const TimeMs wait = ports_.governor.circuit_wait(now); wait > 0) return Step{false, std::min(wait, kIdleWaitMs)};
  for (auto running = running_.begin(); running != running_.end(); ++running) {
    if (running->next_at > now) continue;
    const auto done = advance(*running);
    if (!done) {
      give_up(*running, done.error());
      // Others first, then again.
      Running last = std::move(*running);
      running_.erase(running);
      running_.push_back(std::move(last));
      return std::unexpected(done.error());
    }
    running->failures = 0;
    if (*done) running_.erase(running);
    return Step{true, 0};
  }
  return Step{false, kIdleWaitMs};
}

BulkWorker::BulkWorker(const Connection& connection, const Settings& settings, BulkPorts ports, Counters& counters)
    : impl_(std::make_unique<Impl>(connection, settings, ports, counters)) {}

BulkWorker::~BulkWorker() = default;

Result<Step> BulkWorker::step() { return impl_->step(); }

}  // namespace duet::engine
