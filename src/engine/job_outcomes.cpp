#include "engine/job_outcomes.h"

#include <algorithm>

#include "engine/outcome.h"
#include "engine/record_batch.h"
#include "rules/capture.h"
#include "rules/outcome.h"

namespace duet::engine {
namespace {

constexpr std::size_t kPart = 1'000;

}  // namespace

Result<std::vector<ports::JobOutcome>> JobOutcomes::write(const Mapping& mapping, const BulkJob& job,
                                                          const std::vector<ports::JobOutcome>& outcomes) {
  RecordBatch batch(mapping);
  std::vector<std::size_t> indexes;
  for (const ports::JobOutcome& each : outcomes) indexes.push_back(batch.add({{}, each.sfid, each.external_id}));
  auto transaction = DUET_TRY(store_.begin());
  DUET_TRY(batch.lock(*transaction));
  const rules::Context context = timing_.context(mapping);
  std::vector<ports::JobOutcome> busy;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (batch.at(indexes[i]).record.busy) {
      busy.push_back(outcomes[i]);
      continue;
    }
    const rules::Turn turn = batch.turn(indexes[i], context);
    rules::absorb(turn);
    apply_outcome(turn, job.token, outcomes[i].outcome, counters_);
  }
  DUET_TRY(batch.write(*transaction, [&](RecordBatch::Entry& entry, std::size_t, const Error&) {
    rules::on_unknown({entry.record, entry.change, context}, job.token);
  }));
  DUET_TRY(transaction->commit());
  return busy;
}

Result<std::size_t> JobOutcomes::resolve_left(const Mapping& mapping, const BulkJob& job, ports::Verdict verdict) {
  const std::vector<RecordRef> refs = DUET_TRY(store_.find_in_flight(mapping));
  std::size_t left = 0;
  for (std::size_t from = 0; from < refs.size(); from += kPart) {
    RecordBatch batch(mapping);
    for (std::size_t i = from; i < std::min(from + kPart, refs.size()); ++i) batch.add(refs[i]);
    auto transaction = DUET_TRY(store_.begin());
    DUET_TRY(batch.lock(*transaction));
    const rules::Context context = timing_.context(mapping);
    ports::SendOutcome outcome;
    outcome.verdict = verdict;
    for (RecordBatch::Entry& entry : batch.entries()) {
      const Attempt* in_flight = entry.record.lane.in_flight();
      if (!in_flight || in_flight->token != job.token) {
        // What is busy may be ours: its lane could not be read.
        if (!in_flight && entry.record.busy) ++left;
        continue;
      }
      if (entry.record.busy) {
        ++left;
        continue;
      }
      apply_outcome({entry.record, entry.change, context}, job.token, outcome, counters_);
    }
    DUET_TRY(batch.write(*transaction, [&](RecordBatch::Entry&, std::size_t, const Error&) { ++left; }));
    DUET_TRY(transaction->commit());
  }
  return left;
}

}  // namespace duet::engine
