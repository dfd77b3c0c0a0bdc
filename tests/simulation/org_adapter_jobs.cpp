#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "org_adapter_impl.h"

namespace duet::simulation {

/// Fills and reads one job.
class AdapterJobs final : public ports::JobUpload, public ports::JobResults {
 public:
  AdapterJobs(OrgAdapter& adapter, std::string id) : adapter_(adapter), id_(std::move(id)) {}

  const std::string& id() const override { return id_; }
  Result<bool> add(const ports::SendRecord& record, const std::string&) override {
    constexpr std::size_t kMost = 6;
    if (filled_.size() >= kMost) return false;
    filled_.push_back(record);
    return true;
  }
  Result<void> upload() override {
    const auto fate = adapter_.fate();
    if (fate == OrgAdapter::Fate::lost_before) return fail(ErrorKind::outcome_unknown, "the upload was lost");
    adapter_.impl_->jobs.at(id_).records = filled_;
    adapter_.meanwhile();
    if (fate == OrgAdapter::Fate::lost_after) return fail(ErrorKind::outcome_unknown, "the answer was lost");
    return {};
  }
  Result<std::vector<ports::JobOutcome>> next() override {
    if (adapter_.random_.chance(adapter_.faults.read_fails)) return fail(ErrorKind::timeout, "the read timed out");
    const auto& outcomes = adapter_.impl_->jobs.at(id_).outcomes;
    const std::size_t count = std::min<std::size_t>(1 + adapter_.random_.below(3), outcomes.size() - at_);
    std::vector<ports::JobOutcome> part(outcomes.begin() + static_cast<std::ptrdiff_t>(at_),
                                        outcomes.begin() + static_cast<std::ptrdiff_t>(at_ + count));
    at_ += count;
    adapter_.meanwhile();
    return part;
  }

 private:
  OrgAdapter& adapter_;
  std::string id_;
  std::vector<ports::SendRecord> filled_;
  std::size_t at_ = 0;
};

OrgAdapter::Fate OrgAdapter::fate() {
  meanwhile();
  if (random_.chance(faults.crash)) throw Crash{};
  if (random_.chance(faults.drop)) return Fate::lost_before;
  return random_.chance(faults.lost_reply) ? Fate::lost_after : Fate::good;
}

Result<std::unique_ptr<ports::JobUpload>> OrgAdapter::open(const Mapping&, AttemptKind kind, const std::string& token) {
  if (fate() != Fate::good) return fail(ErrorKind::network, "no job was opened");
  const std::string id = fmt::format("750{}", impl_->jobs.size());
  impl_->jobs[id] = {kind, token, {}, {}, ports::JobState::open, 0};
  return std::make_unique<AdapterJobs>(*this, id);
}

Result<void> OrgAdapter::start(const std::string& job_id) {
  const Fate fate = this->fate();
  if (fate == Fate::lost_before) return fail(ErrorKind::outcome_unknown, "the request was lost");
  SimJob& job = impl_->jobs.at(job_id);
  if (job.state == ports::JobState::open) {
    job.state = ports::JobState::running;
    job.runs_at = clock_.now() + static_cast<TimeMs>(random_.below(3'000));
  }
  meanwhile();
  if (random_.chance(faults.crash)) throw Crash{};
  if (fate == Fate::lost_after) return fail(ErrorKind::outcome_unknown, "the answer was lost");
  return {};
}

Result<void> OrgAdapter::abort(const std::string& job_id) {
  const Fate fate = this->fate();
  if (fate == Fate::lost_before) return fail(ErrorKind::outcome_unknown, "the request was lost");
  SimJob& job = impl_->jobs.at(job_id);
  if (job.state != ports::JobState::open) return fail(ErrorKind::rejected, "the job is not open", "INVALIDJOBSTATE");
  job.state = ports::JobState::aborted;
  if (fate == Fate::lost_after) return fail(ErrorKind::outcome_unknown, "the answer was lost");
  return {};
}

Result<ports::JobStatus> OrgAdapter::status(const std::string& job_id) {
  meanwhile();
  if (random_.chance(faults.read_fails)) return fail(ErrorKind::timeout, "the read timed out");
  run_jobs();
  return ports::JobStatus{impl_->jobs.at(job_id).state, {}};
}

Result<std::unique_ptr<ports::JobResults>> OrgAdapter::results(const Mapping&, AttemptKind, const std::string& job_id) {
  meanwhile();
  return std::make_unique<AdapterJobs>(*this, job_id);
}

/// Two records a transaction; a job may end early, and says so of the rest.
void OrgAdapter::run_jobs() {
  constexpr std::size_t kChunk = 2;
  for (auto& [id, job] : impl_->jobs) {
    if (job.state != ports::JobState::running || job.runs_at > clock_.now()) continue;
    job.state = ports::JobState::complete;
    for (std::size_t from = 0; from < job.records.size(); from += kChunk) {
      const std::size_t count = std::min(kChunk, job.records.size() - from);
      ports::SendBatch batch;
      batch.kind = job.kind;
      batch.token = job.token;
      batch.transport = ports::Transport::single_row;
      batch.records.assign(job.records.begin() + static_cast<std::ptrdiff_t>(from),
                           job.records.begin() + static_cast<std::ptrdiff_t>(from + count));
      if (job.state == ports::JobState::complete && random_.chance(faults.locked)) job.state = ports::JobState::failed;
      std::vector<ports::SendOutcome> outcomes(count);
      if (job.state == ports::JobState::complete) {
        outcomes = run(batch);
      } else {
        for (ports::SendOutcome& outcome : outcomes) outcome.verdict = ports::Verdict::not_sent;
      }
      for (std::size_t i = 0; i < count; ++i) {
        const std::string& sfid = outcomes[i].sfid.empty() ? batch.records[i].sfid : outcomes[i].sfid;
        job.outcomes.push_back({sfid, batch.records[i].external_id, outcomes[i]});
      }
    }
    std::ranges::reverse(job.outcomes);
  }
}

}  // namespace duet::simulation
