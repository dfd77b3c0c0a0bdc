#include "engine/outcome.h"

#include <algorithm>

#include "engine/record_batch.h"
#include "rules/capture.h"
#include "rules/outcome.h"

namespace duet::engine {

void apply_outcome(const rules::Turn& turn, const std::string& token, const ports::SendOutcome& outcome,
                   Counters& counters) {
  switch (outcome.verdict) {
    case ports::Verdict::accepted:
      rules::on_accepted(turn, token, outcome.sfid);
      ++counters.attempts_accepted;
      break;
    case ports::Verdict::rejected:
      rules::on_rejected(turn, token, outcome.error.value_or(Error{}));
      ++counters.attempts_rejected;
      break;
    case ports::Verdict::not_sent:
      rules::on_not_sent(turn, token);
      break;
    case ports::Verdict::unknown:
      rules::on_unknown(turn, token);
      ++counters.attempts_unknown;
      break;
  }
}

namespace {

Result<void> write_mapping(const OutboundParts& parts, const Mapping& mapping, std::vector<ClaimedAttempt>& answered) {
  RecordBatch batch(mapping);
  std::vector<std::size_t> indexes;
  for (const ClaimedAttempt& claimed : answered) {
    const std::string& sfid = claimed.sfid.empty() ? claimed.outcome->sfid : claimed.sfid;
    indexes.push_back(batch.add({claimed.ref.row_id, sfid, {}}));
  }
  auto transaction = DUET_TRY(parts.ports.store.begin());
  DUET_TRY(batch.lock(*transaction));
  rules::Context context = parts.timing.context(mapping);
  // Jitter: what is refused together comes again together, and not with what was refused elsewhere.
  context.retry_ms += static_cast<TimeMs>(parts.ports.random.below(static_cast<std::uint64_t>(context.retry_ms) + 1));
  std::vector<ClaimedAttempt> busy;
  for (std::size_t i = 0; i < answered.size(); ++i) {
    RecordBatch::Entry& entry = batch.at(indexes[i]);
    const rules::Turn turn = batch.turn(indexes[i], context);
    if (entry.record.busy) {
      busy.push_back(answered[i]);
      continue;
    }
    rules::absorb(turn);
    const std::string& token = answered[i].attempt.token;
    const ports::SendOutcome& outcome = *answered[i].outcome;
    apply_outcome(turn, token, outcome, parts.counters);
  }
  DUET_TRY(batch.write(*transaction, [&](RecordBatch::Entry& entry, std::size_t, const Error&) {
    // The row refuses what the org answered (a trigger of the app, a constraint): evidence will tell later.
    if (const Attempt* in_flight = entry.record.lane.in_flight()) {
      rules::on_unknown({entry.record, entry.change, context}, std::string(in_flight->token));
    }
  }));
  DUET_TRY(transaction->commit());
  answered = std::move(busy);
  return {};
}

}  // namespace

Result<void> write_outcomes(const OutboundParts& parts, const std::vector<const Mapping*>& mappings,
                            std::vector<ClaimedAttempt>& answered) {
  std::vector<ClaimedAttempt> left;
  for (const Mapping* mapping : mappings) {
    std::vector<ClaimedAttempt> of_mapping;
    for (ClaimedAttempt& claimed : answered) {
      if (claimed.mapping == mapping) of_mapping.push_back(std::move(claimed));
    }
    if (of_mapping.empty()) continue;
    DUET_TRY(write_mapping(parts, *mapping, of_mapping));
    std::ranges::move(of_mapping, std::back_inserter(left));
  }
  answered = std::move(left);
  return {};
}

}  // namespace duet::engine
